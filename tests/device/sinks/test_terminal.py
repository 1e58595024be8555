from __future__ import annotations

from dataclasses import replace

import pytest

from edgeguard.device.samples import Alarm
from edgeguard.device.sinks.terminal import TerminalSink, bar


def test_one_plain_line_per_verdict(manifest, verdict_at):
    lines = []
    sink = TerminalSink(manifest, lines.append, ["ecg"])
    sink.put(verdict_at(0), [], 0.5)
    sink.put(verdict_at(100, disagreement=0.5), [], 0.5)
    sink.put(verdict_at(200, rejected="not finite"), [], 0.5)
    sink.close()
    assert lines == [
        "         0  abnormal   62.5%  [#####.....|..........]     0.12",
        "       100  abnormal   62.5%  [##########|##########]      0.5  ALARM",
        "       200  rejected: not finite",
    ]


def test_sources_are_named_where_there_are_several(manifest, verdict_at):
    lines = []
    sink = TerminalSink(manifest, lines.append, ["bed-7", "bed-12"])
    sink.put(replace(verdict_at(0, rejected="flat"), source="bed-7"), [], 0.5)
    sink.put(replace(verdict_at(0, rejected="flat"), source="bed-12"), [], 0.5)
    assert lines == ["bed-7            0  rejected: flat", "bed-12           0  rejected: flat"]


def test_alarms_that_begin_and_end_are_lines_of_their_own(manifest, verdict_at):
    lines, high = [], verdict_at(0, disagreement=0.5)
    begun = Alarm("window", True, high, 0.5, 0.25, windows=1, suppressed=3)
    over = Alarm("drift", False, high, 0.0, 5.0, windows=42, suppressed=0)
    TerminalSink(manifest, lines.append).put(high, [begun, over], 0.5)
    assert lines[1:] == [
        "            window alarm: 0.5 is over 0.25; 3 before it held back",
        "            drift alarm over: 42 windows over 5",
    ]


def test_bar_is_drawn_to_the_threshold_of_the_policy(manifest, verdict_at):
    lines = []
    TerminalSink(manifest, lines.append, threshold=0.125).put(verdict_at(0), [], 0.5)
    assert "[##########|..........]" in lines[0]


@pytest.mark.parametrize(
    ("value", "threshold", "filled"),
    [(0, 1, 0), (0.99, 1, 9), (1, 1, 10), (1.5, 1, 15), (2, 1, 20), (99, 1, 20), (0, 0, 20), (1e-9, 0, 20)],
)
def test_bar_is_half_full_at_the_threshold(value, threshold, filled):
    assert bar(value, threshold).count("#") == filled
    assert len(bar(value, threshold)) == 23
