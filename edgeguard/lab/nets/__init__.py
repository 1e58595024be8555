"""Networks by name: every one maps x (batch, channels, time…) to logits (batch, exits, classes)."""
