from __future__ import annotations

import numpy as np
import pytest

from edgeguard.fleet.simulation.models import OLD, SimulatedModel
from edgeguard.fleet.simulation.windows import Condition, draw, tally_of

CALM = Condition(motion=0.05)
LOUD = SimulatedModel("loud", sharpness=8.0, false_alarm_rate=0.02)


def drawn(condition, count=20_000, model=OLD):
    rng = np.random.default_rng(1)
    windows = draw(rng, model, condition, count)
    return windows, tally_of(rng, model, windows)


def test_a_tally_counts_what_was_drawn():
    windows, tally = drawn(CALM, 500)
    predicted = windows.probabilities.argmax(axis=1)
    assert tally.windows == 500
    assert tally.predictions["N"] == (predicted == 0).sum() > 400
    assert tally.confidence["N"].sum == pytest.approx(windows.probabilities[predicted == 0].max(axis=1).sum())
    assert tally.stages == (0, 0, 0, len(windows.places))


def test_no_window_is_a_tally_of_nothing():
    assert drawn(CALM, 0)[1].windows == 0


def test_clean_windows_alarm_as_often_as_promised():
    tally = drawn(CALM, model=LOUD)[1]
    assert tally.alarms / sum(tally.predictions.values()) == pytest.approx(0.02, abs=0.004)


def test_under_attack_exits_disagree_and_the_margin_falls():
    clean, attacked = drawn(CALM)[1], drawn(Condition(motion=0.05, attacks=((0.0, 1.0),)))[1]
    assert clean.alarms < 3
    assert attacked.alarms > 0.5 * attacked.windows
    assert attacked.margin.mean < clean.margin.mean - 0.15


def test_attacks_keep_to_their_part_of_the_interval():
    windows, _ = drawn(Condition(attacks=((0.5, 0.75),)), 4000)
    alarmed = windows.places[windows.disagreement > OLD.threshold]
    assert len(alarmed) > 500
    assert ((alarmed >= 2000) & (alarmed < 3000)).mean() > 0.99


def test_an_unfair_model_rejects_more_errs_more_and_is_less_sure():
    fair, unfair = drawn(CALM, model=LOUD), drawn(CALM.unfair(), model=LOUD)
    right = [(windows.probabilities.argmax(axis=1) == windows.truth).mean() for windows, _ in (fair, unfair)]
    assert right[0] > right[1] + 0.02
    fair, unfair = fair[1], unfair[1]
    assert sum(unfair.rejected.values()) > 2 * sum(fair.rejected.values())
    assert unfair.margin.mean < fair.margin.mean - 0.1
    assert unfair.alarms > 2 * fair.alarms
