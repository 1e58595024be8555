"""What `scripted.c` is to do with a bridge, and what it answers."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass, field

from firmware_bridge import wire
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Action, Channel, Command

ALL = 0xFFFF
DUE = {"hello": 1, "leads": 2, "battery": 4, "ack": 8, "button": 16, "heartbeat": 32}


@dataclass
class Polled:
    """What one eg_poll wrote, and the commands that it handed on as (action, argument)."""

    wire: bytes = b""
    writes: list = field(default_factory=list)
    commands: list = field(default_factory=list)


class Script:
    """Operations in order; `answers` reads what came of each that answers."""

    def __init__(self):
        self.given = b""
        self.kinds = ""

    def _do(self, letter, layout="", *values):
        self.given += letter.encode() + struct.pack("<" + layout, *values)
        self.kinds += letter
        return self

    def init(self, channels=1, *, boot=7, rate_mhz=250_000, width=3, delta=True, latency=0, ring=224, **texts):
        """`channels`: how many, or `Channel` records."""
        if isinstance(channels, int):
            channels = tuple(Channel(f"c{k}", "uV", 0.5) for k in range(channels))
        numbers = (boot, rate_mhz, width, len(channels), delta, latency, ring, texts.get("commands", True))
        self._do("I", "HIBBBBHB", *numbers)
        self.given += _text(texts.get("device", "w")) + _text(texts.get("firmware", "1"))
        for channel in channels:
            self.given += _text(channel.name) + _text(channel.unit) + struct.pack("<f", channel.resolution)
        return self

    def state(self, now_us=0, *, sequence=0, due=0, taken=0, lost=0, streaming=False, step=1, ack=(0, 0)):
        return self._do("S", "IHBIIBBBB", now_us, sequence, due, taken, lost, streaming, step, *ack)

    def push(self, values, clock_us=0):
        return self._do("U", f"I{len(values)}i", clock_us, *map(int, values))

    def receive(self, data):
        self._do("R", "H", len(data))
        self.given += data
        return self

    def command(self, action, argument=0, *, number=1):
        return self.receive(wire.encode(Command(0, 0, 0, number, action, argument)))

    def poll(self, now_us=0, accept=ALL):
        return self._do("P", "IH", now_us, accept)

    def leads(self, off):
        return self._do("L", "I", off)

    def battery(self, percent, millivolts=0):
        return self._do("B", "BH", percent, millivolts)

    def button(self, number, pressed):
        return self._do("K", "BB", number, pressed)

    def result(self, result):
        return self._do("C", "B", result)

    def reconnected(self):
        return self._do("N")

    def started(self, channels=1, **options):
        """Initialised, started by the host, and all that is due then was sent at 0."""
        return self.init(channels, **options).command(Action.START).poll().poll()

    @property
    def whole(self):
        return self.given + b"F"

    def answers(self, told):
        """One entry for each operation that answers: a number, or `Polled`."""
        rest = _Told(told)
        found = [
            rest.polled() if kind == "P" else rest.number(2 if kind == "R" else 1)
            for kind in self.kinds
            if kind in "IURKP"
        ]
        assert not rest.told
        return found


class _Told:
    def __init__(self, told):
        self.told = told

    def bytes(self, n):
        taken, self.told = self.told[:n], self.told[n:]
        assert len(taken) == n
        return taken

    def number(self, n):
        return int.from_bytes(self.bytes(n), "little")

    def polled(self):
        polled = Polled()
        while (letter := self.bytes(1)) != b"P":
            if letter == b"W":
                polled.writes.append(self.bytes(self.number(2)))
            else:
                polled.commands.append((self.number(1), self.number(4)))
        polled.wire = b"".join(polled.writes)
        return polled


class Host:
    """A running `scripted` program; each script begins with an init, so that none sees the one before it."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, script):
        self.process.stdin.write(script.whole)
        self.process.stdin.flush()
        length = self.process.stdout.read(4)
        assert len(length) == 4, f"the program ended with {self.process.wait()}"
        return script.answers(self.process.stdout.read(int.from_bytes(length, "little")))

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait() == 0


def wire_of(answers):
    """All bytes that were written."""
    return b"".join(one.wire for one in answers if isinstance(one, Polled))


def frames_of(answers):
    """All frames that were written, each of them whole."""
    decoder = Decoder()
    frames = decoder.feed(wire_of(answers))
    assert decoder.counts.rejected == 0
    assert decoder.held <= 1
    return frames


def _text(text):
    return bytes([len(text)]) + text.encode("ascii")
