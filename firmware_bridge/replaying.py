"""A recording in a wearable's place: its bytes at their pace, damage included, and commands answered. Sans-IO.

What a reader hears is one wearable's stream: the recorded answers are left out, its own are put in between frames, and
frames behind them are numbered anew. All else, garbage included, is byte for byte as it was recorded.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.errors import RecordingError
from firmware_bridge.frames import MAX_FRAME, Ack, Action, Battery, Command, Frame, Heartbeat, Hello, Leads, Result
from firmware_bridge.recording import Recording
from firmware_bridge.wire import encode

_TURN: Final = 1 << 16  # bytes at most that are said at once
_RESULTS: Final[dict[int, Result]] = {
    Action.IDENTIFY: Result.DONE,
    Action.START: Result.DONE,
    Action.STOP: Result.DONE,
    Action.SET_RATE: Result.NOT_NOW,
}


class ReplayedWearable:
    """Hears commands, and speaks when it is asked to, as `simulator.virtual_wearable.VirtualWearable` does.

    It begins with the first command that it hears. Seconds are of any clock that never goes back.

    Args:
        recording: What is played.
        loop: Whether it begins anew, as after a restart, when it ends.

    Attributes:
        streaming: Whether it plays.
        over: Whether everything was played.

    Raises:
        RecordingError: the recording holds no byte.
    """

    def __init__(self, recording: Recording, *, loop: bool = False) -> None:
        self.streaming = self.over = False
        self._recording = recording
        self._loop = loop
        self._commands = Decoder()
        self._begun_s = math.nan
        self._said: list[bytes] = []
        self._piece = b""  # what has come since the last edge
        self._introduction: dict[type[Frame], Frame] = {}
        self._heard: tuple[Command, Result] | None = None
        self._round = self._shift = 0
        self._last, self._hello = _first(recording)
        self._chunks = iter(recording)
        self._next = next(self._chunks, None)
        if self._next is None:
            raise RecordingError(f"{recording.path} holds nothing that could be played: record anew")

    def hear(self, data: bytes, now_s: float) -> None:
        """Take what came over the wire; the answers come with `speak`."""
        for frame in self._commands.feed(data):
            if isinstance(frame, Command):
                if math.isnan(self._begun_s):
                    self._begun_s, self.streaming = now_s, True
                self._obey(frame)

    def speak(self, now_s: float) -> bytes:
        """What is due by `now_s`, a part of it where it is much; nothing any more once everything was said."""
        self._play_until(now_s)
        self.over = self._next is None and not self._said
        said, self._said = b"".join(self._said), []
        return said

    def _play_until(self, now_s: float) -> None:
        room = _TURN
        while self._next is not None and self._begun_s + self._next.host_s <= now_s and room > 0:
            room -= len(self._next.data)
            self._play(self._next.data)
            self._next = next(self._chunks, None)
            if self._next is None and self._loop:
                self._round, self._begun_s = self._round + 1, now_s
                self._chunks = iter(self._recording)
                self._next = next(self._chunks, None)
        self.streaming = self.streaming and self._next is not None

    def _play(self, data: bytes) -> None:
        *pieces, self._piece = (self._piece + data).split(b"\0")
        self._said += [self._changed(piece) + b"\0" for piece in pieces]
        if len(self._piece) > MAX_FRAME:  # no frame is as long
            self._said.append(self._piece)
            self._piece = b""

    def _changed(self, piece: bytes) -> bytes:
        """What lies between two edges, numbered anew where it is a frame; nothing of a recorded answer."""
        frame = _frame(piece)
        if frame is None:
            return piece
        self._last = frame
        if isinstance(frame, Ack):
            self._shift -= 1
            return b""
        if isinstance(frame, Hello | Leads | Battery):
            self._introduction[type(frame)] = frame
        return encode(self._numbered(frame))[1:-1] if self._shift or self._round else piece

    def _obey(self, command: Command) -> None:
        if self._heard is None or not _same(command, self._heard[0]):
            result = _RESULTS.get(command.action, Result.UNKNOWN_ACTION)
            if command.action in (Action.IDENTIFY, Action.START):
                for frame in self._introduction.values():
                    self._say(frame)
            if self._hello is not None:  # for whoever asks again before the recorded one comes
                self._introduction.setdefault(Hello, self._hello)
            self._heard = command, result
        self._say(Ack(0, 0, 0, command.id, self._heard[1]))

    def _say(self, frame: Frame) -> None:
        """Put in a frame of our own: behind the last recorded one, by its boot and at its time."""
        self._shift += 1
        last = self._last
        ours = replace(frame, boot=last.boot, sequence=last.sequence, clock_us=last.clock_us)
        self._said.append(encode(self._numbered(ours)))

    def _numbered(self, frame: Frame) -> Frame:
        """`frame` as it is numbered here; in each round by another boot."""
        boot, sequence = frame.boot + self._round, frame.sequence + self._shift
        return replace(frame, boot=boot % (1 << 16), sequence=sequence % (1 << 16))


def _first(recording: Recording) -> tuple[Frame, Hello | None]:
    """A frame that comes just before the first one of the recording, and its first hello."""
    before: Frame = Heartbeat(1, 0, 0, 0, 0, streaming=False)
    decoder, begun = Decoder(), False
    for chunk in recording:
        for frame in decoder.feed(chunk.data):
            if isinstance(frame, Rejected):
                continue
            if not begun:
                before, begun = replace(frame, sequence=(frame.sequence - 1) % (1 << 16)), True
            if isinstance(frame, Hello):
                return before, frame
    return before, None


def _frame(piece: bytes) -> Frame | None:
    """What lies between two edges, where it is a frame."""
    found = Decoder().feed(piece + b"\0") if piece else []
    return None if not found or isinstance(found[0], Rejected) else found[0]


def _same(one: Command, other: Command) -> bool:
    return (one.id, one.action, one.argument) == (other.id, other.action, other.argument)
