from __future__ import annotations

import pytest

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.simulation.models import NEW, OLD
from edgeguard.fleet.simulation.plan import Wishes, make_plan, motion, windows_per_minute, within

BEGAN = 1_800_000_000_000 // DAY_MS * DAY_MS
WEEK = Wishes(40, "ward", BEGAN, 7 * DAY_MS, attacked=0.1, unfair=("skin_tone", "V-VI"))


def test_the_asked_share_is_attacked_in_bouts_towards_the_end():
    plan = make_plan(WEEK)
    attacked = [fate for fate in plan.fates if fate.attacks]
    assert plan.attacked == [fate.address.device for fate in attacked]
    assert len(attacked) == 4
    assert plan.attack_ms == attacked[0].attacks[0][0] == BEGAN + 7 * DAY_MS - 6 * HOUR_MS


def test_unfair_are_those_of_the_group_and_no_others():
    for fate in make_plan(WEEK).fates:
        assert fate.unfair == (fate.wearer.groups["skin_tone"] == "V-VI")


def test_all_change_to_the_new_model_during_the_rollout():
    plan = make_plan(WEEK)
    assert all(plan.rollout[0] <= fate.updated_ms <= plan.rollout[1] for fate in plan.fates)
    assert {fate.model(BEGAN) for fate in plan.fates} == {OLD}
    assert {fate.model(BEGAN + 7 * DAY_MS) for fate in plan.fates} == {NEW}


def test_some_devices_lose_their_link_and_some_start_anew():
    fates = make_plan(WEEK).fates
    assert 6 <= sum(bool(fate.outages) for fate in fates) <= 10
    assert sum(bool(fate.restarts) for fate in fates) == 12
    assert not any(fate.outages for fate in fates if fate.attacks)


def test_a_seed_gives_the_same_plan_and_another_another():
    assert make_plan(WEEK) == make_plan(WEEK)
    assert make_plan(WEEK).fates != make_plan(Wishes(40, "ward", BEGAN, 7 * DAY_MS, seed=1)).fates


@pytest.mark.parametrize(("hour", "windows", "moved"), [(3, 50, 0.01), (15, 75, 0.09)])
def test_nights_are_calm(hour, windows, moved):
    at_ms = BEGAN + hour * HOUR_MS
    assert (windows_per_minute(at_ms), motion(at_ms)) == (pytest.approx(windows), pytest.approx(moved))


def test_a_span_ends_before_its_end():
    assert [within([(2, 4), (6, 7)], at) for at in range(1, 8)] == [False, True, True, False, False, True, False]
