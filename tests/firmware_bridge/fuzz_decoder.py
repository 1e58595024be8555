"""Coverage-guided fuzzing of the decoder.

By hand, for hours: ``python -m tests.firmware_bridge.fuzz_decoder FOUND tests/firmware_bridge/corpus``, where FOUND is
an empty folder for what leads to new code; ends at the first thing that does not hold.
"""

import sys

import atheris

with atheris.instrument_imports(include=["firmware_bridge"]):
    from firmware_bridge.coding import values_of
    from firmware_bridge.decoder import Decoder, Rejected
    from firmware_bridge.frames import MAX_FRAME, Samples
    from firmware_bridge.wire import encode, framed


def check(data):
    """What must hold whatever comes: first byte, how it comes; then the stream, or the bodies of right frames."""
    if not data:
        return
    how, stream = data[0], data[1:]
    if how & 1:  # the fuzzer finds no CRC by itself
        stream = b"".join(framed(body) for body in stream.split(b"\xff\xfe") if len(body) <= 237)
    came, decoder = in_parts(stream, 1 + (how >> 1))
    at_once = Decoder()
    assert at_once.feed(stream) == came
    assert at_once.counts == decoder.counts
    assert at_once.counts.rejected + at_once.counts.frames == len(came)
    for one in came:
        check_one(one)


def in_parts(stream, length):
    decoder, came = Decoder(), []
    for at in range(0, len(stream), length):
        came += decoder.feed(stream[at : at + length])
        assert decoder.held < MAX_FRAME
    return came, decoder


def check_one(one):
    if isinstance(one, Rejected):
        assert one.detail.isprintable()
        assert one.detail.isascii()
        assert len(one.detail) < 300
        return
    assert Decoder().feed(encode(one)) == [one]
    if isinstance(one, Samples):
        assert values_of(one).shape == (one.channels, one.count)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
