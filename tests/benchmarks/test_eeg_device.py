from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.eeg.bare import bare
from benchmarks.eeg.recordings import CHANNELS, write_recordings
from benchmarks.eeg.served import served
from benchmarks.eeg_device import command
from edgeguard.bundle.reader import Bundle
from edgeguard.signals.edf_records import read_record
from edgeguard.signals.spec import SignalSpec
from tests.eeg_recordings import frontal, write_eeg
from tests.tiny_model import write_tiny_bundle

EEG = SignalSpec(channels=CHANNELS, units="uV", window=250, hop=250, rate_hz=250.0)


@pytest.fixture
def bundle(tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip", signal=EEG)
    return tmp_path / "tiny.zip"


def test_the_daemon_is_measured_once_every_source_has_a_verdict(tmp_path, bundle):
    paths = [
        write_eeg(tmp_path / f"{seed}.edf", frontal(250, 200, seed=seed), 250, channels=CHANNELS) for seed in (1, 2)
    ]
    row = served(bundle, paths, policy="all", speed=20.0, seconds=20.0)
    assert 0 < row["windows"] < 2 * 200
    assert row["mean_stages"] == 3
    assert min(row["latency_ms"]["p50"], row["peak_mb"]) > 0


def test_onnxruntime_alone_is_a_process_of_its_own(bundle):
    row = bare(Bundle.open(bundle), windows=3, pause_s=0.0)
    assert row["windows"] == 3
    assert 0 < row["latency_ms"]["p50"] <= row["latency_ms"]["p99"]
    assert row["peak_mb"] > 10


def test_recordings_go_on_without_a_jump(tmp_path, data_folder):
    (path,) = write_recordings(data_folder, tmp_path, count=1, rate_hz=250, seconds=140)
    values = read_record(path).values
    assert values.shape == (2, 140 * 250)
    length = np.flatnonzero((values[:, 1:] == values[:, :-1]).all(axis=0))[0] + 1
    np.testing.assert_array_equal(values[:, :length], values[:, length : 2 * length][:, ::-1])


def test_missing_bundle_is_one_line(tmp_path):
    result = CliRunner().invoke(command, ["--bundle", str(tmp_path / "nowhere"), "--results", str(tmp_path)])
    assert result.exit_code == 1
    assert "there is no bundle at" in result.output
    assert not list(tmp_path.iterdir())
