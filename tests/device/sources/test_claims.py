from __future__ import annotations

import pytest

from edgeguard.device.sources.claims import claim, release
from edgeguard.errors import SourceError


def test_one_id_is_listened_to_once():
    claim("wrist-7", "serial:/dev/ttyACM0")
    try:
        with pytest.raises(
            SourceError, match=r"at ble:W calls itself 'wrist-7', and so does the one at serial:/dev/tty"
        ):
            claim("wrist-7", "ble:W")
        claim("wrist-8", "ble:W")
    finally:
        release("wrist-7")
    claim("wrist-7", "ble:W")
    release("wrist-7")
    release("wrist-8")
