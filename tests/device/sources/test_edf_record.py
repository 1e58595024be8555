from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from edgeguard.device.config import EngineConfig
from edgeguard.device.judge import open_judge
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.sources import open_source
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from tests.edf_files import by_hand, with_gaps, write_edf
from tests.feeds import feed_of, samples_of, values_of
from tests.tiny_model import write_tiny_bundle

EEG = SignalSpec(channels=("EEG Fp1", "EEG Fp2"), units="uV", window=500, hop=125, rate_hz=250.0)


@pytest.fixture
def recording(tmp_path):
    return write_edf(tmp_path / "night.edf")


def source(text):
    return open_source(str(text), speed=math.inf)


@pytest.mark.parametrize("form", ["{}", "replay:{}", "{},channels=EEG Fp1+EEG Fp2", "{},channels=0+1"])
def test_channels_by_name_or_number(recording, form):
    found = values_of(source(form.format(recording)), EEG)
    np.testing.assert_allclose(found, by_hand(recording)[:2], rtol=1e-6, atol=1e-6)


def test_units_are_converted(recording):
    found = values_of(source(f"{recording},channels=ECG+EEG Fp1"), EEG)
    np.testing.assert_allclose(found, by_hand(recording)[[2, 0]] * [[1000], [1]], rtol=1e-6, atol=1e-4)


def test_it_is_played_once_at_its_own_rate(recording):
    feed = feed_of(source(recording), EEG)
    assert (feed.rate_hz, feed.live) == (250.0, False)


def test_signals_of_another_rate_may_stand_beside(tmp_path):
    path = write_edf(tmp_path / "r.BDF".lower(), rates=(250, 250, 50))
    assert values_of(source(path), EEG).shape == (2, 2000)
    with pytest.raises(SourceError, match=r"no common rate \(EEG Fp1 250 Hz, ECG 50 Hz\): choose those of one rate"):
        values_of(source(f"{path},channels=EEG Fp1+ECG"), EEG)


def test_gaps_are_passed_over_and_start_counts_them(recording):
    with_gaps(recording, [0, 1, 2, 3, 4, 5, 10, 11])
    chunks = samples_of(source(f"{recording},start=5.5"), EEG)
    assert [(chunk.start, chunk.values.shape[1]) for chunk in chunks] == [(1375, 125), (2500, 500)]
    assert not any(np.isnan(chunk.values).any() for chunk in chunks)


def test_a_start_within_a_gap_begins_behind_it(recording):
    with_gaps(recording, [0, 1, 2, 3, 4, 5, 10, 11])
    assert samples_of(source(f"{recording},start=8"), EEG)[0].start == 2500


def test_a_loop_goes_round(recording):
    chunks = samples_of(source(f"{recording},loop=true"), EEG, limit=3)
    assert [chunk.start for chunk in chunks] == [0, 1000, 2001]


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        (",channels=EEG Fp1+Oz", r"has no channel 'Oz' \(there are: EEG Fp1, EEG Fp2, ECG\)"),
        (",channels=EEG Fp1", "gives 1 channels"),
    ],
)
def test_a_missing_channel_is_one_line(recording, suffix, message):
    with pytest.raises(SourceError, match=message):
        values_of(source(f"{recording}{suffix}"), EEG)


def test_an_unknown_unit_is_one_line(tmp_path):
    path = write_edf(tmp_path / "r.edf", units={"EEG Fp2": "mmHg"})
    with pytest.raises(SourceError, match="is in 'mmHg', not in the model's 'uV': convert it"):
        values_of(source(path), EEG)


def test_a_cut_file_is_one_line(recording):
    recording.write_bytes(recording.read_bytes()[:-1])
    with pytest.raises(SourceError, match=r"night\.edf is no readable EDF or BDF file \(it has .* bytes"):
        values_of(source(recording), EEG)


def test_windows_are_judged_and_none_lies_across_a_gap(tmp_path, recording):
    with_gaps(recording, [0, 1, 2, 3, 10, 11, 12, 13])
    bundle = write_tiny_bundle(tmp_path / "tiny.zip", signal=EEG)
    with open_judge(bundle, EngineConfig()) as judge:
        pipeline = Pipeline(judge, rate_hz=250.0)
        verdicts = [verdict for chunk in samples_of(source(recording), EEG) for verdict in pipeline.step(chunk)]
    assert [verdict.start for verdict in verdicts] == [*range(0, 501, 125), *range(2500, 3001, 125)]
    assert (pipeline.counts.gaps, pipeline.counts.missing_samples) == (1, 1500)


def test_missing_library_names_the_extra(recording):
    code = (
        "import sys; sys.modules['pyedflib'] = None\n"
        "from edgeguard.device.sources import open_source\n"
        "from tests.feeds import values_of\n"
        f"try: values_of(open_source({str(recording)!r}), None)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "MissingExtra pyedflib is not installed: run pip install 'edgeguard[bridge]'\n"
