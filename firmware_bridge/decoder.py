"""Bytes in, frames out: sans-IO, of bounded memory, back in step at the next edge whatever came before."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from firmware_bridge.frames import Frame

Reason = Literal["cobs", "short", "long", "crc", "version", "type", "event", "payload"]


@dataclass(frozen=True)
class Rejected:
    """Bytes between two edges that are no frame of ours.

    Attributes:
        reason: ``cobs`` not decodable, ``short``, ``long``, ``crc``, another ``version``, unknown ``type`` or kind of
            ``event``, a ``payload`` that is not as its type says.
        detail: One line for a person, with the value.
    """

    reason: Reason
    detail: str


@dataclass
class DecoderCounts:
    """What came so far: bytes, frames taken, and what was dropped, by `Reason`."""

    bytes: int = 0
    frames: int = 0
    cobs: int = 0
    short: int = 0
    long: int = 0
    crc: int = 0
    version: int = 0
    type: int = 0
    event: int = 0
    payload: int = 0

    @property
    def rejected(self) -> int:
        """Everything dropped."""
        return sum(getattr(self, one.name) for one in fields(self)[2:])


class Decoder:
    """Takes bytes as they come; holds one unfinished frame of `MAX_FRAME` bytes at most.

    Attributes:
        counts: What came so far.
    """

    def __init__(self) -> None:
        self.counts = DecoderCounts()

    @property
    def held(self) -> int:
        """Bytes of the frame under way."""
        raise NotImplementedError

    def feed(self, data: bytes) -> list[Frame | Rejected]:
        """What `data` completes, in order; never raises, whatever `data` is."""
        raise NotImplementedError
