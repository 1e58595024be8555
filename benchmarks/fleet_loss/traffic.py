"""What the spools of virtual devices hold: messages of a simulated fleet, each with its number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from edgeguard.fleet.clock import HOUR_MS, unix_ms
from edgeguard.fleet.simulation.plan import Wishes, make_plan
from edgeguard.fleet.simulation.world import World
from edgeguard.telemetry.connection import Message

_INTERVAL_MS: Final = 10_000
_KINDS: Final = ("telemetry", "alert")


class Key(NamedTuple):
    """What makes a message one."""

    device: str
    boot: str
    seq: int
    kind: str


@dataclass(frozen=True)
class Traffic:
    """Messages in the order in which they leave their devices.

    Attributes:
        messages: States are among them, which are retained and have no number.
        keys: Of the messages that have one.
    """

    messages: tuple[Message, ...]
    keys: frozenset[Key]


def traffic(count: int, devices: int, seed: int) -> Traffic:
    """`count` numbered messages of a fleet of which some are attacked; they end about now."""
    length_ms = _INTERVAL_MS * (count // devices + 1)
    wishes = Wishes(devices, "loss", unix_ms() - length_ms - HOUR_MS, length_ms, attacked=0.1, seed=seed)
    world = World(make_plan(wishes), _INTERVAL_MS)
    messages: list[Message] = []
    keys: list[Key] = []
    for message in world.until(wishes.began_ms + 2 * length_ms):
        messages.append(message)
        keys += _keys(message)
        if len(keys) == count:
            return Traffic(tuple(messages), frozenset(keys))
    raise ValueError(f"{count} messages of {devices} devices did not come about")


def _keys(message: Message) -> Iterator[Key]:
    """None or one; read from the JSON, as the fleet's own reader is what is to be proved."""
    *_, device, kind = message.topic.split("/")
    if kind in _KINDS:
        content = json.loads(message.payload)
        yield Key(device, content["boot"], content["seq"], kind)
