from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from edgeguard.device.sources import open_source
from edgeguard.device.sources.csv_pipe import CsvSource
from edgeguard.errors import ConfigError, LinkError
from edgeguard.signals.spec import SignalSpec
from tests.feeds import feed_of, samples_of, values_of
from tests.tiny_model import write_tiny_bundle

SIGNAL = SignalSpec(channels=("V5", "MLII"), units="mV", window=4, hop=4, rate_hz=250.0)
LINES = b"MLII,V5\n1,1000\n2,2000\n"


@pytest.fixture
def piped(tmp_path):
    """A source that reads `content` from a named pipe."""
    os.mkfifo(tmp_path / "pipe")

    def pipe(content, suffix=",rate_hz=250"):
        source = open_source(f"csv:{tmp_path}/pipe{suffix}")
        threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(content,), daemon=True).start()
        return source

    return pipe


def test_columns_are_taken_by_name_in_the_models_unit(piped):
    np.testing.assert_allclose(values_of(piped(LINES, ",rate_hz=250,units=uV"), SIGNAL), [[1, 2], [0.001, 0.002]])


def test_without_a_unit_it_is_the_models(piped):
    np.testing.assert_allclose(values_of(piped(LINES), SIGNAL), [[1000, 2000], [1, 2]])


def test_columns_may_be_chosen(piped):
    np.testing.assert_allclose(values_of(piped(LINES, ",rate_hz=250,channels=0+V5"), SIGNAL), [[1, 2], [1000, 2000]])


def test_a_pipe_is_live_at_the_rate_that_was_given(piped):
    feed = feed_of(piped(LINES), SIGNAL)
    assert (feed.rate_hz, feed.live) == (250, True)


def test_tcp_is_read_too():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send():
            with server.accept()[0] as link:
                link.sendall(LINES)

        threading.Thread(target=send, daemon=True).start()
        found = values_of(open_source(f"csv:tcp://127.0.0.1:{server.getsockname()[1]},rate_hz=250"), SIGNAL)
    np.testing.assert_allclose(found, [[1000, 2000], [1, 2]])


def test_an_index_column_gives_gaps(piped):
    found = samples_of(piped(b"n,MLII,V5\n0,1,1\n5,1,1\n", ",rate_hz=250,index=n"), SIGNAL)
    assert [samples.start for samples in found] == [0, 5]


@pytest.mark.parametrize(
    ("content", "suffix", "message"),
    [
        (b"", "", "pipe ended before its first line"),
        (b"a,b\n", "", r"has no channel 'V5' \(there are: a, b\)"),
        (b"1,2,3\n", "", "gives 3 channels"),
        (LINES, ",units=bpm", "is in 'bpm', not in the model's 'mV'"),
        (LINES, ",index=n", "there is no column 'n'"),
    ],
)
def test_what_does_not_fit_is_a_lost_link(piped, content, suffix, message):
    with pytest.raises(LinkError, match=message):
        feed_of(piped(content, f",rate_hz=250{suffix}"), SIGNAL)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("-,rate=250", r"csv: unknown key 'rate' \(did you mean 'rate_hz'\?\)"),
        ("-,rate_hz=0", "csv: rate_hz: expected float > 0"),
        ("-,time=t", "csv: time= needs rate_hz="),
        ("-,rate_hz=1,time=t,index=n", "and no index= beside it"),
        ("-,delimiter=|", "csv: delimiter: invalid enum value"),
        ("udp://h:1", "csv cannot be read from 'udp://h:1': write csv:tcp://HOST:PORT, csv:PIPE or csv:-"),
    ],
)
def test_a_wrong_option_is_one_line(argument, message):
    with pytest.raises(ConfigError, match=message):
        CsvSource(argument, 1.0)


def run(tmp_path, spec, content):
    write_tiny_bundle(tmp_path / "tiny.zip")
    command = [sys.executable, "-m", "edgeguard", "run", "tiny.zip", "--quiet", "--log", "log", "--source", spec]
    return subprocess.run(command, input=content, capture_output=True, cwd=tmp_path, check=False)


def test_a_program_before_a_bar_is_judged(tmp_path):
    lines = [f"{n / 100:.2f},{n % 7},{n % 5}" if n != 65 else "0.65,hm,1" for n in range(100)]
    done = run(tmp_path, "csv:-,rate_hz=100,units=mV,channels=1+2", "\n".join(lines).encode())
    starts = [json.loads(line)["start"] for line in (tmp_path / "log").read_text().splitlines()]
    assert (done.returncode, starts) == (0, [0, 10, 20, 30, 40, 66, 76])
    assert b"0 rejected, 1 gaps, 1 faults" in done.stdout


def test_standard_input_that_does_not_fit_ends_the_run_with_one_line(tmp_path):
    done = run(tmp_path, "csv:-,rate_hz=100", b"a,b\n1,2\n")
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"- has no channel 'I' (there are: a, b)" in done.stderr
