from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import polar
from firmware_bridge.errors import FrameError, WearableError
from firmware_bridge.polar import answer_from, ecg_from

# As a strap sent them (firmware 3.1.1): recorded by h10_ecg and in the SDK's documents.
SETTINGS = bytes.fromhex("f0 01 00 00 00 00 01 82 00 01 01 0e 00")
STARTED = bytes.fromhex("f0 02 00 00 00 00")
ALREADY = bytes.fromhex("f0 02 00 06 00")
SMALL_MTU = bytes.fromhex("f0 01 00 0a")


def frame(values, nanoseconds=599622173760485265, measurement=0, kind=0):
    """Built by hand from the specification, byte by byte."""
    head = bytes([measurement]) + nanoseconds.to_bytes(8, "little") + bytes([kind])
    return head + b"".join(value.to_bytes(3, "little", signed=True) for value in values)


def test_the_commands_are_those_that_the_strap_took():
    assert polar.START.hex() == "02000001820001010e00"
    assert (polar.ASK.hex(), polar.STOP.hex()) == ("0100", "0300")


@pytest.mark.parametrize("data", [SETTINGS, STARTED])
def test_what_the_strap_answers_when_all_is_well(data):
    answer_from(data).check("strap")


def test_the_settings_are_the_rate_and_the_resolution():
    assert answer_from(SETTINGS).values == {0: (130,), 1: (14,)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SMALL_MTU, "strap refuses to send its ECG: the connection's MTU is too small; take it off for a minute"),
        (ALREADY, "it is measuring already"),
        (b"\xf0\x02\x00\xc8\x00", "error 200"),
        (SETTINGS.replace(b"\x82", b"\xfa"), "strap knows no ECG at 130 Hz and 14 bit: is it a Polar H10"),
        (SETTINGS[:5], "knows no ECG at 130 Hz"),
    ],
)
def test_a_refusal_says_why(data, message):
    with pytest.raises(WearableError, match=message):
        answer_from(data).check("strap")


def test_a_strap_that_measures_already_is_told_from_others():
    assert (answer_from(ALREADY).already, answer_from(STARTED).already) == (True, False)


@pytest.mark.parametrize("data", [b"", SETTINGS[:3], b"\x0f\x05\x00\x00", b"\xf0\x02\x02\x00\x00", SETTINGS[:-1]])
def test_what_is_no_answer_about_the_ecg_is_refused(data):
    with pytest.raises(FrameError):
        answer_from(data)


def test_a_frame_holds_the_time_of_its_last_sample_and_microvolts():
    nanoseconds, microvolts = ecg_from(bytes.fromhex("00 91f770aa30495208 00  7a0000 f0ffff 0080ff ffff7f 000080"))
    assert nanoseconds == 599622173760485265
    assert microvolts.tolist() == [122, -16, -32768, 8388607, -8388608]


@given(st.lists(st.integers(-(1 << 23), (1 << 23) - 1), min_size=1, max_size=80))
def test_every_number_of_three_bytes_is_read(values):
    assert ecg_from(frame(values))[1].tolist() == values


@pytest.mark.parametrize(
    "data", [b"", frame([]), frame([1])[:-1], frame([1]) + b"\x00", frame([1], measurement=2), frame([1], kind=0x80)]
)
def test_what_is_no_frame_of_an_ecg_is_refused(data):
    with pytest.raises(FrameError):
        ecg_from(data)


@pytest.mark.parametrize("read", [ecg_from, answer_from])
@given(data=st.binary(max_size=600))
def test_other_bytes_are_refused_and_do_no_harm(read, data):
    with suppress(FrameError):
        read(data)
