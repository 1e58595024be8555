"""Papers whose tables are reproduced: what every paper answers to, and a room for each."""
