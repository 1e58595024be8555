"""A manifest and verdicts to feed sinks with."""

from __future__ import annotations

import numpy as np
import pytest

from edgeguard.bundle.manifest import Disagreement, Manifest, Provenance
from edgeguard.device.samples import Verdict
from edgeguard.signals.spec import SignalSpec
from tests.brokers import gate_to, listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def manifest():
    return Manifest(
        name="tiny",
        version="1.2.0",
        signal=SignalSpec(channels=("ECG",), units="mV", window=100, hop=100, rate_hz=100.0),
        classes=("normal", "abnormal"),
        exits=("exit1", "final"),
        disagreement=Disagreement(
            score="mutual_information", threshold=0.25, false_alarm_rate=0.01, calibration_windows=99
        ),
        stages=(),
        provenance=Provenance(
            recipe={}, data_sha256="0" * 64, code_version="0", seed=0, created_utc="2025-01-01T00:00:00Z"
        ),
        files={},
    )


@pytest.fixture(scope="session")
def verdict_at():
    """A verdict on the window at a sample; an alarm where its disagreement is over 0.25, or rejected."""

    def make(start, disagreement=0.125, rejected=None):
        if rejected:
            return Verdict(start, None, np.nan, np.empty((0, 0)), np.nan, alarm=False, rejected=rejected)
        exits = np.array([[0.25, 0.75], [0.5, 0.5]])
        return Verdict(start, 1, 0.625, exits, disagreement, alarm=disagreement > 0.25)

    return make
