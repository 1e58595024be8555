from __future__ import annotations

from benchmarks.fairness_study_tables import NAMES, scope, shown
from edgeguard.lab.papers.adversarial_training_hurts_fairness.rows import row_figures
from tests.lab.papers.adversarial_training_hurts_fairness.conftest import net_of, samples_of

EPSILONS = (0.1, 0.2)


def study():
    net = net_of(0, samples_of(("a", "b")), EPSILONS, radius=0.1)
    rows = [row_figures(row, [net], [net], None, 0.1) for row in ("undefended", "exits")]
    facts = {"title": "ECG5000", "scale": "full", "units": "mV", "classes": ["a", "b"], "seeds": [0]}
    return {**facts, "radius": 0.1, "epsilons": list(EPSILONS), "rows": rows}


def test_a_table_has_every_study_that_the_file_holds():
    titles = [table.title for table in shown({"ecg5000": study()}, "table-exits")]
    assert titles == [
        "Does the exits' defense harm fairness? ECG5000, 1 seed, scale full",
        "Difference to the undefended net of the same seed, ECG5000, 1 seed, scale full",
    ]
    assert list(shown({}, "figure-4")) == []


def test_tables_and_figures_have_names():
    assert {"table-3", "table-text", "table-text-cifar10", "figure-6"} < set(NAMES)


def test_the_scale_is_that_of_the_studies_shown():
    small = {**study(), "title": "MIT-BIH", "scale": "reduced", "seeds": [0, 1]}
    both = {"ecg5000": study(), "mitbih": small, "adult": {**study(), "scale": "tiny", "seeds": [7]}}
    assert scope(both, "table-exits") == {"scale": "ECG5000 full / MIT-BIH reduced", "seeds": [0, 1]}
    assert scope(both, "table-exits-mitbih") == {"scale": "reduced", "seeds": [0, 1]}
    assert scope({"mitbih": small}, "table-exits") == {"scale": "reduced", "seeds": [0, 1]}
