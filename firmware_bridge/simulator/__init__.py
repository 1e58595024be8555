"""A virtual wearable: what it sends, what its wire does to it, and where it can be plugged in."""
