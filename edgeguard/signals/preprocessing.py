"""Per-window steps between a raw window and the model's input, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.registry import near_match

Windows = NDArray[np.float32]

_FLAT: Final = 1e-6  # below this standard deviation a window is flat, and only its mean is removed


def zscore(windows: Windows) -> Windows:
    """Each channel of each window to mean 0 and standard deviation 1; a flat channel becomes 0."""
    mean = windows.mean(axis=-1, keepdims=True)
    deviation = windows.std(axis=-1, keepdims=True)
    return np.asarray((windows - mean) / np.where(deviation < _FLAT, 1.0, deviation), dtype=np.float32)


def center(windows: Windows) -> Windows:
    """Each channel of each window minus its mean: removes an electrode's offset, keeps the unit."""
    return np.asarray(windows - windows.mean(axis=-1, keepdims=True), dtype=np.float32)


STEPS: Final[dict[str, Callable[[Windows], Windows]]] = {"zscore": zscore, "center": center}


def preprocess(windows: Windows, steps: Sequence[str]) -> Windows:
    """Apply the named `steps` in order to windows (n, channels, samples); ConfigError for an unknown name."""
    for step in steps:
        if step not in STEPS:
            raise ConfigError(
                f"no preprocessing step is called {step!r}{near_match(step, STEPS)}; there are: {', '.join(STEPS)}"
            )
        windows = STEPS[step](windows)
    return windows
