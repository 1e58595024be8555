from __future__ import annotations

import json

import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.early_exit_ensembles import asked
from edgeguard.lab.papers.early_exit_ensembles import reproduce as module
from edgeguard.lab.papers.early_exit_ensembles.asked import Asked
from edgeguard.lab.papers.early_exit_ensembles.paper import PUBLISHED, SCALES, UNDEFENDED, Published
from edgeguard.lab.papers.reproduction import PAPERS, Order
from tests.lab.papers.early_exit_ensembles.conftest import TINY, cost_of

SMALL = (
    *("data.options={windows=160, wearers=2, classes='binary'}", "data.split=[0.5, 0.25, 0.25]"),
    *("net.options={filters=2, kernels=[3, 3]}", "calibration.false_alarm_rate=0.05", "evaluation.steps=2"),
)


@pytest.fixture
def order(tmp_path, monkeypatch):
    monkeypatch.setitem(SCALES, "tiny", TINY)
    monkeypatch.setattr(module, "exit_cost", lambda network, turns: cost_of(network.title))

    def make(**changes):
        facts = {"scale": "tiny", "seeds": (0, 1), "assignments": SMALL}
        return Order(tmp_path / "runs", tmp_path / "results", tmp_path, **{**facts, **changes})

    return make


def reproduce(order):
    return PAPERS.load("early-exit-ensembles")(order, lambda _: None)


def test_the_papers_recipe_gives_both_tables_the_cost_and_their_files(order, monkeypatch, tmp_path):
    figures = {UNDEFENDED: {"clean": (0.98, 0.01)}, "ours": {"clean": (0.99, 0.01)}}
    published = {"synthetic-ecg": Published("Synthetic", figures, (0.1, 0.3), (), "nothing")}
    monkeypatch.setattr(asked, "PUBLISHED", published)
    done = reproduce(order(rows=("no-mitigation", "ours")))
    titles = [table.title for table in done.tables]
    assert [title.partition(", ")[0] for title in titles] == [
        *("Table I", "Table II", "F1 under PGD over ε", "What exits add to FCNet", "What exits add to VGG16")
    ]
    assert "tiny: at most 3 epochs, 1 in adversarial training" in titles[0]
    names = ["early-exit-ensembles-tiny.json", "early-exit-curve-synthetic-ecg-tiny.svg", "exit-cost.json"]
    assert [path.name for path in done.files] == names
    written = json.loads(done.files[0].read_text())
    assert (written["seeds"], written["scale"]) == ([0, 1], written["figures"]["synthetic-ecg"]["scale"])
    assert [row["row"] for row in written["figures"]["synthetic-ecg"]["rows"]] == ["no-mitigation", "ours"]
    clean = written["figures"]["synthetic-ecg"]["rows"][1]["attacks"][0]["f1"]
    assert (clean["paper"], len(clean["ours"]["values"])) == (0.99, 2)
    assert clean["difference"] == pytest.approx(clean["ours"]["mean"] - 0.99)
    svg = done.files[1].read_text()
    assert all(f">{text}<" in svg for text in ("No mitigation", "Ours", "weighted F1", "ε (l∞, z-score)"))


def test_another_recipe_has_files_of_its_own_and_no_figures_of_the_paper(order):
    done = reproduce(order(recipe="synthetic-ecg", table="1", rows=("ours",), seeds=(0,)))
    assert [path.name for path in done.files] == [
        *("early-exit-ensembles-synthetic-ecg-tiny.json", "early-exit-curve-synthetic-ecg-tiny.svg")
    ]
    assert "paper" not in done.tables[0].header
    assert "changed: data.options=" in done.tables[0].title


def test_cost_alone_trains_nothing(order, tmp_path):
    done = reproduce(order(recipe="synthetic-ecg", table="cost"))
    assert [path.name for path in done.files] == ["exit-cost-synthetic-ecg.json"]
    assert done.tables[0].title == "What exits add to synthetic-ecg"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "3"}, "the paper has no table '3'; there are: 1, 2, cost, all"),
        ({"table": "cots"}, "did you mean 'cost'"),
        ({"scale": "reducd"}, r"the paper has no scale 'reducd' \(did you mean 'reduced'\?\)"),
        ({"rows": ("our",)}, r"the paper has no row 'our' \(did you mean 'ours'\?\)"),
        ({"table": "1", "rows": ("ours-pgd-at",)}, "row 'ours-pgd-at' is not in table 1: take another table"),
        ({"recipe": "ecg500-fcnet"}, "did you mean 'ecg5000-fcnet'"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_before_anything_is_done(order, tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        reproduce(order(**changes))
    assert not (tmp_path / "runs").exists()


def test_the_scale_follows_the_device_and_says_what_was_reduced(order):
    reduced = Asked(order(scale=None, assignments=()))
    assert reduced.scale_name == "reduced"
    plan, eeg = reduced.plans()
    assert "an eighth of the filters" in eeg.scale_text
    assert plan.scale_text.startswith("reduced: 32 filters instead of 128, at most 30 epochs, 10 in adversarial")
    assert plan.nets.epsilons == PUBLISHED["ecg5000-fcnet"].epsilons
    full, wide = Asked(order(scale="full", assignments=())).plans()
    assert full.scale_text == wide.scale_text == "full"
    assert full.nets.base.net.options == {}


def test_a_data_set_too_small_for_its_promise_shows_before_the_one_before_it_is_worked_on(order, monkeypatch, tmp_path):
    published = {}
    for name, rate in (("enough", 0.05), ("small", 0.001)):
        path = tmp_path / f"{name}.toml"
        tables = "[data]\nname = 'synthetic_ecg'\n[net]\nname = 'fcnet'\n[calibration]\nfalse_alarm_rate"
        path.write_text(f"name = '{name}'\n{tables} = {rate}\n")
        published[str(path)] = Published(name, {}, (0.1,), (), "nothing")
    monkeypatch.setattr(asked, "PUBLISHED", published)
    with pytest.raises(ConfigError, match=r"40 calibration windows .* rate of 0\.001: it takes at least 999"):
        reproduce(order(assignments=[word for word in SMALL if "rate" not in word]))
    assert not (tmp_path / "runs").exists()
