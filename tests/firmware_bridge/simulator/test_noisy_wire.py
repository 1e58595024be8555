from __future__ import annotations

import numpy as np
import pytest

from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire

SENT = bytes(np.random.default_rng(0).integers(0, 256, 200_000, dtype=np.uint8))
FRAMES = [b"\0%04d\0" % number for number in range(5000)]


def changed(sent, came):
    return np.frombuffer(sent, np.uint8) != np.frombuffer(came, np.uint8)


def test_a_good_wire_carries_everything():
    assert NoisyWire().carry(SENT) == SENT


@pytest.mark.parametrize("burst", [1.0, 20.0])
def test_the_share_of_damaged_bytes_is_as_asked_and_counted(burst):
    wire = NoisyWire(1, Noise(damage=0.05, burst=burst))
    wrong = changed(SENT, wire.carry(SENT))
    assert wrong.mean() == pytest.approx(0.05, rel=0.1)
    assert (wire.counts.damaged, wire.counts.bytes) == (wrong.sum(), len(SENT))


def test_bursts_are_as_long_as_asked():
    wrong = changed(SENT, NoisyWire(1, Noise(damage=0.05, burst=20)).carry(SENT))
    begins = np.flatnonzero(np.diff(wrong.astype(int)) == 1)
    assert wrong.sum() / len(begins) == pytest.approx(20, rel=0.15)


def test_bursts_go_on_from_one_piece_to_the_next():
    wire = NoisyWire(1, Noise(damage=0.05, burst=20))
    in_pieces = b"".join(wire.carry(SENT[at : at + 64]) for at in range(0, len(SENT), 64))
    wrong = changed(SENT, in_pieces)
    assert wrong.sum() / np.count_nonzero(np.diff(wrong.astype(int)) == 1) == pytest.approx(20, rel=0.15)


def test_lost_and_inserted_bytes_are_as_many_as_asked_and_counted():
    wire = NoisyWire(2, Noise(loss=0.02, insert=0.01))
    came = wire.carry(SENT)
    assert wire.counts.lost == pytest.approx(0.02 * len(SENT), rel=0.1)
    assert wire.counts.inserted == pytest.approx(0.01 * len(SENT), rel=0.1)
    assert len(came) == len(SENT) - wire.counts.lost + wire.counts.inserted


def test_frames_come_twice_and_after_the_next_one_whole():
    wire = NoisyWire(3, Noise(repeat=0.1, swap=0.1))
    came = [int(word) for word in wire.carry(b"".join(FRAMES)).replace(b"\0", b" ").split()]
    assert set(range(4999)) <= set(came)
    assert len(came) == 5000 + wire.counts.repeated - (came[-1] != 4999 and 4999 not in came)
    assert wire.counts.repeated == pytest.approx(450, rel=0.2)
    assert wire.counts.swapped == pytest.approx(450, rel=0.2)
    assert sum(np.diff(came) < 0) == wire.counts.swapped


def test_the_same_seed_does_the_same_and_another_one_not():
    noise = Noise(damage=0.1, burst=5, loss=0.1, insert=0.1)
    first, same, other = (NoisyWire(seed, noise).carry(SENT) for seed in (7, 7, 8))
    assert first == same != other


@pytest.mark.parametrize("wrong", [{"damage": 1.0}, {"loss": -0.1}, {"burst": 0.5}, {"swap": float("nan")}])
def test_what_is_no_share_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Noise(**wrong)
