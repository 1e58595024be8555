"""What happens to which device, and when; all of it is known before the first message."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.simulation.models import NEW, OLD, SimulatedModel
from edgeguard.fleet.simulation.population import Wearer, draw_wearers
from edgeguard.telemetry.topics import Address

MINUTE_MS: Final = 60_000
_BOUT_MS: Final = 12 * MINUTE_MS  # of attack, in each
_BOUT_EVERY_MS: Final = 40 * MINUTE_MS
_LONGEST_ATTACK_MS: Final = 6 * HOUR_MS
_WITH_RESTARTS: Final = 0.3  # shares of the devices
_WITH_OUTAGES: Final = 0.25
_DRIFTING: Final = 0.05

Span = tuple[int, int]  # [from, until) in Unix milliseconds


@dataclass(frozen=True)
class Fate:
    """What happens to one device.

    Attributes:
        address: Of its messages.
        wearer: Who wears it; never told in a message.
        unfair: Whether the model is unfair to the wearer's group.
        updated_ms: When it changes from the old model to the new.
        attacks: When it is attacked.
        outages: When it has no link; what it has to say then comes afterwards.
        restarts: When it starts anew.
        drift_per_day: Standard deviations by which the logarithm of its disagreement rises.
    """

    address: Address
    wearer: Wearer
    unfair: bool = False
    updated_ms: float = math.inf
    attacks: tuple[Span, ...] = ()
    outages: tuple[Span, ...] = ()
    restarts: tuple[int, ...] = ()
    drift_per_day: float = 0.0

    def model(self, at_ms: int) -> SimulatedModel:
        """What it runs at a time."""
        return NEW if at_ms >= self.updated_ms else OLD


@dataclass(frozen=True)
class Wishes:
    """What was asked for.

    Attributes:
        devices: How many.
        fleet: Their fleet id.
        began_ms: When the first message is from.
        length_ms: How long the whole takes, as far as is known: what is spread over time is spread over this.
        attacked: Share of the devices that are attacked, towards the end.
        unfair: Attribute and value of the group that the model is unfair to.
        seed: The same seed, the same fleet.
    """

    devices: int
    fleet: str
    began_ms: int
    length_ms: int
    attacked: float = 0.0
    unfair: tuple[str, str] | None = None
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """The fates of all devices, and when things begin.

    Attributes:
        fates: One for each device.
        rollout: When the first and the last device change to the new model.
        attack_ms: When the first attack begins.
    """

    fates: tuple[Fate, ...]
    rollout: Span
    attack_ms: int
    wishes: Wishes = field(repr=False)

    @property
    def attacked(self) -> list[str]:
        """Ids of the devices that are attacked."""
        return [fate.address.device for fate in self.fates if fate.attacks]


def make_plan(wishes: Wishes) -> Plan:
    """Draw what happens to each device."""
    rng = np.random.default_rng([wishes.seed, 0])
    wearers = draw_wearers(wishes.devices, rng)
    rollout = wishes.began_ms + int(0.4 * wishes.length_ms), wishes.began_ms + int(0.5 * wishes.length_ms)
    attack_ms = wishes.began_ms + wishes.length_ms - min(int(0.3 * wishes.length_ms), _LONGEST_ATTACK_MS)
    victims = frozenset(rng.permutation(wishes.devices)[: math.ceil(wishes.attacked * wishes.devices)].tolist())
    attacks = _bouts(attack_ms, wishes.began_ms + wishes.length_ms + DAY_MS)
    width = max(4, len(str(wishes.devices)))
    fates = tuple(
        Fate(
            address=Address(wishes.fleet, f"sim-{number + 1:0{width}d}"),
            wearer=wearer,
            unfair=wishes.unfair is not None and _belongs(wearer.groups, wishes.unfair),
            updated_ms=int(rng.uniform(*rollout)),
            attacks=attacks if number in victims else (),
            outages=() if number in victims else _outages(rng, wishes),
            restarts=_restarts(rng, wishes),
            drift_per_day=float(rng.uniform(0.1, 0.25)) if rng.random() < _DRIFTING else 0.0,
        )
        for number, wearer in enumerate(wearers)
    )
    return Plan(fates, rollout, attack_ms, wishes)


def _belongs(groups: Mapping[str, str], group: tuple[str, str]) -> bool:
    return groups.get(group[0]) == group[1]


def _bouts(first_ms: int, until_ms: int) -> tuple[Span, ...]:
    return tuple((begin, begin + _BOUT_MS) for begin in range(first_ms, until_ms, _BOUT_EVERY_MS))


def _outages(rng: np.random.Generator, wishes: Wishes) -> tuple[Span, ...]:
    if rng.random() >= _WITH_OUTAGES:
        return ()
    lengths = rng.uniform(0.02, 0.1, size=2) * min(wishes.length_ms, DAY_MS)
    begins = np.sort(rng.uniform(0.05, 0.8, size=2)) * wishes.length_ms + wishes.began_ms
    return tuple((int(begin), int(begin + length)) for begin, length in zip(begins, lengths, strict=True))


def _restarts(rng: np.random.Generator, wishes: Wishes) -> tuple[int, ...]:
    if rng.random() >= _WITH_RESTARTS:
        return ()
    times = np.sort(rng.uniform(0, 1, size=1 + wishes.length_ms // (3 * DAY_MS)))
    return tuple(int(wishes.began_ms + at * wishes.length_ms) for at in times)


def within(spans: Sequence[Span], at_ms: int) -> bool:
    """Whether a time lies in one of the spans."""
    return any(begin <= at_ms < end for begin, end in spans)


def windows_per_minute(at_ms: int) -> float:
    """One window a heart beat: about 75 a minute in the afternoon, 50 at night (UTC)."""
    return 62.5 + 12.5 * _daylight(at_ms)


def motion(at_ms: int) -> float:
    """Share of the windows that are rejected for motion: 1 % at night, 9 % in the afternoon."""
    return 0.05 + 0.04 * _daylight(at_ms)


def _daylight(at_ms: int) -> float:
    """From -1 at 3 o'clock in the morning to 1 at 15 o'clock."""
    return math.cos(2 * math.pi * (at_ms % DAY_MS / HOUR_MS - 15) / 24)
