"""A stream of the Lab Streaming Layer, in calls that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import LinkError, MissingExtra

try:
    import pylsl
except (ImportError, OSError, RuntimeError) as error:  # the last where there is no liblsl
    raise MissingExtra("pylsl") from error

_RESOLVE_S: Final = 5.0
_PULL_S: Final = 0.2
_BUFFER_S: Final = 60
_CHANNELS: Final = 1024
_AT_ONCE: Final = 4096  # samples


@dataclass(frozen=True)
class StreamFacts:
    """What a stream says of itself.

    Attributes:
        rate_hz: Samples per second.
        count: Channels.
        names: Of the channels; empty where not all have one.
        units: Of the channels; empty where not all have one.
    """

    rate_hz: float
    count: int
    names: tuple[str, ...]
    units: tuple[str, ...]


class Inlet:
    """One stream; all calls come from one thread.

    Its times are taken as they were written. What the library can do to them would hide what they tell: dejittering
    spreads a loss over minutes, monotonizing hides a clock that was set, and clock synchronization sets it once more.

    Args:
        wanted: Properties that it must have: ``name``, ``type``, ``source_id``.
        origin: Of the source, for messages.
    """

    def __init__(self, wanted: Mapping[str, str], origin: str) -> None:
        self._predicate = " and ".join(f'{key}="{value}"' for key, value in wanted.items())
        self._origin = origin
        self._inlet: pylsl.StreamInlet | None = None

    def open(self) -> StreamFacts:
        """Look for the stream; LinkError where it is not there, or is no signal."""
        found = pylsl.resolve_bypred(self._predicate, 1, _RESOLVE_S)
        if not found:
            raise LinkError(
                f"{self._origin} is not in the network: does it stream, and do multicast or KnownPeers reach it?"
            )
        self._check(found[0])
        self._inlet = pylsl.StreamInlet(found[0], max_buflen=_BUFFER_S, recover=True, as_numpy=True)
        try:
            info = self._inlet.info(_RESOLVE_S)
            self._inlet.open_stream(_RESOLVE_S)
        except RuntimeError as error:
            raise LinkError(f"{self._origin} is announced, but does not answer: does a firewall stop TCP?") from error
        count = int(info.channel_count())
        return StreamFacts(float(info.nominal_srate()), count, _said(info, "label"), _said(info, "unit"))

    def pull(self) -> tuple[NDArray[np.generic], NDArray[np.float64]]:
        """What came within `_PULL_S`, (n, channels), and its times, (n,); LinkError where the stream is lost."""
        if self._inlet is None:
            raise LinkError(f"{self._origin} is closed")
        try:
            values, times_s = self._inlet.pull_chunk(_PULL_S, _AT_ONCE, min_samples=1)
        except RuntimeError as error:
            raise LinkError(f"{self._origin} has ended: does its program still run?") from error
        return values, times_s

    def close(self) -> None:
        """Let go of it; harmless when called twice."""
        inlet, self._inlet = self._inlet, None
        if inlet is not None:
            inlet.close_stream()

    def _check(self, info: pylsl.StreamInfo) -> None:
        if info.channel_format() == pylsl.cf_string:
            raise LinkError(f"{self._origin} sends text (markers), not a signal: name another stream")
        if not 0 < info.nominal_srate() <= 1e6:
            raise LinkError(f"{self._origin} has no regular rate, so its samples are no signal: name another stream")
        if not 0 < info.channel_count() <= _CHANNELS:
            raise LinkError(f"{self._origin} has {info.channel_count()} channels; up to {_CHANNELS} can be read")


def _said(info: pylsl.StreamInfo, field: str) -> tuple[str, ...]:
    """What is described of each channel; empty where it is not of all."""
    found: list[str] = []
    channel = info.desc().child("channels").child("channel")
    while not channel.empty() and len(found) <= info.channel_count():
        found.append(channel.child_value(field).strip())
        channel = channel.next_sibling("channel")
    return tuple(found) if len(found) == info.channel_count() and all(found) else ()
