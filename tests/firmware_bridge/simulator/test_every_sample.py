"""The proof: over bad wires each sample that is delivered is right, and each other one is counted as missing."""

from __future__ import annotations

import asyncio
import math

import pytest

from benchmarks.bridge_loss import Wire, deliver
from firmware_bridge.simulator.noisy_wire import Noise


def test_a_million_samples_over_a_pty_with_every_twentieth_byte_damaged():
    account = asyncio.run(deliver(1_000_000, Wire("bursts", Noise(damage=0.05, burst=20))))
    assert (account.sent, account.delivered + account.missing) == (1_000_000, 1_000_000)
    assert (account.wrong, account.repeated, account.misplaced) == (0, 0, 0)
    assert account.damaged / account.bytes == pytest.approx(0.05, rel=0.1)
    assert account.delivered == account.counted > 400_000


@pytest.mark.parametrize(
    ("noise", "most", "least", "drop_every_s"),
    [
        (Noise(damage=0.05), 4, 0.15, math.inf),  # each byte for itself: long frames would never come through
        (Noise(loss=0.002, insert=0.002), None, 0.3, math.inf),
        (Noise(repeat=0.1, swap=0.1), None, 0.99, math.inf),
        (Noise(damage=0.01, burst=50, loss=0.001, insert=0.001, repeat=0.05, swap=0.05), 40, 0.5, 5.0),
    ],
    ids=["damaged", "lost and inserted", "repeated and swapped", "all of it and disconnected"],
)
def test_every_sample_is_right_or_counted(noise, most, least, drop_every_s):
    account = asyncio.run(deliver(100_000, Wire("bad", noise, most, drop_every_s)))
    assert account.complete, account
    assert account.delivered >= least * account.sent
    assert (account.disconnections > 0) == (drop_every_s < math.inf)
