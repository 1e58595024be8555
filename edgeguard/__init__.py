"""EdgeGuard: robust early-exit biosignal models, from a data set to a fleet of wearables."""

__version__ = "0.1.0"
