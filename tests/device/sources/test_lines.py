from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from edgeguard.device.sources import open_source
from edgeguard.device.sources.lines import LinesSource
from edgeguard.errors import LinkError
from edgeguard.signals.spec import SignalSpec
from tests.feeds import feed_of, samples_of, values_of

SIGNAL = SignalSpec(channels=("V5", "MLII"), units="mV", window=4, hop=4, rate_hz=100.0)
HEAD = b'{"rate_hz": 250, "channels": ["MLII", "V5"], "units": ["mV", "uV"]}\n'
LINES = b"0,1,1000\n1,2,2000\n"


@pytest.fixture
def served():
    """A TCP server on 127.0.0.1 that sends `content` to whoever comes first; the source that reads it."""
    servers = []

    def serve(content, suffix=""):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def send():
            with server.accept()[0] as link:
                link.sendall(content)

        threading.Thread(target=send, daemon=True).start()
        return open_source(f"lines:tcp://127.0.0.1:{server.getsockname()[1]}{suffix}")

    yield serve
    for server in servers:
        server.close()


def test_channels_and_units_are_the_models(served):
    np.testing.assert_allclose(values_of(served(HEAD + LINES), SIGNAL), [[1, 2], [1, 2]])


def test_the_feed_is_live_at_its_own_rate(served):
    feed = feed_of(served(HEAD), SIGNAL)
    assert (feed.rate_hz, feed.live) == (250, True)


def test_channels_may_be_chosen(served):
    found = values_of(served(HEAD + LINES, ",channels=1+0"), SIGNAL)
    np.testing.assert_allclose(found, [[1, 2], [1, 2]])


def test_malformed_lines_are_counted_while_it_runs(served):
    async def play():
        feed = await (source := served(HEAD + b"0,1,1\nx\n1,1,1\n,\n")).open(SIGNAL)
        count = sum([samples.values.shape[1] async for samples in feed.samples])
        await source.close()
        return count, feed.faults

    assert asyncio.run(play()) == (2, {"malformed line": 2})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ended before its header"),
        (b"GET / HTTP/1.1\r\n", "the first line is no header"),
        (HEAD.replace(b"V5", b"V1"), "has no channel 'V5'"),
        (HEAD.replace(b"uV", b"bpm"), "is in 'bpm', not in the model's 'mV'"),
    ],
)
def test_what_does_not_fit_is_a_lost_link(served, content, message):
    with pytest.raises(LinkError, match=message):
        feed_of(served(content), SIGNAL)


def test_nobody_there_is_a_lost_link(tmp_path):
    with pytest.raises(LinkError, match=r"tcp://127\.0\.0\.1:1 cannot be opened"):
        feed_of(LinesSource("tcp://127.0.0.1:1", 1.0), SIGNAL)
    with pytest.raises(LinkError, match=r"pipe cannot be opened \(No such file or directory\)"):
        feed_of(LinesSource(f"{tmp_path}/pipe", 1.0), SIGNAL)
    (tmp_path / "pipe").write_text("a file")
    with pytest.raises(LinkError, match="pipe is no named pipe: make one with mkfifo"):
        feed_of(LinesSource(f"{tmp_path}/pipe", 1.0), SIGNAL)


def test_a_silent_program_is_not_waited_for_long(served, monkeypatch):
    monkeypatch.setattr("edgeguard.device.sources.lines._PATIENCE_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(LinkError, match="sends no header"):
        feed_of(open_source(f"lines:tcp://127.0.0.1:{server.getsockname()[1]}"), SIGNAL)


def test_a_named_pipe_is_read_and_may_be_opened_again(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    source = open_source(f"lines:{tmp_path}/pipe")
    for n in range(2):
        threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(HEAD + b"%d,1,1000\n" % n,)).start()
        (samples,) = samples_of(source, SIGNAL)
        assert samples.start == n


STDIN = """
from edgeguard.device.sources import open_source
from tests.device.sources.test_lines import SIGNAL
from tests.feeds import feed_of, values_of
print(values_of(open_source("lines:-"), SIGNAL).tolist())
"""


@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_standard_input_is_read_to_its_end(tmp_path, kind):
    (tmp_path / "lines").write_bytes(HEAD + LINES)
    with (tmp_path / "lines").open("rb") as file:
        given = {"stdin": file} if kind == "file" else {"input": HEAD + LINES}
        done = subprocess.run([sys.executable, "-c", STDIN], **given, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"[[1.0, 2.0], [1.0, 2.0]]\n", b"")
