"""Numbers to physical values, as a hello says."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import MISSING, WIDTHS, values_of
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Hello, Samples

_LOWEST: Final = {2: b"\0\x80", 3: b"\0\0\x80"}  # what a missing sample is on the wire


class Scaling:
    """What the samples of one hello mean."""

    def __init__(self, hello: Hello) -> None:
        self.hello = hello
        self._channels = len(hello.channels)
        self._resolutions = np.array([[channel.resolution] for channel in hello.channels], np.float32)

    def values(self, frame: Samples, leads_off: frozenset[int]) -> NDArray[np.float32]:
        """(channels, n) in each channel's unit, NaN where a sample is missing or its lead is off.

        FrameError where the samples are not those of this hello.
        """
        width, difference = WIDTHS[frame.coding]
        if frame.channels != self._channels or width != self.hello.width:
            raise FrameError(
                f"{frame.channels} channels of {width} bytes: the hello says {self._channels} of {self.hello.width}"
            )
        numbers = values_of(frame)
        values = np.multiply(numbers, self._resolutions, dtype=np.float32, casting="unsafe")
        if not difference and _LOWEST[width] in frame.data:  # at any place: comparing all numbers would take longer
            values[numbers == MISSING] = np.nan
        if leads_off:
            values[[channel for channel in leads_off if channel < self._channels]] = np.nan
        return values
