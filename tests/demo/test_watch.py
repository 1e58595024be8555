from __future__ import annotations

import pytest

from edgeguard.demo.watch import Watch
from edgeguard.errors import MessageError


def test_nothing_heard_is_no_tally():
    watch = Watch(0.1, lambda *_: None)
    assert watch.tally is None
    assert not watch.stopped.is_set()


@pytest.mark.parametrize(("value", "threshold", "full"), [(0.0, 0.2, 0), (0.2, 0.2, 12), (9.0, 0.2, 24), (1.0, 0.0, 0)])
def test_the_bar_is_half_full_at_the_threshold(value, threshold, full):
    assert Watch(threshold, lambda *_: None)._bar(value) == "█" * full + "░" * (24 - full)


def test_what_is_no_message_is_refused():
    with pytest.raises(MessageError):
        Watch(0.1, lambda *_: None).take("edgeguard/v1/demo/wearable-1/alert", b"{}")
