from __future__ import annotations

import hashlib

import msgspec
import pytest

from edgeguard.bundle.fingerprint import PRECISIONS, calibration_fingerprint, other_precision
from edgeguard.signals.spec import BeatSpec, FilterSpec, SignalSpec

SIGNAL = SignalSpec(
    channels=("ECG",), units="mV", window=20, hop=10, rate_hz=360, filters=(FilterSpec(kind="lowpass", hz=(40,)),)
)
CHANGES = {
    "channels": ("EEG",),
    "units": "uV",
    "window": 21,
    "rate_hz": 250.0,
    "filters": (FilterSpec(kind="lowpass", hz=(30,)),),
    "beats": BeatSpec(before=5),
    "preprocessing": ("zscore",),
}


@pytest.mark.parametrize("field", CHANGES)
def test_another_input_is_another_fingerprint(field):
    changed = msgspec.structs.replace(SIGNAL, **{field: CHANGES[field]})
    assert calibration_fingerprint(changed, "float32") != calibration_fingerprint(SIGNAL, "float32")
    assert other_precision(calibration_fingerprint(changed, "float32"), SIGNAL) is None


def test_another_precision_is_another_fingerprint_and_is_told():
    found = {name: calibration_fingerprint(SIGNAL, name) for name in PRECISIONS}
    assert len(set(found.values())) == len(PRECISIONS)
    assert all(other_precision(fingerprint, SIGNAL) == name for name, fingerprint in found.items())


def test_a_file_keeps_the_fingerprint():
    again = msgspec.json.decode(msgspec.json.encode(SIGNAL), type=SignalSpec)
    assert calibration_fingerprint(again, "float32") == calibration_fingerprint(SIGNAL, "float32")


def test_a_field_that_a_later_version_adds_changes_nothing():
    class Later(SignalSpec, frozen=True, kw_only=True):
        """With one thing more to say."""

        lead: str | None = None

    told = msgspec.to_builtins(SIGNAL)
    later = calibration_fingerprint(msgspec.convert(told, Later), "float32")
    assert later == calibration_fingerprint(SIGNAL, "float32")
    assert calibration_fingerprint(msgspec.convert({**told, "lead": "II"}, Later), "float32") != later


def test_it_stays_the_same_from_version_to_version():
    plain = SignalSpec(channels=("ECG",), units="mV", window=140, hop=140)
    text = b'[{"channels": ["ECG"], "hop": 140.0, "units": "mV", "window": 140.0}, "float32"]'
    assert calibration_fingerprint(plain, "float32") == hashlib.sha256(text).hexdigest()
