"""Per-window steps between a raw window and the model's input, by name.

No step hides a value that is not finite: a window that held one still holds one, so it is enough to look afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError
from edgeguard.registry import near_match

Windows = NDArray[np.float32]

_FLAT: Final = 1e-6  # below this standard deviation a window is flat, and only its mean is removed


def zscore(windows: Windows) -> Windows:
    """Each channel of each window to mean 0 and standard deviation 1; a flat channel becomes 0."""
    centered = center(windows)
    deviation = np.sqrt(_mean(centered * centered))
    deviation[deviation < _FLAT] = 1.0
    centered /= deviation
    return centered


def center(windows: Windows) -> Windows:
    """Each channel of each window minus its mean: removes an electrode's offset, keeps the unit."""
    return np.asarray(windows - _mean(windows), dtype=np.float32)


def taper(windows: Windows) -> Windows:
    """Fade each window out from its middle to its ends (Hann): a net that forgets positions still knows the middle."""
    return windows * _hann(windows.shape[-1])


@lru_cache(maxsize=4)
def _hann(samples: int) -> Windows:
    """(samples,) weights, symmetric, above 0 everywhere so that nothing is hidden."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(samples) + 0.5) / samples)).astype(np.float32)


def _mean(windows: Windows) -> Windows:
    """Over samples, axis kept; the method does the same with more overhead than a device's window is worth."""
    total: Windows = np.add.reduce(windows, axis=-1, keepdims=True)
    total /= windows.shape[-1]
    return total


STEPS: Final[dict[str, Callable[[Windows], Windows]]] = {"zscore": zscore, "center": center, "taper": taper}


def step_named(name: str) -> Callable[[Windows], Windows]:
    """The preprocessing step registered as `name`; ConfigError names the near match."""
    if name not in STEPS:
        raise ConfigError(
            f"no preprocessing step is called {name!r}{near_match(name, STEPS)}; there are: {', '.join(STEPS)}"
        )
    return STEPS[name]


def preprocess(windows: Windows, steps: Sequence[str]) -> Windows:
    """Apply the named `steps` in order to windows (n, channels, samples); ConfigError for an unknown name."""
    for step in steps:
        windows = step_named(step)(windows)
    return windows
