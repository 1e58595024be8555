from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import RESULTS, detection_tables, device_throughput, ecg5000_fcnet, frontier, mitbih_fcnet, start_up
from benchmarks.tables import TABLES, rendered, table
from edgeguard.lab.group_figures import class_figures
from edgeguard.lab.papers.beside import beside
from edgeguard.record import write_result
from tests.lab.detection.small_study import small_study
from tests.lab.papers.early_exit_ensembles.conftest import cost_of
from tests.tiny_model import write_tiny_bundle

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--sources", "1", "--sources", "3", "--windows", "30", "--turns", "1", "--seconds", "2", "--starts", "1"]
SCORES = ("mutual_information", "confusion", "vote_entropy")


def row_of_a_seed(f1, exits):
    """A metrics.json of one seed, as far as the benchmark reads it."""
    clean = {"f1": f1, "ece": 0.02, "ece_uncalibrated": 0.04}
    detection = {name: {"auroc": 0.75, "tpr_at_1_fpr": 0.25} for name in SCORES} if exits > 1 else {}
    attacked = {"ensemble": clean, "exits": [clean], "alarm_rate": 0.5, "detection": detection}
    return {
        "clean": {"ensemble": clean},
        "calibration": {"observed_false_alarm_rate": 0.01},
        "pgd": [{"epsilon": epsilon, **attacked} for epsilon in (0.1, 0.2)],
    }


def study():
    """What a reproduction of the early-exit paper writes of one recipe, as far as tables read it."""
    figure = beside([0.3, 0.5], 0.98)
    asked = [("clean", None), *((attack, epsilon) for attack in ("uap", "pgd", "pgd-avg") for epsilon in (0.1, 0.2))]
    cells = [{"attack": attack, "epsilon": epsilon, "f1": figure, "ece": figure} for attack, epsilon in asked]
    facts = {"title": "Waves", "scale": "tiny", "units": "mV", "epsilon": 0.2, "epsilon_aim_f1": 0.33, "warnings": []}
    return {**facts, "epsilon_f1": figure, "rows": [{"row": "ours", "title": "Ours", "attacks": cells}]}


def run_on_beats(split):
    """A metrics.json of MIT-BIH, as far as the benchmark reads it; class Q was never said."""
    labels, predicted = np.array([0, 0, 0, 1, 2, 3, 4]), np.array([0, 0, 1, 1, 2, 0, 0])
    classes = class_figures(predicted, labels, "NSVFQ")
    group = {"windows": 7, "wearers": 2, "accuracy": 0.5, "macro_f1": 0.25, "per_class": classes}
    ensemble = {"f1": 0.5, "accuracy": 0.625}
    clean = {"ensemble": ensemble, "macro_f1": 0.4, "per_class": classes, "groups": {"age_band": {"65+": group}}}
    facts = {"recipe": "mitbih-fcnet", "seed": 0, "split": split, "wearers": {"test": 22, "seen_in_training": 1}}
    sizes = {"test_windows": 7, "attacked_windows": 3, "epochs": 9}
    attacked = [{"epsilon": 0.1, "ensemble": ensemble, "alarm_rate": 0.75}]
    return {**facts, **sizes, "clean": clean, "calibration": {"observed_false_alarm_rate": 0.02}, "pgd": attacked}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results files written by the commands themselves, on next to nothing."""
    folder = tmp_path_factory.mktemp("results")
    write_tiny_bundle(folder / "tiny.zip")
    for command, words in (
        (start_up.command, ["--runs", "1"]),
        (device_throughput.command, ["--bundle", str(folder / "tiny.zip"), *SMALL]),
    ):
        done = CliRunner().invoke(command, [*words, "--results", str(folder)])
        assert done.exit_code == 0, done.output
    figures = {
        net: {
            **ecg5000_fcnet.summary([row_of_a_seed(f1, exits) for f1 in (0.3, 0.5)]),
            "paper": ecg5000_fcnet.PAPER[net],
        }
        for net, exits in (("early_exit", 3), ("undefended", 1))
    }
    write_result("ecg5000-fcnet", figures, seeds=[0, 1], folder=folder)
    for scale in ("", "-reduced", "-eeg-vgg16-reduced"):
        write_result(f"early-exit-ensembles{scale}", {"waves": study()}, seeds=[0, 1], folder=folder)
    fleet = ("fleet-faults", "fleet-ingest", "fleet-pages")
    for subject in ("attack-speed", "device-faults", "exit-gain", "early-stopping", *fleet):
        (folder / f"{subject}.json").write_text((RESULTS / f"{subject}.json").read_text())
    beats = {"inter_patient": "published", "intra_patient": [0.4, 0.1, 0.5]}
    kept = {protocol: mitbih_fcnet.kept(run_on_beats(split)) for protocol, split in beats.items()}
    write_result("mitbih-fcnet", kept, seeds=[0], folder=folder)
    write_result("exit-cost", {"networks": [cost_of("FCNet"), cost_of("VGG16")]}, folder=folder)
    for subject in (
        "synthetic-ecg",
        "qrs-detection",
        "bridge-codec",
        "bridge-loss",
        "bridge-size",
        "eeg-device",
        "fairness-mitbih",
        "least-epsilon",
        "leave-one-out",
    ):
        (folder / f"{subject}.json").write_text((RESULTS / f"{subject}.json").read_text())
    weights = [{"weights": {name: 1.0}, "found": 0.5, "found_harmful": None, "auroc": 0.75} for name in SCORES]
    for recipe in detection_tables.RECIPES:
        write_result(f"detection-{recipe}", small_study(0.4, 0.6), seeds=[0, 1], folder=folder)
        write_result(f"detection-{recipe}-development", {"weights": weights}, seeds=[0, 1], folder=folder)
    answer = {
        "clean": {"f1": 0.9},
        "attacks": {"pgd": {"f1": 0.5}, "square": {"f1": 0.4}},
        "curve": {"0.3": {"f1": 0.1}},
    }
    rows = [
        {"row": key, **frontier.row_figures(frontier.ROWS[key], [answer, answer])} for key in ("undefended", "apart")
    ]
    for source in ("ecg5000-fcnet", "mitbih-fcnet", "eeg-vgg16"):
        write_result(f"frontier-{source}", {"epsilon": 0.2, "rows": rows}, seeds=[0, 1], folder=folder)
    return folder


@pytest.mark.parametrize("name", [name for name in TABLES if not name.startswith("fairness-study-")])  # see their own
def test_every_table_is_a_table_with_its_caption(results, name):
    text = table(name, results)
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    assert blocks
    for block in blocks:
        assert len({line.count("|") for line in block.splitlines()}) == 1
    written = json.loads((results / f"{TABLES[name][0]}.json").read_text())
    caption = text.splitlines()[-1]
    for fact in (written["scale"], written["machine"]["processor"], written["command"], written["date"]):
        assert fact in caption


def test_figures_over_seeds_stand_beside_the_papers(results):
    lines = table("ecg5000", results).splitlines()
    assert lines[2] == "| F1, weighted | 0.400 ± 0.141 | 0.99 | 0.400 ± 0.141 | 0.98 |"
    assert "nearest the paper's 0.33 at ε = 0.1 (0.400 ± 0.141)" in table("ecg5000-pgd", results)


def test_other_people_stand_beside_other_beats_of_the_same(results):
    text = table("mitbih", results)
    assert "| clean | other people (DS1 / DS2) | other beats of the same people |" in text
    assert "| split | published | at random, 0.4 / 0.1 / 0.5 |" in text
    assert "| N: sensitivity / positive predictivity (windows) | 0.667 / 0.500 (3) | 0.667 / 0.500 (3) |" in text
    assert "| Q | 1 | 0.000 (0.000 to 0.975) | 0 | – |" in text
    assert "| 65+ | 2 | 7 | 0.500 | 0.250 |" in table("mitbih-groups", results)
    assert "| ε, 3 of 7 test windows | F1, weighted | accuracy | alarm rate |" in table("mitbih-pgd", results)


def test_the_early_exit_papers_tables_have_title_and_notes(results):
    text = table("early-exit-table-1", results)
    assert text.startswith("**Table I, Waves, scale tiny**\n\n| mitigation | attack | F1 | paper |")
    assert "| Ours | UAP | 0.400 ± 0.141 | 0.98 | -0.580 ≠ |" in text
    assert "\nε* = 0.2 (mV)" in text
    assert "| 0.1 | 0.400 ± 0.141 |" in table("early-exit-curve", results)


def test_what_larger_fleets_need_is_arithmetic_from_what_was_measured(results):
    rate = json.loads((results / "fleet-ingest.json").read_text())["figures"]["cases"]["postgresql_1"]["messages_per_s"]
    assert f"| 1,000,000 | 16,666.7 | {math.ceil(1e6 / 60 / (rate / 2))} |" in table("fleet-scale", results)
    size = json.loads((results / "fleet-faults.json").read_text())["figures"]["broker_stopped"]["summary_bytes"]
    assert f"| 1,000 | 1,440,000 | {1.44e6 * 30 * size / 1e9:,.1f} GB |" in table("fleet-disk", results)


def render(root, *words):
    script = [sys.executable, str(ROOT / "scripts" / "render"), "--root", str(root), *words]
    return subprocess.run(script, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def checkout(tmp_path, results):
    (tmp_path / "docs").mkdir()
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "results").symlink_to(results)
    (tmp_path / "README.md").write_text("before\n\n<!-- table: ecg5000 -->\nold\n<!-- /table -->\nafter\n")
    return tmp_path


def test_render_fills_the_page_and_check_is_content(checkout):
    assert "run scripts/render" in render(checkout, "--check").stderr
    assert "old" in (checkout / "README.md").read_text()
    assert render(checkout).returncode == 0
    text = (checkout / "README.md").read_text()
    assert text.startswith("before\n\n<!-- table: ecg5000 -->\n\n| clean")
    assert text.endswith("*\n\n<!-- /table -->\nafter\n")
    assert render(checkout, "--check").returncode == 0
    (checkout / "README.md").write_text(text.replace("0.400", "0.900", 1))
    assert render(checkout, "--check").returncode == 1


def test_only_a_table_that_is_asked_for_needs_its_file(checkout):
    (checkout / "benchmarks" / "results").unlink()
    done = render(checkout, "--check")
    assert done.returncode == 1
    assert done.stderr == "README.md: ecg5000-fcnet.json is not there: run python -m benchmarks.ecg5000_fcnet\n"
    (checkout / "README.md").write_text("<!-- table: exit-cost -->\n<!-- /table -->\n")
    assert "exit-cost.json is not there: run edgeguard reproduce" in render(checkout, "--check").stderr
    (checkout / "README.md").write_text("no table\n")
    assert render(checkout, "--check").returncode == 0


def test_a_slip_in_a_marker_is_told(results):
    assert "no table is called 'ecg'" in rendered("<!-- table: ecg -->\n<!-- /table -->", results)[1][0]
    assert "not closed" in rendered("<!-- table: ecg5000 -->\n", results)[1][0]


def test_the_documents_show_what_was_measured():
    done = render(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_defense_that_falls_to_an_attack_without_gradients_shows_it(results):
    assert "| exits trained apart | 0.900 ± 0.000 | 0.500 ± 0.000 |" in table("frontier-ecg5000", results)
    assert table("frontier-ecg5000", results).splitlines()[2].endswith("| +0.100 (Square) |")
    assert "| undefended | 0.500 ± 0.000 | 0.100 ± 0.000 |" in table("frontier-ecg5000-curve", results)
