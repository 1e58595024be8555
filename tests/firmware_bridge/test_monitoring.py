from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.client import Client
from firmware_bridge.errors import LinkDown
from firmware_bridge.links import open_link
from firmware_bridge.monitoring import SHOWN_S, Monitor
from firmware_bridge.session import Block, Described, Restarted
from firmware_bridge.simulator.plugged import simple_hello

HELLO = simple_hello(channels=("A", "B"))


@pytest.fixture
def monitor():
    return Monitor(Client(open_link("tcp:127.0.0.1:1")), 100.0)


def told(monitor, seconds=10.0, start=0, rate_hz=250.0, hello=HELLO):
    """Tell it of so many seconds, in blocks of 25 samples whose values are their index."""
    monitor.take(Described(hello))
    for first in range(start, start + int(250 * seconds), 25):
        values = np.tile(np.arange(first, first + 25, dtype=np.float32), (len(hello.channels), 1))
        monitor.take(Block(first, values, first / rate_hz, hello))


def test_before_anything_came(monitor):
    now = monitor.standing(103.0)
    assert (now.link, now.state, now.seconds, now.hello) == ("tcp:127.0.0.1:1", "connecting", 3.0, None)
    assert (now.rate_hz, now.drift_ppm, now.battery, now.signal.size) == (None, None, None, 0)


def test_states_of_the_link_and_their_times(monitor):
    monitor.up(101.0)
    assert (monitor.standing(105.0).state, monitor.standing(105.0).seconds) == ("connected", 4.0)
    monitor.down(LinkDown("gone"), 110.0)
    monitor.down(LinkDown("still gone"), 112.0)
    now = monitor.standing(113.0)
    assert (now.state, now.why, now.seconds, now.breaks) == ("down", "still gone", 3.0, 1)
    monitor.up(114.0)
    assert (monitor.standing(114.0).why, monitor.standing(114.0).breaks) == ("", 1)


def test_the_last_seconds_are_shown(monitor):
    told(monitor)
    signal = monitor.standing(110.0).signal
    assert signal.shape == (2, SHOWN_S * 250)
    np.testing.assert_array_equal(signal[0], np.arange(2500 - signal.shape[1], 2500))


def test_what_did_not_come_is_nan(monitor):
    told(monitor, 1.0)
    told(monitor, 1.0, start=500)
    signal = monitor.standing(110.0).signal[1]
    assert np.isnan(signal[:-750]).all()
    assert np.isnan(signal[-500:-250]).all()
    np.testing.assert_array_equal(signal[-250:], np.arange(500, 750))


def test_the_rate_is_measured_anew_after_a_restart(monitor):
    told(monitor, 4.0)
    assert monitor.standing(0.0).rate_hz is None
    told(monitor, 10.0, rate_hz=249.0)
    assert monitor.standing(0.0).rate_hz == pytest.approx(249.0)
    monitor.take(Restarted(5, known_boot=False))
    assert monitor.standing(0.0).rate_hz is None


def test_other_channels_begin_a_new_picture(monitor):
    told(monitor)
    told(monitor, 0.1, start=2500, hello=simple_hello(channels=("C",)))
    signal = monitor.standing(0.0).signal
    assert signal.shape[0] == 1
    assert np.isfinite(signal).sum() == 25


def test_no_claimed_rate_takes_more_memory_than_the_bound(monitor):
    fast = simple_hello(rate_hz=4_000_000.0)
    monitor.take(Described(fast))
    monitor.take(Block(0, np.zeros((1, 255), dtype=np.float32), 0.0, fast))
    assert monitor.standing(0.0).signal.size == 1 << 16
