from __future__ import annotations

import msgspec
import pytest

from edgeguard.signals.spec import SignalSpec


def test_a_zscored_input_has_no_physical_unit():
    facts = {"channels": ("ECG",), "units": "mV", "window": 8, "hop": 8}
    assert SignalSpec(**facts, preprocessing=("center",)).input_units == "mV"
    assert SignalSpec(**facts, preprocessing=("center", "zscore")).input_units == "z-score"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rate_hz": None, "beats": {"before": 3}}, "filters, beats and quality need a rate_hz"),
        ({"rate_hz": 90.0, "beats": {"before": 3}}, "beats are found at 100 to 1000 Hz: 90"),
        ({"beats": {"before": 8}}, "outside the window of 8"),
        ({"filters": [{"kind": "lowpass", "hz": [125.0]}]}, "at or above half of rate_hz 250"),
        ({"filters": [{"kind": "bandpass", "hz": [40.0, 0.5]}]}, "takes two rising hz"),
        ({"filters": [{"kind": "notch", "hz": [40.0, 50.0]}]}, "takes one hz"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(changes, reason):
    facts = {"channels": ["ECG"], "units": "mV", "window": 8, "hop": 8, "rate_hz": 250.0}
    with pytest.raises(msgspec.ValidationError, match=reason):
        msgspec.convert(facts | changes, SignalSpec)
