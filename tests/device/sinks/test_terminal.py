from __future__ import annotations

import pytest

from edgeguard.device.sinks.terminal import TerminalSink, bar


def test_one_plain_line_per_verdict(manifest, verdict_at):
    lines = []
    sink = TerminalSink(manifest, lines.append)
    sink.put(verdict_at(0), 0.5)
    sink.put(verdict_at(100, disagreement=0.5), 0.5)
    sink.put(verdict_at(200, rejected="not finite"), 0.5)
    sink.close()
    assert lines == [
        "         0  abnormal   62.5%  [#####.....|..........]     0.12",
        "       100  abnormal   62.5%  [##########|##########]      0.5  ALARM",
        "       200  rejected: not finite",
    ]


@pytest.mark.parametrize(
    ("value", "threshold", "filled"),
    [(0, 1, 0), (0.99, 1, 9), (1, 1, 10), (1.5, 1, 15), (2, 1, 20), (99, 1, 20), (0, 0, 20), (1e-9, 0, 20)],
)
def test_bar_is_half_full_at_the_threshold(value, threshold, filled):
    assert bar(value, threshold).count("#") == filled
    assert len(bar(value, threshold)) == 23
