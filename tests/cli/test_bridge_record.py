from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys

import pytest

from edgeguard import __version__
from firmware_bridge.recording import read_recording
from tests.firmware_bridge.recorded import bytes_of, heard_of
from tests.firmware_bridge.simulated import simulated


def test_what_comes_is_kept_and_counted(edgeguard, tmp_path):
    with simulated() as where:
        status, out, err = edgeguard("bridge", "record", where, "-o", "a.egb", "--seconds", "1")
    recording = read_recording(tmp_path / "a.egb")
    samples = heard_of(bytes_of(tmp_path / "a.egb"))[0].counts.samples
    assert status == 0
    assert out == (
        f"a.egb: {(tmp_path / 'a.egb').stat().st_size} bytes, {samples} samples, 0 gaps, 0 missing, 0 CRC errors, "
        "0 other pieces dropped, 0 restarts, 0 reconnections\n"
    )
    assert samples > 100
    assert (recording.header.link, recording.header.software) == (where, f"edgeguard {__version__}")
    assert err == f"{where}: recording to a.egb\n"


def test_the_bare_path_of_a_port_will_do(edgeguard, tmp_path):
    with simulated() as where:
        path = where.removeprefix("serial:")
        assert edgeguard("bridge", "record", path, "-o", "a.egb", "--seconds", "0.5", "--quiet")[::2] == (0, "")


def test_sigterm_ends_it_with_its_summary(tmp_path):
    words = ("bridge", "record", "-o", str(tmp_path / "a.egb"))
    with simulated() as where:
        command = [sys.executable, "-m", "edgeguard", *words, where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr.readline() == f"{where}: recording to {tmp_path / 'a.egb'}\n"
            os.kill(process.pid, signal.SIGTERM)
            assert " samples, 0 gaps, " in process.stdout.read()
    assert process.returncode == 0


def test_an_old_recording_goes_only_when_told(edgeguard, tmp_path):
    (tmp_path / "a.egb").write_text("mine")
    with simulated() as where:
        words = ("bridge", "record", where, "-o", "a.egb", "--seconds", "0.5")
        status, out, err = edgeguard(*words)
        assert (status, out, err) == (1, "", "error: a.egb is there already: choose another name\n")
        assert (tmp_path / "a.egb").read_text() == "mine"
        assert edgeguard(*words, "--overwrite")[0] == 0
    assert bytes_of(tmp_path / "a.egb")


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("/dev/nosuch", "there is no serial port /dev/nosuch"),
        ("nosuch", "'nosuch' is no link: write serial:PATH, tcp:HOST:PORT or ble:NAME"),
        ("tcp:127.0.0.1:1", "tcp:127.0.0.1:1 is refused: nobody listens at port 1 there"),
    ],
)
def test_nobody_there_is_one_line_and_leaves_no_file(edgeguard, tmp_path, link, message):
    status, out, err = edgeguard("bridge", "record", link, "-o", "a.egb")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert message in err
    assert not (tmp_path / "a.egb").exists()


def test_where_nothing_came_there_is_no_recording(edgeguard, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"tcp:127.0.0.1:{silent.getsockname()[1]}"
        status, out, err = edgeguard("bridge", "record", where, "-o", "a.egb", "--seconds", "0.3")
    assert (status, out, err) == (1, "", f"error: nothing came from {where}: no recording was made\n")
    assert not (tmp_path / "a.egb").exists()


def test_a_full_disk_is_one_line_and_keeps_what_was_written(edgeguard, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with simulated() as where:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
            status, out, err = edgeguard("bridge", "record", where, "-o", "a.egb", "--quiet")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "a.egb takes no more (File too large): its " in err
    recording = read_recording(tmp_path / "a.egb")
    assert sum(len(chunk.data) for chunk in recording) > 1000
    assert recording.cut == 0
