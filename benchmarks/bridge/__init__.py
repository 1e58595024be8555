"""The peer of the wearable's codec: a plain loop over `struct`."""
