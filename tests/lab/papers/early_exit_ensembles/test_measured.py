from __future__ import annotations

import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.papers.early_exit_ensembles.measured import MeasuredRun, Question
from edgeguard.lab.run import Run, split_from_recipe

CLEAN = Question(None, {}, None, 15)
ATTACKED = Question("pgd", {"steps": 5}, 1.0, 15)


@pytest.fixture
def run(tmp_path, wave_run, wave_data):
    """A copy of the trained waves, to measure in."""
    copy = Run(tmp_path / "run")
    copy.folder.mkdir()
    for path in wave_run.folder.iterdir():
        (copy.folder / path.name).write_bytes(path.read_bytes())
    return copy


def test_figures_are_those_of_the_evaluation_without_temperature(run, wave_data):
    measured = MeasuredRun(run, wave_data, "cpu")
    clean, attacked = measured.answer(CLEAN), measured.answer(ATTACKED)
    recipe = run.recipe()
    beside = evaluate(run.net(), recipe, wave_data, split_from_recipe(recipe, wave_data)).figures
    for found, expected in ((clean, beside["clean"]), (attacked, beside["pgd"][1])):
        assert found["ece"] == pytest.approx(expected["ensemble"]["ece_uncalibrated"])
        assert found["f1"] == expected["ensemble"]["f1"]  # a temperature does not change who is first
        assert found["f1_last_exit"] == expected["exits"][-1]["f1"]


def test_an_answer_is_kept_for_the_next_process(run, wave_data):
    found = MeasuredRun(run, wave_data, "cpu").answer(ATTACKED)
    again = MeasuredRun(run, wave_data, "cpu")
    assert again.known(Question("pgd", {"steps": 5}, 1.0, 15)) == found
    for other in (
        CLEAN,
        Question("pgd", {"steps": 6}, 1.0, 15),
        Question("pgd", {"steps": 5}, 0.9, 15),
        Question("pgd", {"steps": 5}, 1.0, 10),
        Question("pgd_avg", {"steps": 5}, 1.0, 15),
    ):
        assert again.known(other) is None


def test_a_wrong_option_or_a_damaged_file_is_one_line(run, wave_data):
    measured = MeasuredRun(run, wave_data, "cpu")
    with pytest.raises(ConfigError, match="attack pgd has no option 'stepz'"):
        measured.answer(Question("pgd", {"stepz": 5}, 1.0, 15))
    measured.path.write_text("{")
    with pytest.raises(DataError, match=r"measured\.json cannot be read .* remove it to measure again"):
        measured.known(CLEAN)
