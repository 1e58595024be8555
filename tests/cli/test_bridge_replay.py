from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

from firmware_bridge.simulator.noisy_wire import Noise, NoisyWire
from firmware_bridge.simulator.plugged import simple_hello
from tests.firmware_bridge.recorded import bytes_of, heard_of, recorded
from tests.tiny_model import write_tiny_bundle

FITTING = simple_hello(channels=("I", "II"), rate_hz=100.0)  # what the tiny model takes


@contextmanager
def replayed(path, *words):
    """Where a recording can be heard, and the process that plays it."""
    command = [sys.executable, "-m", "edgeguard", "bridge", "replay", str(path), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"play it from (\S+)$", process.stdout.readline())[1], process
        finally:
            process.terminate()


@pytest.mark.parametrize("words", [(), ("--tcp", "127.0.0.1:0")])
def test_whoever_records_it_again_gets_the_same(edgeguard, tmp_path, words):
    path = recorded(tmp_path / "a.egb", 10.0, wire=NoisyWire(2, Noise(damage=0.001)))
    with replayed(path, *words, "--speed", "20") as (where, process):
        status, _, _ = edgeguard("bridge", "record", where, "-o", "b.egb", "--seconds", "4", "--quiet")
        assert process.wait(60) == 0
    then, now = (heard_of(bytes_of(tmp_path / name))[0].counts for name in ("a.egb", "b.egb"))
    assert (status, now.samples, now.gaps, now.missing) == (0, then.samples, then.gaps, then.missing)
    assert then.gaps > 0


def test_a_pseudo_terminal_lies_where_it_is_wished_and_is_gone_at_the_end(tmp_path):
    path, port = recorded(tmp_path / "a.egb", 1.0), tmp_path / "port"
    with replayed(path, "--pty", str(port), "--loop") as (where, _):
        assert where == f"serial:{port}"
        assert port.is_symlink()
    assert not port.is_symlink()


def test_the_device_hears_it_as_a_wearable(edgeguard, tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip")
    path = recorded(tmp_path / "a.egb", 8.0, hello=FITTING)
    with replayed(path, "--loop") as (where, _):
        status, out, _ = edgeguard("run", "tiny.zip", "--source", where, "--windows", "3")
    assert (status, out.splitlines()[-1].split(",")[0]) == (0, "3 windows")


def test_the_device_decodes_the_file_itself(edgeguard, tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip")
    recorded(tmp_path / "a.egb", 20.0, hello=FITTING, wire=NoisyWire(4, Noise(damage=0.0005)))
    counts = heard_of(bytes_of(tmp_path / "a.egb"))[0].counts
    status, out, _ = edgeguard("run", "tiny.zip", "--source", "a.egb", "--speed", "max", "--quiet")
    assert status == 0
    assert f"{counts.gaps} gaps" in out
    assert counts.gaps > 0


def test_what_is_cut_off_is_told(tmp_path):
    path = recorded(tmp_path / "a.egb", 1.0)
    path.write_bytes(path.read_bytes()[:-3])
    with replayed(path, "--speed", "max") as (where, process):
        command = [sys.executable, "-m", "edgeguard", "bridge", "monitor", where, "--seconds", "1"]
        subprocess.run(command, capture_output=True, check=True)
        err = process.communicate()[1]
    assert re.search(r"a\.egb: its last \d+ bytes are cut off or damaged, and were left out\n", err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing.egb"], "there is no recording at missing.egb: check the path"),
        (["text.egb"], "text.egb is no recording of a wearable's link: give the .egb file"),
        (["a.egb", "--speed", "0"], "speed '0' is not a positive number"),
        (["a.egb", "--tcp", "7007"], "--tcp '7007' is no address: write HOST:PORT"),
        (["a.egb", "--tcp", "127.0.0.1:0", "--pty", "port"], "--pty and --tcp exclude each other"),
        (["a.egb", "--pty", "a.egb"], "a.egb cannot be made (File exists): choose another path"),
    ],
)
def test_wrong_input_is_one_line(edgeguard, tmp_path, words, message):
    (tmp_path / "text.egb").write_text("0,1.5\n")
    recorded(tmp_path / "a.egb", 0.1)
    status, out, err = edgeguard("bridge", "replay", *words)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert message in err
