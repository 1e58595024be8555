from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from firmware_bridge.simulator.plugged import simple_hello, wave_wearable
from tests.firmware_bridge.simulated import simulated


def drawn(where, columns, lines, **environment):
    """All that is drawn on a terminal of that size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    command = [sys.executable, "-m", "edgeguard", "bridge", "monitor", where, "--seconds", "1.5"]
    surroundings = {**os.environ, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        surroundings.pop(name, None)
    said = b""
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings) as process:
        os.close(theirs)
        try:
            while data := os.read(ours, 65536):
                said += data
        except OSError:  # it has ended
            pass
    os.close(ours)
    assert process.returncode == 0, said
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())


def test_in_a_pipe_it_is_a_line_now_and_then(edgeguard):
    with simulated(wave_wearable(battery=0.87)) as where:
        status, out, err = edgeguard("bridge", "monitor", where, "--seconds", "2", "--every-s", "0.5")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) >= 2
    assert re.fullmatch(
        r"sim-1: 250 Hz promised, \d+ samples, 0 gaps, 0 missing, 0 CRC errors, 0 other pieces dropped, 0 restarts, "
        r"battery 87%",
        out.splitlines()[-1],
    )


@pytest.mark.parametrize(("encoding", "cell"), [("utf-8", "[⠁-⣿]{3}"), ("ascii", "[|_'-]{3}")])
def test_on_a_terminal_it_draws_and_leaves_a_line(encoding, cell):
    with simulated(wave_wearable(simple_hello(channels=("ECG", "RESP")))) as where:
        text = drawn(where, 80, 24, PYTHONIOENCODING=encoding)
    assert "sim-1  firmware sim, 2 channels, 16 bit, 250 Hz" in text
    assert all(name in text for name in ("ECG", "RESP", "the last 6 s; Ctrl-C ends"))
    assert re.search(cell, text)
    assert re.search(r"sim-1: 250 Hz promised, \d+ samples, .*battery 100%\s*$", text)


def test_nobody_there_is_one_line(edgeguard):
    status, out, err = edgeguard("bridge", "monitor", "/dev/nosuch")
    assert (status, out) == (1, "")
    assert err.startswith("error: there is no serial port /dev/nosuch")
