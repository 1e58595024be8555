"""Both ends make the same bytes of the same frame."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from firmware_bridge import wire
from tests.firmware_bridge.c.arbitrary import FRAMES
from tests.firmware_bridge.c.reproducing import script_for


@given(FRAMES)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_frame_is_made_alike(bridge, frame):
    assert bridge(script_for(frame))[-1].wire == wire.encode(frame)
