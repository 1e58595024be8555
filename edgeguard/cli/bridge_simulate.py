"""``edgeguard bridge simulate``."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from edgeguard.device.sources.played import Played
    from firmware_bridge.frames import Hello
    from firmware_bridge.simulator.noisy_wire import NoisyWire
    from firmware_bridge.simulator.running import Plug
    from firmware_bridge.simulator.sampler import Signal
    from firmware_bridge.simulator.spells import Spells
    from firmware_bridge.simulator.virtual_wearable import Mishaps, VirtualWearable

_SHARE: Final = click.FloatRange(0, 1, max_open=True)
_SECONDS: Final = click.FloatRange(0, min_open=True)
_MISHAPS: Final = ("leads-off", "overrun", "button", "restart")
