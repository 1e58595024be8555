"""The faults: which ones, when, and how each is carried out; a seed gives the same ones again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.fleet_loss.site import Site

Carry = Callable[[Site, random.Random], None]


@dataclass(frozen=True)
class Fault:
    """One fault, and after which share of the messages it comes."""

    at: float
    kind: str


def draw(count: int, kinds: Sequence[str], chance: random.Random) -> list[Fault]:
    """`count` faults at random times; every kind as often as the others, as far as that goes."""
    chosen = [kind for _ in range(-(-count // len(kinds))) for kind in chance.sample(kinds, len(kinds))][:count]
    times = sorted(chance.uniform(0.02, 0.95) for _ in chosen)
    return [Fault(at, kind) for at, kind in zip(times, chosen, strict=True)]


def _kill_worker(site: Site, chance: random.Random) -> None:
    worker = chance.choice(site.workers)
    worker.kill()
    time.sleep(chance.uniform(0, 1))
    worker.start()


def _stop_broker(site: Site, chance: random.Random) -> None:
    site.broker.stop()
    time.sleep(chance.uniform(0, 1))
    site.broker.start()


def _kill_broker(site: Site, chance: random.Random) -> None:
    site.broker.kill()
    time.sleep(chance.uniform(0, 1))
    site.broker.start()


def _crash_database(site: Site, chance: random.Random) -> None:
    site.postgres.stop("immediate")
    time.sleep(chance.uniform(0, 1))
    site.postgres.start()


WORKER_KILLED: Final = "worker killed"
BROKER_STOPPED: Final = "broker stopped"
BROKER_KILLED: Final = "broker killed"
DATABASE_CRASHED: Final = "database crashed"
FAULTS: Final[dict[str, Carry]] = {
    WORKER_KILLED: _kill_worker,
    BROKER_STOPPED: _stop_broker,
    BROKER_KILLED: _kill_broker,
    DATABASE_CRASHED: _crash_database,
}
