"""A live EEG through the whole daemon: BrainFlow's synthetic board, and a stream of the Lab Streaming Layer.

Both keep real time, so the windows are of a second and not of eight, and the high-pass is one that settles sooner.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from edgeguard.exits.ensemble import probabilities
from edgeguard.lab.data.recordings.windows import windows_of
from edgeguard.signals.eeg import EEG_FILTERS
from edgeguard.signals.spec import FilterSpec, SignalSpec
from tests.cli.conftest import edgeguard  # noqa: F401 - a fixture
from tests.eeg_recordings import frontal
from tests.lsl_streams import described, streaming
from tests.tiny_model import tiny_logits, write_tiny_bundle

EEG = SignalSpec(
    channels=("Fp1", "Fp2"),
    units="uV",
    window=250,
    hop=125,
    rate_hz=250.0,
    filters=(FilterSpec(kind="bandpass", hz=(2.0, 40.0)), *EEG_FILTERS[1:]),
)


@pytest.fixture
def device(edgeguard, tmp_path):  # noqa: F811 - the fixture
    """Run the device until so many windows are there; its last line, and what its log says of each."""
    write_tiny_bundle(tmp_path / "tiny.zip", signal=EEG)

    def run(source, windows):
        words = ("--source", source, "--windows", str(windows), "--log", "log.jsonl", "--quiet")
        status, out, err = edgeguard("run", "tiny.zip", *words)
        assert status == 0, err
        return out, [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]

    return run


def starts(log, rate_hz):
    """Of the windows that were judged, in seconds."""
    return [line["start"] / rate_hz for line in log if "class" in line]


def test_a_brainflow_board_is_judged_window_by_window(device):
    pytest.importorskip("brainflow", exc_type=ImportError)
    out, log = device("brainflow:synthetic,channels=Fz+Cz", windows=6)
    assert starts(log, 250) == [1.0, 1.5, 2.0, 2.5]
    assert Counter(line.get("rejected") for line in log) == {None: 4, "settling": 2}
    assert out.endswith(" 2 rejected, 0 gaps, 0 faults\n")


def test_a_stream_of_lsl_is_judged_as_the_lab_would(device):
    raw = frontal(500, 5)
    samples = [(k / 500, column, k / 500) for k, column in enumerate(raw.T.tolist())]
    with streaming(described("eyes", 500.0, labels=("AF7", "AF8")), samples):
        out, log = device("lsl:eyes,channels=AF7+AF8", windows=6)
    assert starts(log, 500) == [1.0, 1.5, 2.0, 2.5]
    assert out.endswith(" 2 rejected, 0 gaps, 0 faults\n")
    windows = np.stack([values for values, _ in windows_of(raw, 500.0, [], EEG, Counter())])
    found = [line["exit_probabilities"] for line in log if "class" in line]
    np.testing.assert_allclose(found, probabilities(tiny_logits(windows))[: len(found)], atol=1e-4)
