"""A short replay under faults: nothing lost, nothing twice, no window judged on anything but what was sent."""

from __future__ import annotations

import random
import sys

import msgspec
import numpy as np
import pytest
from scipy.special import softmax

from benchmarks.faults.broker import MOSQUITTO
from benchmarks.faults.chaos import Fault, kinds
from benchmarks.faults.rig import Rig
from benchmarks.faults.track import Track
from benchmarks.faults.trial import replay
from tests.tiny_model import tiny_logits, tiny_manifest, write_tiny_bundle

RATE_HZ, WINDOW, SPEED = 100.0, 20, 20.0
THRESHOLD = 0.53  # over which some windows of the loud noise are

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="kills, full disks and memory are those of Linux"),
    pytest.mark.skipif(not MOSQUITTO.exists(), reason=f"Mosquitto is not at {MOSQUITTO}: install it"),
    pytest.mark.slow,  # waits for outages to begin and end
]


def waves(seed, minutes):
    """Noise that is louder at times, so that some windows alarm."""
    rng = np.random.default_rng(seed)
    samples = int(60 * minutes * RATE_HZ)
    loudness = 1 + 2 * (np.sin(np.arange(samples) / 3000) > 0.9)
    return Track(RATE_HZ, ("I", "II"), ("mV", "mV"), loudness * rng.normal(size=(2, samples)))


@pytest.fixture
def rig(tmp_path):
    rule = msgspec.structs.replace(tiny_manifest().disagreement, threshold=THRESHOLD)
    write_tiny_bundle(tmp_path / "tiny.zip", disagreement=rule)
    tracks = [waves(seed, minutes=5) for seed in range(3)]
    with Rig(tmp_path, tmp_path / "tiny.zip", tracks, interval_s=0.5, speed=SPEED, disk_mb=32) as rig:
        yield rig


def judged_on_what_was_sent(rig, logged):
    """Whether the exits' probabilities in the log are those of the samples that the wearables sent."""
    accepted = [verdict for verdict in logged if verdict.rejected is None]
    tracks = {name: feeder.track.values for name, feeder in rig.feeders.items()}
    x = np.stack([tracks[verdict.source][:, verdict.start : verdict.start + WINDOW] for verdict in accepted])
    expected = softmax(tiny_logits(x).astype(np.float64), axis=-1)
    return np.abs(expected - np.array([verdict.exit_probabilities for verdict in accepted])).max() < 1e-4


def test_nothing_is_lost_nothing_comes_twice_and_no_window_is_wrong(rig):
    faults = [Fault(number / 12 * rig.all_hours, kind) for number, kind in enumerate(kinds(), start=1)]
    outcome = replay(rig, faults, random.Random(0), print)
    assert outcome.complaints() == []
    assert outcome.alarms.announced > 20
    assert outcome.kills >= 1
    assert {"malformed line", "rejected: signal not finite", "gaps", "repeated samples"} <= outcome.reported.keys()
    assert judged_on_what_was_sent(rig, outcome.log.verdicts)
