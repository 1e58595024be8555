"""A virtual wearable: what it sends, what its wire does to it, and where it can be plugged in.

async with plugged() as address:  # serial:PATH
    client = Client(open_link(address))
"""

from firmware_bridge.simulator.plugged import plugged, simple_hello, wave_wearable

__all__ = ["plugged", "simple_hello", "wave_wearable"]
