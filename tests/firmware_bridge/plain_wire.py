"""CRC, COBS and samples as their definitions say, bit by bit and byte by byte: an oracle that shares no code."""


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)  # 0x1EDC6F41 with its bits turned round
    return crc ^ 0xFFFFFFFF


def cobs_encoded(data):
    """Cheshire and Baker 1999, for less than 254 bytes: each zero becomes the way to the next one."""
    assert len(data) < 254
    return b"".join(bytes([len(run) + 1]) + run for run in data.split(b"\0"))


def cobs_decoded(data):
    runs, at = [], 0
    while at < len(data):
        runs.append(data[at + 1 : at + data[at]])
        assert len(runs[-1]) == data[at] - 1
        at += data[at]
    return b"\0".join(runs)


def body_of(wire):
    """The body between the edges without its CRC, which must be right."""
    assert wire[0] == wire[-1] == 0
    assert 0 not in wire[1:-1]
    body = cobs_decoded(wire[1:-1])
    assert int.from_bytes(body[-4:], "little") == crc32c(body[:-4])
    return body[:-4]


def numbers(data, width):
    return [int.from_bytes(data[at : at + width], "little", signed=True) for at in range(0, len(data), width)]


def values(coding, channels, data):
    """The values of a samples frame: a list per channel, None where missing."""
    base = {0: 2, 1: 3, 2: 2, 3: 3, 4: 3}[coding]
    step = {2: 1, 3: 1, 4: 2}.get(coding)
    if step is None:
        flat = [None if number == -(1 << (8 * base - 1)) else number for number in numbers(data, base)]
        return [flat[k::channels] for k in range(channels)]
    found = [[first] for first in numbers(data[: base * channels], base)]
    for at, difference in enumerate(numbers(data[base * channels :], step)):
        found[at % channels].append(found[at % channels][-1] + difference)
    return found
