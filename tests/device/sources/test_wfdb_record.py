from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import wfdb

from edgeguard.device.sources import open_source
from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from tests.feeds import values_of

MLII = SignalSpec(channels=("MLII",), units="mV", window=720, hop=720, rate_hz=360.0)


@pytest.fixture
def record(tmp_path):
    """Ten seconds of two channels in mV and uV, written by the wfdb library; returns the path and the channels."""
    wave = np.sin(np.arange(3600)[:, None] / 20 * [1, 2])
    names, units = ["MLII", "V5"], ["mV", "uV"]
    wfdb.wrsamp("100", 360, units, names, p_signal=wave, fmt=["16", "16"], write_dir=str(tmp_path))
    return tmp_path / "100", wave.T


def replayed(text, signal=MLII):
    return values_of(open_source(str(text), speed=math.inf), signal)


@pytest.mark.parametrize("form", ["{}", "{}.hea", "replay:{}", "{},channels=MLII", "{},channels=0"])
def test_channel_by_name_or_number(record, form):
    path, wave = record
    np.testing.assert_allclose(replayed(form.format(path)), wave[:1], atol=1e-3)


@pytest.mark.parametrize(
    ("suffix", "change", "message"),
    [
        ("", {"rate_hz": None}, "100 has 360 Hz, but the model takes windows without a rate"),
        ("", {"units": "z-score"}, "channel 'MLII' is in 'mV', not in the model's 'z-score': convert it"),
        (",channels=V1", {}, r"has no channel 'V1' \(there are: MLII, V5\)"),
        (",channels=7", {}, r"has no channel '7' \(there are: MLII, V5\)"),
        ("", {"channels": ("ECG",)}, "has no channel 'ECG'"),
        ("", {"window": 4000}, "holds 3600 samples, less than one window of 4000"),
    ],
)
def test_record_that_does_not_fit_is_one_line(record, suffix, change, message):
    facts = {"channels": ("MLII",), "units": "mV", "window": 720, "hop": 720, "rate_hz": 360.0, **change}
    with pytest.raises(SourceError, match=message):
        replayed(f"{record[0]}{suffix}", SignalSpec(**facts))


def test_units_are_converted(record):
    path, wave = record
    np.testing.assert_allclose(replayed(f"{path},channels=V5"), 1e-3 * wave[1:], atol=1e-6)


@pytest.mark.parametrize(("name", "keep"), [("100.dat", 5000), ("100.dat", 0), ("100.hea", 20), ("100.hea", 0)])
def test_cut_record_is_one_line(record, name, keep):
    path = record[0].with_name(name)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SourceError, match=r"100 is no readable WFDB record \(.*\): get its files again") as caught:
        replayed(record[0])
    assert "\n" not in str(caught.value)


def test_missing_signal_file_is_one_line(record):
    record[0].with_suffix(".dat").unlink()
    with pytest.raises(SourceError, match="100 is no readable WFDB record"):
        replayed(record[0])


def test_missing_library_names_the_extra(record):
    code = (
        "import sys; sys.modules['wfdb'] = None\n"
        "from edgeguard.device.sources import open_source\n"
        "from tests.feeds import values_of\n"
        f"try: values_of(open_source({str(record[0])!r}), None)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "MissingExtra wfdb is not installed: run pip install 'edgeguard[bridge]'\n"


@pytest.mark.data
def test_real_record_plays_back_its_lead(data_folder):
    found = values_of(open_source(f"{data_folder}/mitdb/114", speed=math.inf), MLII, limit=1)
    expected = wfdb.rdrecord(f"{data_folder}/mitdb/114", sampto=1440, channel_names=["MLII"]).p_signal.T
    np.testing.assert_allclose(found, expected, atol=1e-6)
