import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.coding import MISSING, data_of, smallest_coding, values_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Coding, Samples
from firmware_bridge.stream import Origin, cuts, encode_stream
from firmware_bridge.wire import encode

ORIGIN = Origin(boot=7, sequence=65530, index=(1 << 32) - 50, clock_us=(1 << 32) - 1000.0, sample_us=3906.25)


def signal(channels, n, width, seed, spikes=0.05, missing=0.01):
    """Small steps with large ones, and missing samples, here and there."""
    noise = np.random.default_rng(seed)
    found = noise.integers(-60, 60, (channels, n)).cumsum(axis=1)
    found += np.where(noise.random(found.shape) < spikes, noise.integers(-30000, 30000, found.shape), 0)
    found = found.clip(-((1 << 8 * width - 1) - 1), (1 << 8 * width - 1) - 1).astype(np.int32)
    found[noise.random(found.shape) < missing] = MISSING
    return found


SIGNALS = st.builds(
    signal,
    st.integers(1, 32),
    st.integers(1, 700),
    st.sampled_from([2, 3]),
    st.integers(0, 1000),
    st.sampled_from([0, 0.01]),
    st.sampled_from([0, 0.002]),
)
WIDTH = st.sampled_from([2, 3])


@given(SIGNALS, st.booleans(), st.sampled_from([1, 10, 255]))
def test_the_frames_are_those_that_one_at_a_time_would_be(values, delta, longest):
    width = 2 if np.abs(values[values != MISSING]).max(initial=0) < 1 << 15 else 3
    sent = encode_stream(values, width, ORIGIN, delta=delta, longest=longest)
    for number, (cut, wire) in enumerate(zip(cuts(values, width, delta=delta, longest=longest), sent, strict=True)):
        part = values[:, cut.start : cut.stop]
        clock_us = round(ORIGIN.clock_us + cut.start * ORIGIN.sample_us) % (1 << 32)
        head = (7, (65530 + number) % (1 << 16), clock_us, (ORIGIN.index + cut.start) % (1 << 32))
        assert wire == encode(Samples(*head, cut.coding, *part.shape, data_of(part, cut.coding)))


@given(SIGNALS, st.booleans())
def test_the_values_come_back_whole(values, delta):
    frames = Decoder().feed(b"".join(encode_stream(values, 3, ORIGIN, delta=delta)))
    assert np.array_equal(np.concatenate([values_of(frame) for frame in frames], axis=1), values)


@given(SIGNALS, st.sampled_from([1, 7, 255]))
def test_each_cut_has_the_smallest_coding_of_its_samples(values, longest):
    for cut in cuts(values, 3, longest=longest):
        assert cut.coding is smallest_coding(values[:, cut.start : cut.stop], 3)
        assert 1 <= cut.stop - cut.start <= longest


@pytest.mark.parametrize("width", [2, 3])
def test_a_calm_signal_takes_half_the_frames_or_less(width):
    values = signal(8, 5000, width, seed=1, spikes=0, missing=0)
    assert len(encode_stream(values, width, ORIGIN)) <= len(encode_stream(values, width, ORIGIN, delta=False)) / 1.99


def test_a_spike_is_sent_packed_and_the_calm_around_it_is_not():
    values = np.zeros((8, 60), np.int32)
    values[3, 30:] = 1_000_000
    assert [tuple(cut) for cut in cuts(values, 3)] == [
        (0, 25, Coding.DELTA8_OF_24),
        (25, 34, Coding.PACKED24),
        (34, 59, Coding.DELTA8_OF_24),
        (59, 60, Coding.PACKED24),
    ]


def test_a_frame_of_no_samples_is_never_cut():
    with pytest.raises(ValueError, match="longest is 0"):
        encode_stream(np.zeros((8, 5), np.int32), 2, ORIGIN, longest=0)


def test_no_samples_make_no_frames():
    assert encode_stream(np.zeros((8, 0), np.int32), 2, ORIGIN) == []


@pytest.mark.parametrize(("width", "value"), [(2, 32768), (2, -32768), (3, 1 << 23), (3, -(1 << 23))])
def test_a_value_that_has_no_room_is_refused(width, value):
    with pytest.raises(FrameError, match=f"{value} do not fit {width} bytes"):
        encode_stream(np.array([[0, value] if value > 0 else [value, value]], np.int32), width, ORIGIN)
