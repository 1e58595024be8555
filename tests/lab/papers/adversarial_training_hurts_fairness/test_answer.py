from __future__ import annotations

import copy

from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import answer, answer_tables
from edgeguard.lab.papers.adversarial_training_hurts_fairness.differences import paired


def with_gap(study, name, values):
    """The study with other values of one gap, by row."""
    changed = copy.deepcopy(study)
    for row, found in zip(changed["rows"], values, strict=True):
        row["differences"][name] = paired(found, values[0])
    return changed


def test_every_figure_has_a_line_and_every_net_a_column(exits):
    figures, differences = answer_tables(exits)
    assert figures.header == ("figure", *(row["title"] for row in exits["rows"]))
    names = ["accuracy", "robust accuracy", "CAU", *(f"CRU_s at ε = {e:g}" for e in (0.1, 0.2, 0.3)), "CRU_ε"]
    assert [row[0] for row in figures.rows] == [row[0] for row in differences.rows] == names
    assert differences.header == ("figure", *(row["title"] for row in exits["rows"][1:]))
    assert differences.title.startswith("Difference to the undefended net of the same seed")


def test_sentences_follow_from_the_numbers(exits):
    values = [[0.1, 0.11, 0.12], [0.11, 0.1, 0.12], [0.0, 0.01, 0.02], [0.3, 0.31, 0.33], [0.2, 0.1, 0.0]]
    told = list(answer(with_gap(exits, "CAU", values)))
    assert told[1] == "Against the undefended net, early-exit ensemble: no difference shown in 5 of 5 figures."
    assert "exits, decorrelated: helps CAU (-0.100 (-0.100 to -0.100))" in told[2]
    assert "adversarial training: harms CAU (+0.203 (" in told[3]
    assert "; no difference shown in the other 4 of 5 figures." in told[3]
    assert told[-1] == (
        "So, of 5 figures of unfairness on ecg5000: early-exit ensemble is shown to harm none; exits, decorrelated is "
        "shown to harm none; adversarial training harms 1 (CAU); exits, adversarial training is shown to harm none."
    )


def test_one_seed_answers_nothing(study):
    one = study("ecg5000", ("undefended", "exits"), ("a", "b"), epsilons=(0.1, 0.2), seeds=(7,))
    _, differences = answer_tables(one)
    assert differences.notes == ("With one seed nothing can be said of how nets differ from the undefended one.",)
    assert all("(" not in row[1] for row in differences.rows)


def test_the_reference_alone_has_no_differences(study):
    assert len(answer_tables(study("ecg5000", ("undefended",), ("a", "b"), epsilons=(0.1,)))) == 1


def test_samples_that_withstand_everything_are_noted(exits):
    changed = copy.deepcopy(exits)
    changed["rows"][1]["nets"][0]["least"]["notes"] = ["1 of 9 windows withstand every ε that was tried"]
    assert answer_tables(changed)[0].notes[-1].startswith("Some samples withstand every ε that was tried, and count as")
    assert len(answer_tables(exits)[0].notes) == 1
