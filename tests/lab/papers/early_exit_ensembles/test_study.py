from __future__ import annotations

from dataclasses import replace

import pytest

from edgeguard.lab.papers.early_exit_ensembles import study as module
from edgeguard.lab.papers.early_exit_ensembles.paper import ROWS, TABLES, UNDEFENDED, Published
from edgeguard.lab.papers.early_exit_ensembles.study import Study
from edgeguard.lab.papers.early_exit_ensembles.tables import at_epsilon
from tests.lab.papers.early_exit_ensembles.conftest import TINY


class Stop(Exception):
    pass


def nothing(_standing):
    pass


def test_all_nets_are_trained_and_attacked(plan, wave_data, tmp_path):
    told = []
    figures = Study(plan(), wave_data, told.append).figures()
    assert [row["row"] for row in figures["rows"]] == list(ROWS)
    assert len(list((tmp_path / "runs").iterdir())) == 2 * len(ROWS)
    asked = {row["row"]: [(cell["attack"], cell["epsilon"]) for cell in row["attacks"]] for row in figures["rows"]}
    chosen = figures["epsilon"]
    plain = [("clean", None), ("uap", chosen), ("pgd", 0.1), ("pgd", 1.0)]
    assert asked["pgd-at"] == plain
    assert asked["ours-pgd-at"] == [*plain[:1], *plain[2:], ("pgd-avg", chosen), ("pgd-max", chosen)]
    assert asked["ours"] == [*plain, ("pgd-avg", chosen), ("pgd-max", chosen)]
    assert told[-1].net == told[-1].nets == 12
    assert told[-1].share > 0.9
    assert all(0 <= cell["f1"]["ours"]["mean"] <= 1 for row in figures["rows"] for cell in row["attacks"])


def test_the_radius_is_where_the_undefended_nets_are_nearest_the_papers(plan, wave_data):
    first = Study(plan([UNDEFENDED], ["pgd"]), wave_data, nothing).figures()
    means = {cell["epsilon"]: cell["f1"]["ours"]["mean"] for cell in first["rows"][0]["attacks"]}
    assert means[0.1] != means[1.0]
    for epsilon, mean in means.items():
        paper = Published("Waves", {UNDEFENDED: {"pgd": (mean, 0.5)}}, (), (), "")
        again = Study(plan([UNDEFENDED], ["pgd"], published=paper), wave_data, nothing).figures()
        assert again["epsilon"] == epsilon
        cell = at_epsilon(again["rows"][0], "pgd", epsilon)
        assert cell["f1"]["paper"] == again["epsilon_aim_f1"] == mean
        assert (cell["f1"]["difference"], cell["ece"]["paper"]) == (0, 0.5)


def test_an_interrupted_study_goes_on_and_ends_the_same(plan, wave_data, monkeypatch):
    whole = plan(["ours"], ["clean", "pgd"], seeds=(0,))
    seen = []

    def stop(standing):
        seen.append(standing.doing)
        if standing.doing == "Ours, seed 0: PGD at ε = 1":
            raise Stop

    with pytest.raises(Stop):
        Study(whole, wave_data, stop).figures()
    monkeypatch.setattr(module, "train", lambda recipe, *_, **__: None)  # all nets are there
    seen.clear()
    resumed = Study(whole, wave_data, lambda standing: seen.append(standing.doing)).figures()
    assert seen == ["Ours, seed 0: PGD at ε = 1"]
    seen.clear()
    assert Study(whole, wave_data, stop).figures() == resumed
    assert seen == []


def test_rows_that_are_not_asked_for_stay_out_but_the_undefended_nets_choose_the_radius(plan, wave_data, tmp_path):
    table = TABLES["2"]
    figures = Study(plan(["ours-pgd-at"], table.columns, seeds=(5,)), wave_data, nothing).figures()
    assert [row["row"] for row in figures["rows"]] == ["ours-pgd-at"]
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == [f"waves-tiny-ours-pgd-at-{figures['epsilon']:g}-5", "waves-tiny-undefended-5"]


def test_at_full_scale_every_attack_is_made_and_those_on_all_exits_cover_the_grid(plan):
    whole = plan(scale=replace(TINY, beyond=True))
    assert whole.attacks_on("ours-pgd-at", 1.0) == [
        *[("clean", None), ("uap", 1.0), ("pgd", 0.1), ("pgd", 1.0)],
        *[("pgd-avg", 0.1), ("pgd-avg", 1.0), ("pgd-max", 0.1), ("pgd-max", 1.0)],
    ]
