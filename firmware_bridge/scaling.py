"""Numbers to physical values, as a hello says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.coding import MISSING, WIDTHS, values_of
from firmware_bridge.errors import FrameError
from firmware_bridge.frames import Hello, Samples


class Scaling:
    """What the samples of one hello mean."""

    def __init__(self, hello: Hello) -> None:
        self.hello = hello
        self._resolutions = np.array([[channel.resolution] for channel in hello.channels], np.float32)

    def values(self, frame: Samples, leads_off: frozenset[int]) -> NDArray[np.float32]:
        """(channels, n) in each channel's unit, NaN where a sample is missing or its lead is off.

        FrameError where the samples are not those of this hello.
        """
        width, difference = WIDTHS[frame.coding]
        if frame.channels != len(self._resolutions) or width != self.hello.width:
            raise FrameError(f"{frame.channels} channels of {width} bytes: the hello says otherwise")
        numbers = values_of(frame)
        values = np.multiply(numbers, self._resolutions, dtype=np.float32, casting="unsafe")
        if not difference:
            missing = numbers == MISSING
            if missing.any():
                values[missing] = np.nan
        if leads_off:
            values[[channel for channel in leads_off if channel < len(values)]] = np.nan
        return values
