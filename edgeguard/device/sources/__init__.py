"""Where samples come from, by name: ``name:argument``, or the bare path of a recording."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Final

from edgeguard.device.config import SourceConfig
from edgeguard.device.samples import Source
from edgeguard.errors import ConfigError, one_line
from edgeguard.registry import Registry

SOURCES: Final[Registry[Callable[[str, float], Source]]] = Registry(
    "source",
    {
        "ble": "edgeguard.device.sources.wearable:BleSource",
        "brainflow": "edgeguard.device.sources.brainflow_source:BrainFlowSource",
        "csv": "edgeguard.device.sources.csv_pipe:CsvSource",
        "lines": "edgeguard.device.sources.lines:LinesSource",
        "lsl": "edgeguard.device.sources.lsl_source:LslSource",
        "polar": "edgeguard.device.sources.polar:PolarSource",
        "replay": "edgeguard.device.sources.replay:replay_source",
        "serial": "edgeguard.device.sources.wearable:SerialSource",
        "synthetic": "edgeguard.device.sources.synthetic:SyntheticSource",
        "tcp": "edgeguard.device.sources.wearable:TcpSource",
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


def sources_from(texts: Sequence[str]) -> tuple[SourceConfig, ...]:
    """Each ``bed-7=replay:100`` as a source of that name; ``replay:folder/100`` alone is called ``100``.

    A second source without a name that would be called the same is called ``100-2``.
    """
    sources: dict[str, SourceConfig] = {}
    for text in texts:
        given = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)", text)
        name, spec = (given[1], given[2]) if given else (_unlike(sources, _short(text)), text)
        if name in sources:
            raise ConfigError(f"two sources are called {name!r}: give each a name of its own")
        sources[name] = SourceConfig(name=name, spec=spec)
    return tuple(sources.values())


def _unlike(names: Container[str], name: str) -> str:
    """`name`, numbered if it is among `names`."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(candidate for candidate in chain([name], numbered) if candidate not in names)


def _short(spec: str) -> str:
    kind, _, argument = spec.partition(":")
    if kind != "replay" and kind in SOURCES.names():
        return kind
    path = (argument or spec).partition(",")[0]
    return one_line(Path(path).stem)[:60] or kind
