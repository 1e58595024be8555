from __future__ import annotations

import json

import pytest

from edgeguard.errors import DataError
from edgeguard.lab.papers.reproduction import PAPERS, Order

SMALL = (
    *("data.options={windows=240, wearers=8, classes='binary'}", "data.split=[0.4, 0.3, 0.3]"),
    *("net.options={filters=2, kernels=[3, 3]}", "calibration.false_alarm_rate=0.05", "training.epochs=1"),
    *("evaluation.steps=1", "evaluation.epsilons=[0.1, 0.3]"),
)


def reproduce(order):
    return PAPERS.load("adversarial-training-hurts-fairness")(order, lambda _: None)


def test_a_recipe_of_ones_own_has_its_tables_files_and_page(tmp_path):
    facts = {"recipe": "synthetic-ecg", "rows": ("exits",), "seeds": (0, 1), "assignments": SMALL}
    done = reproduce(Order(tmp_path / "runs", tmp_path / "results", tmp_path, **facts))
    end = "-synthetic-ecg-reduced"
    assert [path.name for path in done.files] == [
        f"adversarial-training-hurts-fairness{end}.json",
        f"adversarial-training-hurts-fairness{end}.html",
        f"fairness-exits{end}.png",
    ]
    assert [table.title.partition("?")[0] for table in done.tables] == [
        "Does the exits' defense harm fairness",
        done.tables[1].title,
    ]
    written = json.loads(done.files[0].read_text())
    study = written["figures"]["synthetic-ecg"]
    assert (written["seeds"], written["scale"]) == ([0, 1], study["scale"])
    assert [row["row"] for row in study["rows"]] == ["undefended", "exits"]
    gap = study["rows"][1]["nets"][0]["clean"]["groups"]["sex"]["accuracy"]
    assert {"value", "low", "high", "p_value", "highest", "lowest", "groups", "reason"} <= set(gap)
    assert "<img" in done.files[1].read_text()


def test_data_that_is_missing_shows_before_anything_is_trained(tmp_path):
    with pytest.raises(DataError, match="adult is neither in"):
        reproduce(Order(tmp_path / "runs", tmp_path / "results", tmp_path / "data", figure="4"))
    assert not (tmp_path / "runs").exists()
