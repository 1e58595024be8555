from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise

import pytest

from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.simulation.plan import Wishes, make_plan
from edgeguard.fleet.simulation.population import ATTRIBUTES
from edgeguard.fleet.simulation.world import World
from edgeguard.telemetry.messages import MESSAGES, Alert, State, Summary, decode
from edgeguard.telemetry.topics import parse

BEGAN = 1_800_000_000_000
WISHES = Wishes(12, "ward", BEGAN, 12 * HOUR_MS, attacked=0.1, unfair=("sex", "F"))
INTERVAL_MS = 900_000


@pytest.fixture(scope="module")
def said():
    """Twelve hours of a dozen devices: (device, message) as a fleet would decode them, in order."""
    world = World(make_plan(WISHES), INTERVAL_MS)
    return [
        (address.device, decode(message.payload, MESSAGES[kind]))
        for message in world.until(BEGAN + 12 * HOUR_MS)
        for address, kind in [parse(message.topic)]
    ]


def of(said, kind):
    found = defaultdict(list)
    for device, message in said:
        if isinstance(message, kind):
            found[device].append(message)
    return found


def test_every_device_sums_up_every_interval_without_a_hole(said):
    summaries = of(said, Summary)
    assert len(summaries) == 12
    for found in summaries.values():
        assert len(found) >= 46
        assert all(before.to_ms == after.from_ms for before, after in pairwise(found))


def test_numbers_run_on_without_a_gap_over_all_starts(said):
    numbered = defaultdict(list)
    for device, message in said:
        if not isinstance(message, State):
            numbered[device].append(message.seq)
    assert all(found == list(range(1, len(found) + 1)) for found in numbered.values())
    assert any(len({message.boot for message in found}) > 1 for found in of(said, Summary).values())


def test_a_device_that_was_away_says_so_and_comes_back_with_what_waited(said):
    states = of(said, State)
    away = [device for device, found in states.items() if any(state.status == "offline" for state in found)]
    assert away
    for device in away:
        assert max(summary.waiting for summary in of(said, Summary)[device]) > 0
        assert states[device][-1].status == "online"


def test_alarms_of_the_attacked_device_begin_and_end(said):
    (victim,) = [fate.address.device for fate in make_plan(WISHES).fates if fate.attacks][:1]
    alerts = of(said, Alert)
    assert [alert.raised for alert in alerts[victim]][:4] == [True, False, True, False]
    longest = {device: max(alert.windows for alert in found) for device, found in alerts.items()}
    assert longest[victim] == max(longest.values()) > 100
    begun = alerts[victim][0]
    assert begun.value > begun.threshold
    assert begun.confidence == pytest.approx(sum(begun.exit_probabilities) / len(begun.exit_probabilities))


def test_both_models_are_told_of(said):
    versions = {device: [state.bundle.version for state in found] for device, found in of(said, State).items()}
    assert all((found[0], found[-1]) == ("1.0", "1.1") for found in versions.values())


def test_no_message_tells_a_group(said):
    content = json.dumps([str(message) for _, message in said])
    for attribute, values in ATTRIBUTES.items():
        assert attribute not in content
        assert not any(f"'{value}'" in content for value in values)


def test_the_same_seed_gives_the_same_messages_however_time_is_cut():
    whole, cut = World(make_plan(WISHES), INTERVAL_MS), World(make_plan(WISHES), INTERVAL_MS)
    pieces = [message for hours in (1, 1.5, 2) for message in cut.until(BEGAN + int(hours * HOUR_MS))]
    assert list(whole.until(BEGAN + 2 * HOUR_MS)) == pieces
    assert len(pieces) > 90


def test_another_interval_follows_without_a_hole():
    world = World(make_plan(WISHES), INTERVAL_MS)
    before = list(world.until(BEGAN + HOUR_MS))
    world.set_interval(60_000, BEGAN + HOUR_MS)
    after = list(world.until(BEGAN + HOUR_MS + 300_000))
    spans = defaultdict(list)
    for message in before + after:
        if message.topic.endswith("telemetry"):
            summary = decode(message.payload, Summary)
            spans[message.topic].append((summary.from_ms, summary.to_ms))
    for found in spans.values():
        assert all(one[1] == other[0] for one, other in pairwise(found))
        assert found[-1][1] - found[-1][0] == 60_000
