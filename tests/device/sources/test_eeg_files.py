"""EEG files that do not fit, through the whole daemon: one line that says what is wrong."""

from __future__ import annotations

import re

import pytest

from edgeguard.signals.eeg import EEG_FILTERS
from edgeguard.signals.spec import SignalSpec
from tests.cli.conftest import edgeguard  # noqa: F401 - a fixture
from tests.edf_files import with_gaps
from tests.eeg_recordings import CHOSEN, frontal, write_eeg
from tests.tiny_model import write_tiny_bundle

EEG = SignalSpec(channels=("Fp1", "Fp2"), units="uV", window=2000, hop=250, rate_hz=250.0, filters=EEG_FILTERS)


@pytest.fixture
def run(edgeguard, tmp_path):  # noqa: F811 - the fixture
    """Run the device over r.edf: its exit status and all that it says."""
    write_tiny_bundle(tmp_path / "tiny.zip", signal=EEG)

    def run(options=f",channels={CHOSEN}"):
        status, out, err = edgeguard("run", "tiny.zip", "--source", f"r.edf{options}", "--speed", "max", "--quiet")
        return status, out + err

    return run


@pytest.mark.parametrize(
    ("facts", "options", "message"),
    [
        ({}, "", r"r\.edf has no channel 'Fp1' \(there are: EEG Fp1-REF, EEG Fp2-REF, ECG\): name one for each"),
        ({}, ",channels=EEG Fp1-REF+ECG", r"have no common rate \(EEG Fp1-REF 256 Hz, ECG 50 Hz\)"),
        ({"unit": "degC"}, f",channels={CHOSEN}", r"r\.edf: channel 'Fp1' is in 'degC', not in the model's 'uV'"),
        ({"rate_hz": 1009}, f",channels={CHOSEN}", "1009 Hz cannot be resampled to 250 Hz"),
        ({"seconds": 7}, f",channels={CHOSEN}", "r.edf holds 1792 samples, less than one window of 2048"),
    ],
)
def test_what_does_not_fit_is_one_line(run, tmp_path, facts, options, message):
    rate_hz = facts.get("rate_hz", 256)
    values = frontal(rate_hz, facts.get("seconds", 10))
    write_eeg(tmp_path / "r.edf", values, rate_hz, unit=facts.get("unit", "uV"))
    status, said = run(options)
    assert status == 1
    assert re.fullmatch(rf"error: [^\n]*({message})[^\n]*\n", said)


def test_a_file_cut_short_is_one_line(run, tmp_path):
    path = write_eeg(tmp_path / "r.edf", frontal(256, 10), 256)
    path.write_bytes(path.read_bytes()[:-1000])
    status, said = run()
    assert status == 1
    assert re.fullmatch(r"error: r\.edf is no readable EDF or BDF file \(it has .*\): get the whole file\n", said)


@pytest.mark.parametrize("begins_s", [range(8), [*range(5), *range(10, 15)]])
def test_a_recording_without_a_stretch_as_long_as_a_window_is_said_to_give_none(run, tmp_path, begins_s, caplog):
    path = write_eeg(tmp_path / "r.edf", frontal(256, len(begins_s)), 256)
    with_gaps(path, begins_s)
    status, said = run()
    assert "r: no window: it ended before a window was complete: give it more samples without a gap" in caplog.text
    assert (status, re.findall(r"^0 windows.* 1 faults$", said, flags=re.MULTILINE) != []) == (0, True)
