"""A wearable's end of the protocol, reduced to the frames that it makes."""

import numpy as np

from firmware_bridge.coding import MISSING, data_of
from firmware_bridge.frames import Channel, Coding, Heartbeat, Hello, Leads, Samples


def numbers(start, count, channels=2):
    """What a sender measures: sample i of channel c is 3 i + c, modulo 1000."""
    return (3 * np.arange(start, start + count)[None] + np.arange(channels)[:, None]) % 1000


class Sender:
    """Each sample takes 4 ms of its clock; what `skip` takes is never sent."""

    def __init__(self, boot=7, *, device="eg-01", index=0, sequence=0, clock_us=0, lost=0):
        self.boot, self.device, self.lost = boot, device, lost
        self.index, self.sequence, self.clock_us = index, sequence, clock_us
        self.rate_mhz = 250_000

    def head(self):
        self.sequence += 1
        return self.boot, (self.sequence - 1) % 2**16, self.clock_us % 2**32

    def hello(self, resolution=0.5):
        channels = (Channel("I", "uV", resolution), Channel("II", "uV", 2 * resolution))
        return Hello(*self.head(), self.device, "1.0", self.rate_mhz, 2, channels)

    def samples(self, count=10, *, missing=(), channels=2):
        values = numbers(self.index, count, channels).astype(np.int32)
        values[:, list(missing)] = MISSING
        data = data_of(values, Coding.PACKED16)
        frame = Samples(*self.head(), self.index % 2**32, Coding.PACKED16, channels, count, data)
        self.take(count)
        return frame

    def heartbeat(self, *, streaming=True):
        return Heartbeat(*self.head(), self.index % 2**32, self.lost % 2**32, streaming)

    def leads(self, off):
        return Leads(*self.head(), off)

    def take(self, samples):
        """Take samples and send none of them."""
        self.index += samples
        self.clock_us += 4000 * samples

    def skip(self, frames, count=10):
        """Send frames of samples that are lost on the way."""
        for _ in range(frames):
            self.samples(count)

    def wait(self, seconds):
        """Take no samples."""
        self.clock_us += int(seconds * 1e6)
