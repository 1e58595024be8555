"""Real brokers, and a signed model with a stream of which the second half is another signal."""

from __future__ import annotations

import numpy as np
import pytest

from edgeguard.bundle import signature
from edgeguard.bundle.manifest import Disagreement
from edgeguard.demo.preparation import Prepared
from tests.brokers import listen, mosquitto, mosquitto_for  # noqa: F401 - fixtures
from tests.tiny_model import write_tiny_bundle

HOP = 10


@pytest.fixture
def prepared(tmp_path):
    """The tiny model, whose threshold only the second half of 20 windows is over."""
    signature.make_key_pair(tmp_path / "k.key", tmp_path / "k.pub")
    rule = Disagreement(score="mutual_information", threshold=0.001, false_alarm_rate=0.05, calibration_windows=99)
    bundle = write_tiny_bundle(tmp_path / "b.zip", signature.load_private_key(tmp_path / "k.key"), disagreement=rule)
    rng = np.random.default_rng(0)
    signal = np.concatenate([np.zeros((2, 110)), 5 * rng.normal(size=(2, 100))], axis=1)
    signal[:, :110] = 1e-3 * rng.normal(size=(2, 110))
    np.savez(tmp_path / "s.npz", signal=signal.astype(np.float32), rate_hz=100.0)
    return Prepared(
        bundle=tmp_path / "b.zip",
        public_key=tmp_path / "k.pub",
        stream=tmp_path / "s.npz",
        windows=20,
        attack_start=10 * HOP,
        manifest=bundle.manifest,
        report=tmp_path / "report.html",
    )
