"""A recording of a wearable's link (``edgeguard bridge record``), decoded as if the wearable were there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard import config
from edgeguard.device.samples import Feed
from edgeguard.device.sources.bridge_errors import translated
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.pacing import Blocks, paced
from edgeguard.device.sources.replay import Options
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from firmware_bridge.frames import Hello
from firmware_bridge.recording import read_recording

with translated():  # its libraries are an extra
    from edgeguard.device.sources.wearable_faults import WireFaults
    from firmware_bridge.decoder import Decoder, Rejected
    from firmware_bridge.session import Block, Session

_JOINED_S: Final = 4.0  # of samples handed on at once


class BridgeRecordingSource:
    """Plays back ``PATH.egb`` or ``PATH.egb,channels=ECG,start=60,loop=true``; gaps stay gaps, but take no time.

    It is read as it is played: of bounded memory, however long it is.
    """

    def __init__(self, argument: str, speed: float) -> None:
        path, *assignments = [argument] if Path(argument).is_file() else argument.split(",")
        self._options = config.record_from(config.set_values({}, assignments), Options, "replay")
        self._path = Path(path)
        self._wanted = [name for name in str(self._options.channels).split("+") if name]
        self._speed = speed
        self._faults: Counter[str] = Counter()

    async def open(self, signal: SignalSpec) -> Feed:
        """The recording's samples at its own rate; SourceError where channels, unit or file are not as they must be."""
        hello = (await asyncio.to_thread(self._first)).hello
        if signal.rate_hz is None:
            raise SourceError(f"{self._path} has {hello.rate_hz:g} Hz, but the model takes windows without a rate")
        rows = channel_rows([one.name for one in hello.channels], len(hello.channels), signal, self._wanted, self._name)
        factors = scales([one.unit for one in hello.channels], rows, signal.units, self._name)
        blocks = self._joined(hello, rows, factors)
        return Feed(hello.rate_hz, paced(blocks, hello.rate_hz, self._speed), live=False, faults=self._faults)

    async def close(self) -> None:
        """Nothing is held open."""

    @property
    def _name(self) -> str:
        return str(self._path)

    def _first(self) -> Block:
        for block in self._decoded(Counter()):
            return block
        raise SourceError(f"{self._path} holds no samples that a hello describes: record from the wearable's start on")

    def _decoded(self, faults: Counter[str]) -> Iterator[Block]:
        """The blocks of the file, in order."""
        decoder, session = Decoder(), Session()
        wire = WireFaults(decoder.counts, session.counts, faults)
        with translated():
            for chunk in read_recording(self._path):
                for frame in decoder.feed(chunk.data):
                    if not isinstance(frame, Rejected):
                        yield from (one for one in session.take(frame, chunk.host_s) if isinstance(one, Block))
                wire.count()
            yield from (one for one in session.flush() if isinstance(one, Block))

    def _joined(self, hello: Hello, rows: list[int], factors: NDArray[np.float32]) -> Blocks:
        """Runs of consecutive samples, (channels, n) in the model's unit, with the index of their first."""
        at = 0
        held: list[NDArray[np.float32]] = []
        for start, values in self._repeated(hello):
            if held and (start != at or sum(map(np.size, held)) >= _JOINED_S * hello.rate_hz * len(rows)):
                yield at - sum(one.shape[1] for one in held), np.concatenate(held, axis=1)
                held = []
            held.append(values[rows] * factors)
            at = start + values.shape[1]
        if held:
            yield at - sum(one.shape[1] for one in held), np.concatenate(held, axis=1)

    def _repeated(self, hello: Hello) -> Blocks:
        """The blocks behind the start that was asked for; again and again, each time behind a gap, if so asked."""
        skipped, end = round(self._options.start * hello.rate_hz), 0
        while True:
            begin = end
            for block in self._decoded(self._faults):
                if _meaning(block.hello) != _meaning(hello):
                    raise SourceError(
                        f"{self._path} goes on with {block.hello.device} at {block.hello.rate_hz:g} Hz, but began with "
                        f"{hello.device} at {hello.rate_hz:g} Hz: cut it there, or play it to a port with bridge replay"
                    )
                passed = min(max(skipped - block.start, 0), block.values.shape[1])
                if passed < block.values.shape[1]:
                    yield begin + block.start + passed, block.values[:, passed:]
                end = begin + block.start + block.values.shape[1] + 1
            skipped = 0
            if not self._options.loop:
                return


def _meaning(hello: Hello) -> object:
    """What must not change while samples flow."""
    return hello.device, hello.rate_mhz, [(channel.name, channel.unit) for channel in hello.channels]
