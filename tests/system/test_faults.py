"""A short replay under faults: nothing lost, nothing twice, no window judged on anything but what was sent."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
from scipy.special import softmax

from benchmarks.faults.broker import MOSQUITTO
from benchmarks.faults.chaos import FAULTS, draw
from benchmarks.faults.clock import LIBFAKETIME
from benchmarks.faults.feeder import BAD_INPUT
from benchmarks.faults.rig import Rig
from benchmarks.faults.track import Track
from benchmarks.faults.trial import replay
from tests.tiny_model import tiny_logits, write_tiny_bundle

RATE_HZ, WINDOW, SPEED = 100.0, 20, 40.0

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
    write_tiny_bundle(tmp_path / "tiny.zip")
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
    chance = random.Random(0)
    faults = draw(len(FAULTS) - (LIBFAKETIME is None), rig.all_hours, chance)
    for name, kinds in zip(rig.feeders, np.array_split(list(BAD_INPUT), len(rig.feeders)), strict=True):
        for kind in kinds:
            rig.feeders[name].misbehave(kind)
    outcome = replay(rig, faults, chance, print)
    assert outcome.complaints() == []
    assert outcome.alarms.announced > 20
    assert outcome.kills >= 1
    assert judged_on_what_was_sent(rig, outcome.log.verdicts)
