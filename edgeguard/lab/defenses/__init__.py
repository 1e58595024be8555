"""Ways of training by name: given a batch, each returns the loss."""
