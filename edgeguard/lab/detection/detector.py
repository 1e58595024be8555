"""The contract of all detectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.exits.ensemble import Floats
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.nets.early_exit import Net

Batch = NDArray[np.float32]
Scorer = Callable[[Batch, Batch], Floats]
"""Windows (n, channels, time…) and their logits (n, exits, classes) to scores (n,): higher is more suspicious."""
Fit = Callable[[Net, Batch, Labels], Scorer]
"""What clean training windows x (n, channels, time…) of classes y (n,) teach about a network."""


class CannotFit(ConfigError):
    """A detector has no meaning for this network; the text says why."""
