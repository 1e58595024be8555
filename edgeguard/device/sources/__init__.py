"""Where samples come from, by name: ``name:argument``, or the bare path of a recording."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edgeguard.device.samples import Source
from edgeguard.errors import ConfigError
from edgeguard.registry import Registry

SOURCES: Final[Registry[Callable[[str, float], Source]]] = Registry(
    "source",
    {
        "replay": "edgeguard.device.sources.replay:ReplaySource",
        "synthetic": "edgeguard.device.sources.synthetic:SyntheticSource",
    },
)


def open_source(text: str, *, speed: float = 1.0) -> Source:
    """The source that `text` describes, such as ``synthetic:seed=3,seconds=60`` or ``replay:beats.npz``.

    Args:
        text: A name of `SOURCES` with its argument after a colon, or the path of a recording to replay.
        speed: How many times faster than real time; infinity is as fast as the reader takes it. Where the signal has
            no rate, 1 is one window per second.

    Raises:
        ConfigError: no such source or option.
        SourceError: the recording is missing or damaged.
    """
    name, _, argument = text.partition(":")
    if name in SOURCES.names():
        return SOURCES.load(name)(argument, speed)
    if re.match(r"[A-Za-z_]+(:|$)", text) and not Path(text).exists() and not Path(f"{text}.hea").exists():
        SOURCES.load(name)  # raises with the near match
    return SOURCES.load("replay")(text, speed)


def speed_from(text: str) -> float:
    """``max`` as infinity, a positive number as itself; ConfigError for anything else."""
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise ConfigError(f"speed {text!r} is not a positive number: 1 is real time, 'max' is as fast as possible")
    return speed
