from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation
from firmware_bridge.coding import values_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Action, Command, Heartbeat, Hello, Samples
from firmware_bridge.wire import encode

ROOT = Path(__file__).resolve().parents[2]
START = encode(Command(0, 0, 0, 1, Action.START))


def simulating(tmp_path, *options):
    line = [sys.executable, "-m", "edgeguard", "bridge", "simulate", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        line, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def read_to_the_end(path):
    """All frames up to the heartbeat after the last sample."""
    port, decoder, frames = os.open(path, os.O_RDWR | os.O_NOCTTY), Decoder(), []
    os.write(port, START)
    try:
        while not any(isinstance(one, Heartbeat) and one.next_index and not one.streaming for one in frames):
            frames += decoder.feed(os.read(port, 65536))
    finally:
        os.close(port)
    return frames


def test_a_recording_comes_over_the_wire_as_it_is_and_the_end_says_so(tmp_path):
    recorded = np.random.default_rng(1).normal(0, 1000, (2, 5000)).astype(np.float32)
    np.savez(tmp_path / "r.npz", signal=recorded, rate_hz=500.0)
    process = simulating(tmp_path, "--source", "r.npz", "--unit", "uV", "--channels", "I+II", "--pty", "port",
                         "--speed", "max")  # fmt: skip
    assert process.stdout.readline() == "sim-1: I+II at 500 Hz, 16 bits of 1 uV, on serial:port\n"
    assert "edgeguard bridge monitor serial:port" in process.stdout.readline()
    frames = read_to_the_end(tmp_path / "port")
    process.send_signal(signal.SIGINT)
    end = process.communicate(timeout=60)[0]
    values = np.concatenate([values_of(frame) for frame in frames if isinstance(frame, Samples)], axis=1)
    np.testing.assert_array_equal(values, np.rint(recorded))
    assert next(one.device for one in frames if isinstance(one, Hello)) == "sim-1"
    assert (process.returncode, end.startswith("5000 samples taken, 5000 sent, 0 lost")) == (0, True)


def test_a_perturbation_is_added_from_one_second_to_another(tmp_path):
    np.savez(tmp_path / "r.npz", signal=np.zeros((1, 400), np.float32), rate_hz=100.0)
    facts = UniversalFacts(
        channels=("ECG",), units="z-score", norm="linf", epsilon=0.5, fool_rate=1.0, source="test", rate_hz=100.0
    )
    UniversalPerturbation(np.array([[0.5, -0.25]], np.float32), facts).save(tmp_path / "uap.npz")
    attack = ["--attack", "uap.npz", "--attack-from", "1", "--attack-to", "3", "--attack-gain", "200"]
    process = simulating(tmp_path, "--source", "r.npz", "--channels", "ECG", "--pty", "port", "--speed", "max", *attack)
    process.stdout.readline()
    frames = read_to_the_end(tmp_path / "port")
    process.terminate()
    process.communicate(timeout=60)
    values = np.concatenate([values_of(frame) for frame in frames if isinstance(frame, Samples)], axis=1)[0]
    assert values.tolist() == [0] * 100 + [100, -50] * 100 + [0] * 100


def test_after_so_many_seconds_it_is_over(edgeguard):
    status, out, err = edgeguard("bridge", "simulate", "--seconds", "0.2", "--tcp", "127.0.0.1:0", "--channels", "I+II")
    assert (status, err) == (0, "")
    assert re.search(r"I\+II at 250 Hz, 16 bits of 1 uV, on tcp:127.0.0.1:[1-9]\d+\n", out)
    assert out.splitlines()[-1].startswith("0 samples taken")


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--source", "none.npz"], 1, "there is no recording at none.npz: check the path"),
        (["--source", "sythetic:seed=3"], 1, "did you mean 'synthetic'?"),
        (["--device", "a b"], 1, "the device id 'a b' is not"),
        (["--pty", "a", "--tcp", "127.0.0.1:1"], 1, "--pty and --tcp exclude each other"),
        (["--tcp", "somewhere"], 1, "--tcp 'somewhere' is no address: write HOST:PORT"),
        (["--tcp", "127.0.0.1:99999"], 1, "is no address"),
        (["--pty", "no/folder/port"], 1, "no/folder/port cannot be made (No such file or directory)"),
        (["--rate", "100"], 1, "above 120 Hz"),
        (["--speed", "fast"], 1, "speed 'fast' is not a positive number"),
        (["--damage", "1"], 2, "--damage"),
        (["--burst", "0"], 2, "--burst"),
        (["--mishap", "flood", "3"], 2, "'flood' is not one of"),
        (["--attack", "none.npz"], 1, "there is no universal perturbation at none.npz"),
    ],
)
def test_bad_options_are_one_line(edgeguard, options, status, message):
    found = edgeguard("bridge", "simulate", "--seconds", "0.1", *options)
    assert (found[0], len(found[2].splitlines())) == (status, 1)
    assert message in found[2]
