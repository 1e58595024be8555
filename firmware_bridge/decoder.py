"""Bytes in, frames out: sans-IO, of bounded memory, back in step at the next edge whatever came before."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal

import google_crc32c
from cobs import cobs

from firmware_bridge.errors import FrameError
from firmware_bridge.frames import CRC, HEADER, MAX_FRAME, VERSION, Frame, Leads
from firmware_bridge.payloads import KINDS, READERS
from firmware_bridge.wire import parse

_LONGEST: Final = MAX_FRAME - 2  # between the edges
_LONG: Final = f"more than {_LONGEST} bytes without an edge: no frame is as long"
_RESIDUE: Final = 0x48674BC7  # CRC-32C of anything with its own CRC behind it

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

    The start of the stream counts as an edge.

    Attributes:
        counts: What came so far.
    """

    def __init__(self) -> None:
        self.counts = DecoderCounts()
        self._held = b""
        self._given_up = False  # until the next edge

    @property
    def held(self) -> int:
        """Bytes of the frame under way."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Frame | Rejected]:
        """What `data` completes, in order; never raises, whatever `data` is."""
        self.counts.bytes += len(data)
        *pieces, rest = (self._held + data).split(b"\0")
        if self._given_up and pieces:
            self._given_up = False
            del pieces[0]
        came = [self._read(piece) for piece in pieces if piece]
        if not self._given_up and len(rest) > _LONGEST:
            self._given_up = True
            came.append(self._rejected("long", _LONG))
        self._held = b"" if self._given_up else rest
        return came

    def _read(self, piece: bytes) -> Frame | Rejected:
        if len(piece) > _LONGEST:
            return self._rejected("long", _LONG)
        try:
            body = cobs.decode(piece)
        except cobs.DecodeError:
            return self._rejected("cobs", f"{len(piece)} bytes that are not COBS")
        if len(body) < HEADER + CRC:
            return self._rejected("short", f"a body of {len(body)} bytes: {HEADER + CRC} are the fewest")
        if google_crc32c.value(body) != _RESIDUE:
            return self._rejected("crc", f"a body of {len(body)} bytes with a wrong CRC")
        return self._parsed(body[:-CRC])

    def _parsed(self, body: bytes) -> Frame | Rejected:
        try:
            frame = parse(body)
        except FrameError as error:
            return self._rejected(_reason(body), str(error))
        self.counts.frames += 1
        return frame

    def _rejected(self, reason: Reason, detail: str) -> Rejected:
        setattr(self.counts, reason, getattr(self.counts, reason) + 1)
        return Rejected(reason, detail)


def _reason(body: bytes) -> Reason:
    """Why `parse` refused `body`."""
    if body[0] != VERSION:
        return "version"
    if body[1] not in READERS:
        return "type"
    return "event" if body[1] == Leads.TYPE and body[HEADER : HEADER + 1] >= bytes([len(KINDS)]) else "payload"
