"""The faults: which ones, when, and how each is carried out; a seed gives the same ones again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.faults.clock import LIBFAKETIME
from benchmarks.faults.feeder import BAD_INPUT
from benchmarks.faults.rig import Rig

Carry = Callable[[Rig, random.Random], None]


@dataclass(frozen=True)
class Fault:
    """One fault, and after how many hours of signal it comes."""

    hours: float
    kind: str


def kinds() -> list[str]:
    """Of faults that can be carried out here."""
    return [kind for kind in FAULTS if kind != "clock jumps" or LIBFAKETIME is not None]


def draw(count: int, hours: float, chance: random.Random) -> list[Fault]:
    """`count` faults at random times of `hours`; every kind as often as the others, as far as that goes."""
    every = kinds()
    chosen = [kind for _ in range(-(-count // len(every))) for kind in chance.sample(every, len(every))][:count]
    times = sorted(chance.uniform(0.01, 0.95) * hours for _ in chosen)
    return [Fault(at, kind) for at, kind in zip(times, chosen, strict=True)]


def carry_out(rig: Rig, faults: Sequence[Fault], chance: random.Random, tell: Callable[[str], None]) -> None:
    """Let the signal run, and each fault happen when its time comes; a fault is over before the next one begins."""
    for number, fault in enumerate(faults, start=1):
        rig.play_until(fault.hours)
        tell(f"{time.strftime('%X')} {number}/{len(faults)}: {fault.kind} after {rig.hours:.2f} h of signal")
        FAULTS[fault.kind](rig, chance)
        rig.daemon.revive()


def _kill_daemon(rig: Rig, chance: random.Random) -> None:
    rig.daemon.kill()
    time.sleep(chance.uniform(0, 0.5))
    rig.daemon.start()


def _kill_broker(rig: Rig, chance: random.Random) -> None:
    rig.broker.kill()
    time.sleep(chance.uniform(0, 1))
    rig.broker.start()
    rig.receiver.wait_subscribed()


def _cut(rig: Rig, chance: random.Random) -> None:
    rig.proxy.cut_after(chance.randrange(1, 4000), chance.choice(("up", "down")))


def _stall_network(rig: Rig, chance: random.Random) -> None:
    rig.proxy.stall()
    time.sleep(chance.uniform(0.2, 2))
    rig.proxy.flow()


def _drop_connections(rig: Rig, chance: random.Random) -> None:
    rig.proxy.drop()
    time.sleep(chance.uniform(0.2, 2))
    rig.proxy.flow()


def _refuse_connections(rig: Rig, chance: random.Random) -> None:
    rig.proxy.refuse()
    time.sleep(chance.uniform(0.2, 2))
    rig.proxy.accept()


def _fill_disk(rig: Rig, chance: random.Random) -> None:
    """Two intervals are waited for afterwards: what a kill finds unsaid on a full disk, nobody can tell later."""
    rig.disk.fill(rig.daemon.pid)
    time.sleep(rig.interval_s * chance.uniform(1, 2))
    rig.disk.free(rig.daemon.pid)
    time.sleep(2 * rig.interval_s)


def _jump_clock(rig: Rig, chance: random.Random) -> None:
    rig.clock.jump(3600 * chance.choice((-11, -5, -2, -1, 1, 2, 5, 11)))


def _unplug(rig: Rig, chance: random.Random) -> None:
    feeder = rig.any_feeder(chance)
    feeder.unplug()
    time.sleep(chance.uniform(0.2, 1))
    feeder.plug()


def _send_bad_input(rig: Rig, chance: random.Random) -> None:
    """Every kind once, from one wearable."""
    feeder = rig.any_feeder(chance)
    for kind in chance.sample(list(BAD_INPUT), len(BAD_INPUT)):
        feeder.misbehave(kind)


FAULTS: Final[dict[str, Carry]] = {
    "daemon killed": _kill_daemon,
    "broker killed": _kill_broker,
    "connection cut": _cut,
    "network stalls": _stall_network,
    "connections dropped": _drop_connections,
    "connections refused": _refuse_connections,
    "disk full": _fill_disk,
    "clock jumps": _jump_clock,
    "source unplugged": _unplug,
    "bad input": _send_bad_input,
}
