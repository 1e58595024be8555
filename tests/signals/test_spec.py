from __future__ import annotations

from edgeguard.signals.spec import SignalSpec


def test_a_zscored_input_has_no_physical_unit():
    facts = {"channels": ("ECG",), "units": "mV", "window": 8, "hop": 8}
    assert SignalSpec(**facts, preprocessing=("center",)).input_units == "mV"
    assert SignalSpec(**facts, preprocessing=("center", "zscore")).input_units == "z-score"
