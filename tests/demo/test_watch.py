from __future__ import annotations

import pytest

from edgeguard.demo.watch import Watch


def test_nothing_heard_is_no_tally():
    watch = Watch(0.1, lambda *_: None)
    assert watch.tally is None
    assert not watch.stopped.is_set()


@pytest.mark.parametrize(("value", "threshold", "full"), [(0.0, 0.2, 0), (0.2, 0.2, 12), (9.0, 0.2, 24), (1.0, 0.0, 0)])
def test_the_bar_is_half_full_at_the_threshold(value, threshold, full):
    assert Watch(threshold, lambda *_: None)._bar(value) == "█" * full + "░" * (24 - full)


@pytest.mark.parametrize(("topic", "payload"), [("edgeguard/v1/demo/wearable-1/alert", b"{}"), ("elsewhere", b"{}")])
def test_what_is_no_message_is_told_and_dropped(topic, payload):
    told = []
    watch = Watch(0.1, lambda *line: told.append(line))
    watch.take(topic, payload)
    assert watch.alerts == []
    assert told[0][0].startswith("refused  ")
