"""Samples over a bad wire: each that is delivered must be right, and each other one be counted as missing.

``python -m benchmarks.bridge_loss``

A virtual wearable sends over a pseudo terminal to a client. Once it streams, the wire in between damages, loses and
invents bytes, in both directions, or the terminal vanishes and comes back. Every sample's value tells its number, so
that what was delivered is known by the values alone, whatever decoder and session say.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from benchmarks import RESULTS
from edgeguard.record import write_result
from firmware_bridge.client import Client
from firmware_bridge.errors import BridgeError
from firmware_bridge.frames import Action, Heartbeat
from firmware_bridge.links import open_link
from firmware_bridge.session import Block
from firmware_bridge.simulator import plugged, simple_hello
from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from firmware_bridge.simulator.plug import PtyPlug
from firmware_bridge.simulator.spells import Spells
from firmware_bridge.simulator.virtual_wearable import VirtualWearable

SAMPLES: Final = 1_000_000
RATE_HZ: Final = 4000.0
_SPREAD, _BACK, _MODULUS = 7919, pow(7919, -1, 1 << 23), 1 << 23  # numbers to values without any order, and back
SEED: Final = 6


@dataclass(frozen=True)
class Wire:
    """What the wire does, and how long the frames on it are.

    Attributes:
        name: In few words.
        noise: Of what the wearable sends.
        most: Samples in a frame at most; None for as many as fit.
        drop_every_s: Mean seconds between disconnections.
    """

    name: str
    noise: Noise = field(default_factory=Noise)
    most: int | None = None
    drop_every_s: float = math.inf


WIRES: Final = (
    Wire("5 % of the bytes, each for itself, full frames", Noise(damage=0.05)),
    Wire("5 % of the bytes, each for itself, frames of 20 samples", Noise(damage=0.05), most=20),
    Wire("5 % of the bytes, each for itself, frames of 4 samples", Noise(damage=0.05), most=4),
    Wire("5 % of the bytes in bursts of 20, full frames", Noise(damage=0.05, burst=20)),
    Wire("5 % of the bytes in bursts of 200, full frames", Noise(damage=0.05, burst=200)),
    Wire("0.1 % lost, 0.1 % inserted, full frames", Noise(loss=0.001, insert=0.001)),
    Wire("2 % of the frames twice, 2 % swapped, full frames", Noise(repeat=0.02, swap=0.02)),
    Wire("disconnected every 20 s for 2 s, full frames", drop_every_s=20.0),
)


@dataclass
class Account:
    """What became of the samples; `delivered` and `wrong` by their values, `counted` and `missing` by the session."""

    sent: int = 0
    delivered: int = 0
    wrong: int = 0
    repeated: int = 0
    misplaced: int = 0
    counted: int = 0
    missing: int = 0
    gaps: int = 0
    lost_on_wearable: int = 0
    bytes: int = 0
    damaged: int = 0
    frames_dropped: int = 0
    disconnections: int = 0

    @property
    def complete(self) -> bool:
        """Whether all that was delivered is right, and all else counted."""
        flaws = self.wrong + self.repeated + self.misplaced
        return not flaws and self.delivered == self.counted and self.delivered + self.missing == self.sent


class Truth:
    """A signal whose values tell their number, and who has come."""

    def __init__(self, samples: int) -> None:
        self.seen = np.zeros(samples, np.int64)
        self._given = 0

    def __call__(self, n: int) -> np.ndarray | None:
        """The next `n` at most, (1, n); none are left at the end."""
        n = min(n, len(self.seen) - self._given)
        numbers = np.arange(self._given, self._given + n)
        self._given += n
        return (numbers * _SPREAD % _MODULUS - _MODULUS // 2)[None].astype(np.float32)

    def numbers(self, values: np.ndarray) -> np.ndarray:
        """Which samples they are; beyond the last one where they are none."""
        return (values[0].astype(np.int64) + _MODULUS // 2) * _BACK % _MODULUS


class Worsening(NoisyWire):
    """A wire that is good until `wearable` has begun to stream: a hello seldom survives 5 % damage."""

    def __init__(self, seed: list[int], noise: Noise, wearable: VirtualWearable) -> None:
        super().__init__(seed, noise)
        self._wearable = wearable

    def carry(self, data: bytes) -> bytes:
        """What arrives."""
        return super().carry(data) if self._wearable.counts.taken else data


class Reader:
    """Reads a wearable to its end, and compares what comes with the truth."""

    def __init__(self, truth: Truth, account: Account) -> None:
        self._truth = truth
        self._account = account
        self._shift: int | None = None  # number of a sample less its start in the session
        self._starting: asyncio.Task[None] | None = None

    def take(self, block: Block) -> None:
        """Note one block."""
        numbers = self._truth.numbers(block.values)
        known = numbers[numbers < len(self._truth.seen)]
        self._account.wrong += len(numbers) - len(known) + int((np.diff(numbers) != 1).sum())
        shift = int(numbers[0]) - block.start
        self._shift = shift if self._shift is None else self._shift
        self._account.misplaced += shift != self._shift
        self._truth.seen[known] += 1

    def start(self, client: Client) -> None:
        """Have the wearable start, while its news are read; harmless while that is under way."""
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(_started(client))

    def settle(self, client: Client, wearable: VirtualWearable, wire: NoisyWire) -> None:
        """Put the sums into the account."""
        session, found = client.session.counts, self._account
        found.sent = wearable.counts.taken
        found.delivered = int((self._truth.seen > 0).sum())
        found.repeated = int((self._truth.seen > 1).sum())
        found.counted, found.missing, found.gaps = session.samples, session.missing, session.gaps
        found.lost_on_wearable = wearable.counts.lost
        found.bytes, found.damaged = wire.counts.bytes, wire.counts.damaged
        found.frames_dropped = client.decoder.counts.rejected


async def _started(client: Client) -> None:
    with suppress(BridgeError):  # no answer came through: the next heartbeat tells whether it streams
        await client.command(Action.START)


async def deliver(samples: int, through: Wire, seed: int = SEED) -> Account:
    """Send `samples` samples over a pseudo terminal `through` a wire, as fast as they are read; what became of them."""
    truth, account = Truth(samples), Account()
    hello = simple_hello(rate_hz=RATE_HZ, width=3)
    wearable = VirtualWearable(hello, truth, seed=seed, samples_per_frame=through.most)
    wire, back = (Worsening([seed, way], through.noise, wearable) for way in (1, 2))
    breaks = Spells(through.drop_every_s, 2.0, [seed, 3])
    plug, reader = PtyPlug(), Reader(truth, account)
    async with plugged(wearable, plug, wire=wire, back=back, breaks=breaks, speed=math.inf) as address:
        client = Client(open_link(address), monotonic=lambda: plug.now_s)
        while not await _read_to_the_end(client, reader, samples):
            await asyncio.sleep(0.01)
    reader.settle(client, wearable, wire)
    account.disconnections = breaks.count
    return account


async def _read_to_the_end(client: Client, reader: Reader, samples: int) -> bool:
    """Start the wearable once it is known where it stands, read it; False where the link broke off before the end."""
    with suppress(BridgeError):
        try:
            await client.open()
            async for news in client.news():
                if isinstance(news, Block):
                    reader.take(news)
                elif isinstance(news, Heartbeat) and news.next_index == 0:
                    reader.start(client)
                elif isinstance(news, Heartbeat) and news.next_index == samples + 1:  # the start left one number out
                    return True
        finally:
            await client.close()
    return False


def figures_of(account: Account, seconds: float) -> dict[str, Any]:
    """The account as figures."""
    return {
        **vars(account),
        "complete": account.complete,
        "delivered_share": account.delivered / account.sent,
        "damaged_share": account.damaged / account.bytes,
        "seconds": round(seconds, 2),
    }


@click.command()
@click.option("--samples", default=SAMPLES, show_default=True, help="Over each wire.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(samples: int, results: Path) -> None:
    """Measure and write bridge-loss.json."""
    rows = []
    for wire in WIRES:
        begun = time.perf_counter()
        account = asyncio.run(deliver(samples, wire))
        rows.append({"wire": wire.name, **figures_of(account, time.perf_counter() - begun)})
        click.echo(str(rows[-1]))
    scale = "full" if samples == SAMPLES else f"reduced: {samples} samples over each wire"
    figures = {"rate_hz": RATE_HZ, "bytes_per_sample": 3, "wires": rows}
    libraries = ("cobs", "google-crc32c", "numpy", "pyserial")
    path = write_result("bridge-loss", figures, libraries=libraries, scale=scale, seeds=[SEED], folder=results)
    click.echo(f"written to {path}")


if __name__ == "__main__":
    command()
