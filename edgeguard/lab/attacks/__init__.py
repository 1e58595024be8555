"""Attacks by name: every one is called with (net, x, y) and answers inside its threat model."""
