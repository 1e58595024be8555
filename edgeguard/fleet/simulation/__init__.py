"""Virtual devices that publish through a real broker."""
