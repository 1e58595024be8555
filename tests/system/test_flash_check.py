"""A wearable made of the C end passes its own examination."""

from __future__ import annotations

import pytest

from firmware_bridge.examination import examine
from firmware_bridge.grading import grade
from firmware_bridge.links import open_link
from tests.feeds import run_apart
from tests.firmware_bridge.c.building import host_program
from tests.firmware_bridge.c.test_wearable import plugged

# A busy machine lets the program's timer miss its time: that is the host's doing.
OF_THE_HOST = {"rate", "clock", "clock of samples", "jitter", "answers", "heartbeats"}


@pytest.mark.slow  # 10 s: the wearable runs in real time
def test_the_c_end_passes_flash_check(tmp_path):
    program = host_program("clang", ["wearable.c"], tmp_path)
    with plugged(program, rate_hz=100) as path:
        report = grade(run_apart(examine(open_link(f"serial:{path}"), 6.0)))
    firmware = [one for one in report.findings if one.about not in OF_THE_HOST]
    assert [one for one in firmware if one.kind != "ok"] == []
    assert len(firmware) > 12
