import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.coding import MISSING, data_length, data_of, room_for, smallest_coding, values_of
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Coding, Samples
from tests.firmware_bridge import plain_wire
from tests.firmware_bridge.any_frame import samples, values


def frame_of(numbers, coding):
    numbers = np.array(numbers, np.int32)
    return Samples(1, 2, 3, 4, coding, *numbers.shape, data_of(numbers, coding))


@given(samples())
def test_values_are_what_the_bytes_say(frame):
    plain = plain_wire.values(frame.coding, frame.channels, frame.data)
    assert values_of(frame).tolist() == [[MISSING if one is None else one for one in channel] for channel in plain]


@given(st.sampled_from(Coding).flatmap(lambda coding: st.tuples(st.just(coding), values(coding))))
def test_values_come_back(coding_and_values):
    coding, numbers = coding_and_values
    frame = frame_of(numbers, coding)
    assert np.array_equal(values_of(frame), numbers)
    assert values_of(frame).dtype == np.int32
    assert len(frame.data) == data_length(coding, *numbers.shape)


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("channels", range(1, 33))
def test_one_sample_more_than_there_is_room_for_does_not_fit(coding, channels):
    count = room_for(coding, channels)
    assert 7 + data_length(coding, channels, count) <= 227 < 7 + data_length(coding, channels, count + 1)


@pytest.mark.parametrize(("coding", "top"), [(Coding.PACKED16, 32767), (Coding.PACKED24, 8388607)])
def test_the_most_negative_number_is_no_value(coding, top):
    assert values_of(frame_of([[top, -top, MISSING]], coding)).tolist() == [[top, -top, MISSING]]
    for beyond in (top + 1, -top - 1):
        with pytest.raises(FrameError, match=f"{beyond}.* do not fit"):
            data_of(np.array([[beyond]], np.int32), coding)


@pytest.mark.parametrize("coding", [Coding.DELTA8_OF_16, Coding.DELTA8_OF_24, Coding.DELTA16_OF_24])
def test_a_delta_frame_has_no_missing_samples(coding):
    with pytest.raises(FrameError, match="only packed frames"):
        frame_of([[1, MISSING]], coding)


@pytest.mark.parametrize(
    ("coding", "step"), [(Coding.DELTA8_OF_16, 128), (Coding.DELTA8_OF_24, 128), (Coding.DELTA16_OF_24, 32768)]
)
def test_a_difference_has_its_own_range(coding, step):
    assert values_of(frame_of([[0, -step, -1]], coding)).tolist() == [[0, -step, -1]]
    for beyond in ([[0, step]], [[0, -step - 1]]):
        with pytest.raises(FrameError, match=f"do not fit {coding.name}"):
            frame_of(beyond, coding)


@pytest.mark.parametrize("data", [b"\xff\x7f\1", b"\1\x80\xff", b"\0\x80\1"])
def test_differences_that_overflow_are_refused(data):
    with pytest.raises(FrameError, match="more than 2 bytes hold"):
        values_of(Samples(1, 2, 3, 4, Coding.DELTA8_OF_16, 1, 2, data))


@pytest.mark.parametrize(
    ("numbers", "width", "coding"),
    [
        ([[5, 6, -122]], 2, Coding.DELTA8_OF_16),
        ([[5, 133, 5]], 2, Coding.PACKED16),
        ([[5, 132], [0, -128]], 3, Coding.DELTA8_OF_24),
        ([[5, 132], [0, -129]], 3, Coding.DELTA16_OF_24),
        ([[0, 32768]], 3, Coding.PACKED24),
        ([[5]], 2, Coding.PACKED16),
        ([[5, MISSING, 5]], 3, Coding.PACKED24),
        ([[MISSING, MISSING]], 2, Coding.PACKED16),
    ],
)
def test_the_smallest_coding_that_holds_the_values(numbers, width, coding):
    assert smallest_coding(np.array(numbers, np.int32), width) is coding
    assert smallest_coding(np.array(numbers, np.int32), width, delta=False) in (Coding.PACKED16, Coding.PACKED24)
