"""The device as a process, and at its serial port a wearable made of the C end."""

from __future__ import annotations

import json

import pytest

from edgeguard.signals.spec import SignalSpec
from tests.device.programs import Device
from tests.firmware_bridge.c.building import host_program
from tests.firmware_bridge.c.test_wearable import plugged
from tests.tiny_model import write_tiny_bundle

SIGNAL = SignalSpec(channels=("c0", "c1"), units="mV", window=100, hop=100, rate_hz=1000.0)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return host_program("clang", ["wearable.c"], tmp_path_factory.mktemp("build"))


def test_windows_of_the_c_end_are_judged_without_a_gap(program, tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip", signal=SIGNAL)
    with plugged(program, rate_hz=1000, ring=60000) as path:
        words = ["--source", f"serial:{path}", "--windows", "20", "--log", "verdicts.jsonl", "--quiet"]
        device = Device(tmp_path, "tiny.zip", *words)
        try:
            assert device.process.wait(30) == 0
        finally:
            device.kill()
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    starts = [verdict["start"] for verdict in verdicts if "start" in verdict]
    assert [start - starts[0] for start in starts[:20]] == list(range(0, 2000, 100))
    assert not any(verdict.get("rejected") for verdict in verdicts)
