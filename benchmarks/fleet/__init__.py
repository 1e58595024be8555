"""Speed of the fleet server."""
