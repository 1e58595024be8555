from __future__ import annotations

import json
import socket

import numpy as np
import pytest

from benchmarks.faults.feeder import BAD_INPUT, Feeder
from benchmarks.faults.track import Track

SAMPLES = 100_000  # more than sockets hold back


@pytest.fixture
def feeder():
    values = np.random.default_rng(0).normal(size=(2, SAMPLES))
    feeder = Feeder(Track(100.0, ("I", "II"), ("mV", "mV"), values))
    yield feeder
    feeder.close()


def read(feeder, count):
    """The header and `count` lines of a new connection."""
    with socket.create_connection(("127.0.0.1", feeder.port), timeout=30) as link, link.makefile("rb") as lines:
        return [next(lines).decode().strip() for _ in range(count + 1)]


def test_a_reader_gets_the_header_and_every_sample(feeder):
    header, *lines = read(feeder, SAMPLES)
    assert json.loads(header) == {"rate_hz": 100.0, "channels": ["I", "II"], "units": ["mV", "mV"]}
    rows = np.array([line.split(",") for line in lines], dtype=float)
    np.testing.assert_array_equal(rows[:, 0], np.arange(SAMPLES))
    np.testing.assert_allclose(rows[:, 1:].T, feeder.track.values, atol=1e-6)
    assert feeder.done


def test_the_index_goes_on_where_the_last_reader_was_cut_off(feeder):
    read(feeder, 1)
    first = int(read(feeder, 1)[1].split(",")[0])
    assert 0 < first < SAMPLES


def test_an_unplugged_feeder_refuses_until_it_is_plugged_in(feeder):
    feeder.unplug()
    with pytest.raises(ConnectionRefusedError):
        read(feeder, 1)
    feeder.plug()
    assert read(feeder, 1)[1].startswith("0,")


@pytest.mark.parametrize("kind", BAD_INPUT)
def test_bad_input_comes_once_and_good_lines_go_on(feeder, kind):
    good = set(feeder.track.lines(0, SAMPLES).decode().splitlines())
    feeder.misbehave(kind)
    with socket.create_connection(("127.0.0.1", feeder.port), timeout=30) as link, link.makefile("rb") as stream:
        lines = [next(stream).decode(errors="replace").strip() for _ in range(4000)]
    indices = [int(line.split(",")[0]) for line in lines if line in good]
    assert len(indices) > 1000
    assert feeder.bad == {kind: 1}
