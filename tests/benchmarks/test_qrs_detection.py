from __future__ import annotations

import json

import numpy as np
import pytest
import wfdb
from click.testing import CliRunner

from benchmarks.qrs_detection import Record, command, counted, summary
from edgeguard.signals.synthetic import draw_wearer, synthesize


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder of data with one record: an ECG in its first lead, noise in its second."""
    folder = tmp_path / "mitdb"
    folder.mkdir()
    made = synthesize(draw_wearer(1), rate_hz=360.0, seconds=60.0, seed=1, abnormal_share=0.0)
    noise = np.random.default_rng(0).normal(size=len(made.signal_mv))
    signals = np.stack([made.signal_mv, noise], axis=1).astype(np.float64)
    beats = made.r_peaks[(made.r_peaks > 0) & (made.r_peaks < len(signals))]
    wfdb.wrsamp("100", 360, ["mV", "mV"], ["MLII", "V5"], signals, fmt=["212", "212"], write_dir=str(folder))
    wfdb.wrann("100", "atr", np.append(beats, beats[-1] + 5), ["N"] * len(beats) + ["+"], write_dir=str(folder))
    monkeypatch.setenv("EDGEGUARD_DATA", str(tmp_path))
    return len(beats)


def test_every_detector_is_measured_and_written_with_the_facts(data, tmp_path):
    result = CliRunner().invoke(command, ["--records", "100", "--results", str(tmp_path)])
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "qrs-detection.json").read_text())
    assert written["scale"] == "records 100"
    figures = written["figures"]
    assert figures["beats"] == data
    ours, noise, *peers = figures["detectors"]
    assert ours["records"] == {"100": [data, 0, 0]}
    assert noise["predictivity"] < 0.9
    assert all(peer["sensitivity"] > 0.9 and peer["cpu_s_per_hour"] > 0 for peer in peers)
    assert len({(row["constant"], row["value"]) for row in figures["scaled"]}) == len(figures["scaled"])


@pytest.mark.parametrize("words", [["--records", "100,nowhere"], ["--records", "nowhere"]])
def test_a_record_that_is_not_there_is_one_line(data, tmp_path, words):
    result = CliRunner().invoke(command, [*words, "--results", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "no record nowhere: set EDGEGUARD_DATA" in result.output


def test_shares_are_of_all_beats_and_averages_of_records():
    found = summary({"a": np.array([90, 10, 10]), "b": np.array([400, 0, 0])})
    assert found["counts"] == [490, 10, 10]
    assert found["sensitivity"] == found["predictivity"] == pytest.approx(0.98)
    assert found["average"]["sensitivity"] == pytest.approx(0.95)
    assert found["worst"]["predictivity"] == (0.9, "a")
    assert found["sensitivity_95"][0] < 0.98 < found["sensitivity_95"][1]


def test_a_peak_counts_within_150_ms_once():
    beats = np.array([1000, 2000, 3000])
    assert counted(beats, np.array([1053, 2055, 2990, 3010]), 360.0).tolist() == [2, 2, 1]


def test_flutter_is_left_out_on_demand():
    record = Record("207", 360.0, np.zeros((2, 10)), np.zeros(0, dtype=np.int64), np.array([100, 200, 500, 600]))
    assert record.outside_flutter(np.array([50, 150, 300, 550, 700])).tolist() == [50, 300, 700]
