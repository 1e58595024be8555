"""A BrainFlow board as a live source."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Literal, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard import config
from edgeguard.device.samples import Feed, Samples
from edgeguard.device.sources.brainflow_board import Board, Table
from edgeguard.device.sources.channels import channel_rows, scales
from edgeguard.device.sources.packet_counter import PacketCounter
from edgeguard.device.sources.text_rows import samples_at
from edgeguard.errors import LinkError
from edgeguard.signals.spec import SignalSpec

_POLL_S: Final = 0.05
_SILENT_S: Final = 10.0
_PRESETS: Final = {"default": 0, "auxiliary": 1, "ancillary": 2}

T = TypeVar("T")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may follow the name of a board; what each needs stands in BrainFlow's list of boards.

    Attributes:
        port: Serial port.
        ip: Address in the network.
        ip_port: Port there.
        mac: Of a Bluetooth board.
        serial_number: Of the board; of some Bluetooth boards the name.
        timeout: Seconds to look for it.
        file: Recorded by BrainFlow, for the board ``playback_file``.
        master: The board that recorded it.
        preset: Which of the board's streams.
        channels: Names or numbers joined by ``+``, in the model's order.
    """

    port: str = ""
    ip: str = ""
    ip_port: int = 0
    mac: str = ""
    serial_number: str | int = ""
    timeout: int = 0
    file: str = ""
    master: str | int = ""
    preset: Literal["default", "auxiliary", "ancillary"] = "default"
    channels: str | int = ""


class BrainFlowSource:
    """``synthetic`` or ``cyton,port=/dev/ttyUSB0``: a board by BrainFlow's name or number, and its options."""

    def __init__(self, argument: str, speed: float) -> None:  # noqa: ARG002 - a board keeps its own pace
        board, *assignments = argument.split(",")
        options = config.record_from(config.set_values({}, assignments), Options, "brainflow")
        facts: dict[str, str | int] = {
            "serial_port": options.port,
            "ip_address": options.ip,
            "ip_port": options.ip_port,
            "mac_address": options.mac,
            "serial_number": str(options.serial_number),
            "timeout": options.timeout,
            "file": options.file,
        }
        self._board = Board(board, facts, str(options.master), _PRESETS[options.preset])
        self._wanted = [name for name in str(options.channels).split("+") if name]
        self._name = f"brainflow:{board}"
        self._thread = ThreadPoolExecutor(1, "brainflow")  # no call can be broken off, so closing waits for it
        self._next = 0  # index of the next sample, over all times that it was opened
        self._heard_s: float | None = None
        self._charge: float | None = None

    async def open(self, signal: SignalSpec) -> Feed:
        """The channels of `signal`, in its unit; LinkError where the board is not there.

        SourceError where it does not have them, or needs other options.
        """
        table = self._board.table()
        rows = channel_rows(table.names, len(table.rows), signal, self._wanted, self._name)
        factors = scales(["uV"] * len(table.rows), rows, signal.units, self._name)
        await self._in_thread(lambda: self._board.start(table.rate_hz))
        taken = [table.rows[row] for row in rows]
        samples = self._samples(table, taken, factors)
        return Feed(table.rate_hz, samples, live=True, battery=self._lowest_charge)

    async def close(self) -> None:
        """Stop the board and let go of it; harmless when called twice."""
        await self._in_thread(self._board.stop)

    async def _samples(self, table: Table, rows: list[int], factors: NDArray[np.float32]) -> AsyncIterator[Samples]:
        counter = PacketCounter()
        if self._heard_s is not None:
            self._next += 1 + round((time.monotonic() - self._heard_s) * table.rate_hz)
        self._heard_s = time.monotonic()
        while True:
            await asyncio.sleep(_POLL_S)
            data = await self._in_thread(self._board.read)
            if not data.shape[1]:
                self._check_silence(self._heard_s)
                continue
            self._heard_s = time.monotonic()
            self._note_charge(data[table.battery] if table.battery is not None else np.empty(0))
            for samples in samples_at(self._indices(data, table, counter), data[rows].T):
                yield Samples(samples.start, samples.values * factors)

    def _indices(self, data: NDArray[np.float64], table: Table, counter: PacketCounter) -> NDArray[np.int64]:
        indices = self._next + np.arange(data.shape[1])
        if table.counter is not None:
            indices = indices + np.cumsum(counter.missing(data[table.counter]))
        self._next = int(indices[-1]) + 1
        return indices

    def _check_silence(self, heard_s: float) -> None:
        """BrainFlow does not say that a board is gone."""
        if time.monotonic() - heard_s > _SILENT_S:
            raise LinkError(f"{self._name} has sent nothing for {_SILENT_S:g} s: is it switched on and near?")

    def _note_charge(self, percent: NDArray[np.float64]) -> None:
        known = percent[(percent > 0) & (percent <= 100)]  # boards that do not know it say 0
        if len(known):
            self._charge = min(float(known.min()) / 100, 1.0 if self._charge is None else self._charge)

    def _lowest_charge(self) -> float | None:
        charge, self._charge = self._charge, None
        return charge

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
