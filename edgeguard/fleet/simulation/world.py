"""All devices of a plan, in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np

from edgeguard.fleet.simulation.device import Judged, VirtualDevice
from edgeguard.fleet.simulation.plan import Plan
from edgeguard.telemetry.connection import Message


class World:
    """Makes the messages of a whole fleet for one span of time after the other.

    Args:
        plan: What happens to whom.
        interval_ms: From one summary of a device to its next, at first; devices are spread over it.

    Attributes:
        devices: All of them.
    """

    def __init__(self, plan: Plan, interval_ms: int) -> None:
        wishes = plan.wishes
        self.devices = [
            VirtualDevice(
                fate,
                np.random.default_rng([wishes.seed, 1, number]),
                wishes.began_ms - interval_ms + interval_ms * number // wishes.devices,
            )
            for number, fate in enumerate(plan.fates)
        ]
        self._interval_ms = interval_ms
        self._due = [(device.time_ms + interval_ms, number) for number, device in enumerate(self.devices)]
        heapq.heapify(self._due)

    def until(self, end_ms: int) -> Iterator[Message]:
        """What leaves the devices up to `end_ms`, since the last call; lazily, in the order of time."""
        while self._due[0][0] <= end_ms:
            due_ms, number = self._due[0]
            device = self.devices[number]
            yield from device.advance(due_ms - device.time_ms)
            heapq.heapreplace(self._due, (due_ms + self._interval_ms, number))

    @property
    def next_ms(self) -> int:
        """When the next device has something to say."""
        return self._due[0][0]

    def set_interval(self, interval_ms: int, from_ms: int) -> None:
        """From `from_ms` on, so long from one summary to the next; `until` was called up to then."""
        count = len(self.devices)
        self._interval_ms = interval_ms
        self._due = [(from_ms + interval_ms * (number + 1) // count, number) for number in range(count)]

    def farewells(self) -> Iterator[Message]:
        """What the devices say that have a link, when all are stopped."""
        return (farewell for device in self.devices if (farewell := device.stop()) is not None)

    def take_judged(self) -> list[Judged]:
        """Windows whose truth is known, of all devices, since the last call."""
        found = [known for device in self.devices for known in device.judged]
        for device in self.devices:
            device.judged.clear()
        return found
