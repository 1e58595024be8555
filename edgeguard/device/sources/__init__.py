"""Where samples come from, by name."""
