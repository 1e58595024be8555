"""What a virtual wearable says that a played signal is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.device.sources.bridge_errors import translated
from edgeguard.device.sources.played import Played
from edgeguard.errors import ConfigError
from firmware_bridge.frames import Channel, Hello
from firmware_bridge.simulator.sampler import Signal

_STEP: Final = {2: 1.0, 3: 0.01}  # uV by the bytes of a sample; the thousandth part of any other unit


def hello_from(
    played: Played, names: Sequence[str], *, device: str, width: int = 2, resolution: float | None = None
) -> Hello:
    """A hello for `played`, its channels called `names`; SourceError where a wearable cannot be so.

    Args:
        played: A signal.
        names: Shortened, and without the letters that the wire forbids.
        device: Its id.
        width: Bytes of a sample.
        resolution: Units of a step; None for 1 uV, or 0.01 uV of 3 bytes, or the thousandth part of another unit.
    """
    if resolution is None:
        resolution = _STEP[width] * (1.0 if played.unit == "uV" else 0.001)
    unit = re.sub(r"[^!-~]", "", played.unit)[:8] or "NU"
    with translated():
        channels = tuple(Channel(name, unit, resolution) for name in wire_names(names))
        return Hello(0, 0, 0, device, "simulated", round(played.rate_hz * 1000), width, channels)


def wire_names(names: Sequence[str]) -> list[str]:
    """`names` in eight letters that the wire allows, no two alike."""
    short: list[str] = []
    for name in names:
        word = re.sub(r"[^!-~]|[+,]", "_", name)[:8] or "_"
        number = 2
        while word in short:
            word = f"{word[: 8 - len(str(number))]}{number}"
            number += 1
        short.append(word)
    return short


def leads(played: Played, names: Sequence[str]) -> Signal:
    """`played` with a channel for each of `names`; one channel becomes many leads, each with a smaller amplitude.

    ConfigError where the numbers do not fit.
    """
    if len(played.channels) == len(names):
        return played
    if len(played.channels) > 1:
        there = ", ".join(played.channels)
        raise ConfigError(f"the recording has {len(played.channels)} channels ({there}), not {len(names)}: name each")
    gains = np.array([[1 / (1 + 0.25 * number)] for number in range(len(names))], dtype=np.float32)

    def scaled(n: int) -> NDArray[np.float32] | None:
        values = played(n)
        return None if values is None else values * gains

    return scaled
