from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from edgeguard.errors import ConfigError, NotFound
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.config import Fairness
from edgeguard.fleet.fairness import report
from edgeguard.fleet.fairness_groups import hidden_groups
from edgeguard.fleet.fairness_report import FIGURES, Question
from edgeguard.fleet.store.labels import LabelRow, WindowKey, put
from tests.fleet.worn import START_MS, bucket, cohort, gave, wear

SETTINGS = Fairness()
QUESTION = Question(START_MS, START_MS + 12 * HOUR_MS, "sex")
UNFAIR = {"f": {"alarms": 20, "margin": 0.3}, "m": {"alarms": 2, "margin": 0.7}}
CLASSES = {"f": {"N": (60, 0.9, 0.6), "A": (30, 0.7, 0.4)}, "m": {"N": (80, 0.9, 0.85), "A": (10, 0.5, 0.15)}}


def fill(database, sexes):
    """An hour of 100 windows, 10 rejected, from each; the model is unfair to "f"."""
    cohort(database, sexes)
    with database.writing() as connection:
        gave(connection, *(
            bucket(k, START_MS, windows=100, rejected=10, classes=CLASSES.get(sex), **UNFAIR.get(sex, {}))
            for k, sex in enumerate(sexes, start=1)
        ))  # fmt: skip


def label(database, device_id, window, predicted, true, probability, origin="sample"):
    row = LabelRow(
        WindowKey(device_id, "0" * 16, "ecg", window), START_MS + 1, 1, predicted,
        {predicted: probability, ("A" if predicted == "N" else "N"): 1 - probability}, true, origin, None, None, 1,
    )  # fmt: skip
    with database.writing() as connection:
        put(connection, [row])


def row_of(made, figure, of=""):
    (row,) = (row for row in made.figures if (row.figure, row.of) == (figure, of))
    return row


def test_every_figure_of_every_group(database):
    fill(database, ["f"] * 6 + ["m"] * 7)
    made = report(database, replace(QUESTION, detailed=True), SETTINGS, 1)
    assert [(g.name, g.wearers, g.devices, g.windows) for g in made.groups] == [("f", 6, 6, 600), ("m", 7, 7, 700)]
    by_hand = {
        ("alarm_rate", ""): (20 / 90, 2 / 90), ("rejected_rate", ""): (0.1, 0.1), ("margin", ""): (0.3, 0.7),
        ("rejected_by_reason", "flat"): (0.1, 0.1), ("disagreement", ""): (0.1, 0.1),
        ("prediction_rate", "A"): (30 / 90, 10 / 90), ("confidence", "A"): (0.7, 0.5),
        ("prediction_rate", "N"): (60 / 90, 80 / 90), ("confidence", "N"): (0.9, 0.9),
        ("probability", "A"): (0.4, 0.15), ("probability", "N"): (0.6, 0.85),
    }  # fmt: skip
    assert {(row.figure, row.of) for row in made.figures} == set(by_hand)
    for (figure, of), values in by_hand.items():
        row = row_of(made, figure, of)
        assert [each.value for each in row.groups] == pytest.approx(values)
        assert row.gap.value == pytest.approx(abs(values[0] - values[1]))
        assert row.groups[0].low <= values[0] <= row.groups[0].high
    alarms = row_of(made, "alarm_rate")
    assert (alarms.gap.highest, alarms.gap.lowest, alarms.band) == ("f", "m", 0.05)
    assert alarms.overall.value == pytest.approx((6 * 20 + 7 * 2) / (13 * 90))
    assert (made.robustness.value, made.unfairness.value) == pytest.approx((0.5, np.var([0.3, 0.7])))
    assert made.curve.shares[0][6:8] == [1.0, 0.0]


def test_labelled_windows_give_accuracy_cau_and_eou(database):
    fill(database, ["f"] * 5 + ["m"] * 5)
    for device in range(1, 11):
        woman = device <= 5
        label(database, device, 1, "N", "N", 0.9)
        label(database, device, 2, "N" if woman else "A", "A", 0.8)
        label(database, device, 3, "A", "A", 0.6)
    label(database, 1, 4, "N", "A", 0.8, origin="alarm")
    made = report(database, QUESTION, SETTINGS, 1)
    assert (made.question.origin, made.labels) == ("sample", {"alarm": 1, "sample": 30})
    values = {
        ("accuracy", ""): (2 / 3, 1), ("class_accuracy", "A"): (0.5, 1), ("class_accuracy", "N"): (1, 1),
        ("true_probability", "A"): (0.4, 0.7), ("cau", ""): (0.5, 0.0), ("labelled_margin", ""): (1 / 3, 1.6 / 3),
    }  # fmt: skip
    for (figure, of), expected in values.items():
        assert [each.value for each in row_of(made, figure, of).groups] == pytest.approx(expected)
    assert row_of(made, "cau").overall.value == pytest.approx(0.25)
    of_alarms = report(database, replace(QUESTION, origin="alarm"), SETTINGS, 1)
    assert row_of(of_alarms, "accuracy").groups[0].reason == "fewer than 5 wearers"
    assert any("labels come from alarms" in note for note in of_alarms.notes)


def test_a_small_group_is_hidden_in_every_figure_and_no_total_tells_it(database):
    fill(database, ["f"] * 6 + ["m"] * 7 + ["x"] * 2 + ["y"] * 9)
    made = report(database, replace(QUESTION, detailed=True), SETTINGS, 1)
    hidden = [group for group in made.groups if group.hidden]
    assert [group.name for group in hidden] == ["f", "x"]
    assert all((group.wearers, group.devices, group.windows) == (None,) * 3 for group in hidden)
    for row in made.figures:
        assert row.groups[2].value is None
        assert row.groups[2].clusters == row.groups[2].count == 0
        assert row.overall.clusters <= 7 + 9
    assert made.curve.shares[2] is None


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": 5, "b": 9}, set()),
        ({"a": 4, "b": 9}, {"a", "b"}),
        ({"a": 1, "b": 9, "c": 7, "d": 8}, {"a", "c"}),
        ({"a": 2, "b": 3, "c": 7}, {"a", "b"}),
        ({"a": 1}, {"a"}),
    ],
)
def test_what_is_hidden_is_never_a_small_rest(sizes, hidden):
    assert set(hidden_groups(sizes, 5)) == hidden


def test_two_attributes_make_pairs(database):
    fill(database, ["f"] * 6 + ["m"] * 8)
    lines = [f"W{k},,,,,,{'old' if k % 2 else 'young'}" for k in range(1, 14)]
    wear(database, lines, header="pseudonym,fleet,device,source,from,until,age")
    made = report(database, replace(QUESTION, second="age"), Fairness(min_wearers=3), 1)
    assert [group.name for group in made.groups] == ["f × old", "f × young", "m × old", "m × young"]
    assert made.ungrouped == 1


def test_nothing_is_undefined_without_a_reason(database):
    """One-member groups, a class that one group never has, wearers who sent nothing: and no NaN in the JSON."""
    cohort(database, ["f"] * 5 + ["m"] * 5 + ["x"])
    with database.writing() as connection:
        gave(connection, *(bucket(k, START_MS, classes={"N" if k < 6 else "A": (9, 0.9, 1.0)}) for k in range(1, 11)))
    made = report(database, QUESTION, SETTINGS, 1)
    json.loads(msgspec.json.encode(made), parse_constant=pytest.fail)
    for row in made.figures:
        assert row.figure in FIGURES
        for each in [*row.groups, row.overall, row.gap]:
            assert (each.value is None) == bool(each.reason)
    confidence = row_of(made, "confidence", "A")
    assert [each.reason for each in confidence.groups] == ["nothing was counted", ""]
    assert confidence.gap.reason == "fewer than two groups can be compared"


def test_an_empty_fleet_has_a_report_too(database):
    wear(database, ["W1,,,,,,f"])
    made = report(database, QUESTION, SETTINGS, 1)
    assert (made.groups, made.robustness.reason) == ([], "fewer than two groups can be compared")
    assert row_of(made, "alarm_rate").overall.reason == "nothing was counted"


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"to_ms": START_MS}, ConfigError, "no full hour"),
        ({"from_ms": START_MS + 1, "to_ms": START_MS + HOUR_MS}, ConfigError, "no full hour"),
        ({"attribute": "sxe"}, ConfigError, r"no wearer has the attribute 'sxe' \(did you mean 'sex'\?\)"),
        ({"attribute": "' OR 1=1 --"}, ConfigError, "no wearer has the attribute"),
        ({"second": "age"}, ConfigError, "no wearer has the attribute 'age'"),
        ({"bundle_id": 99}, NotFound, "there is no model 99"),
    ],
)
def test_bad_questions_are_refused_in_one_line(database, change, error, text):
    fill(database, ["f"])
    with pytest.raises(error, match=text):
        report(database, replace(QUESTION, **change), SETTINGS, 1)
