"""What was wrong on a wearable's wire, as faults of its source."""

from __future__ import annotations

from collections import Counter
from typing import Final

from firmware_bridge.decoder import DecoderCounts
from firmware_bridge.session import SessionCounts

# What gaps leave out is missing from the index, and counted there.
_DROPPED: Final = {
    "crc": "CRC error",
    "cobs": "broken frame",
    "short": "broken frame",
    "long": "broken frame",
    "version": "unknown version",
    "type": "unknown frame",
    "event": "unknown event",
    "payload": "malformed frame",
}
_WRONG: Final = {
    "lost_frames": "lost frame",
    "duplicates": "repeated frame",
    "reordered": "frame out of order",
    "late": "late frame",
    "lost_on_wearable": "sample lost on wearable",
    "unscaled": "sample without hello",
    "restarts": "wearable restarted",
    "foreign": "frame of a second wearable",
}


class WireFaults:
    """Counts of a decoder and a session, which only ever grow, into `faults`."""

    def __init__(self, dropped: DecoderCounts, wrong: SessionCounts, faults: Counter[str]) -> None:
        self._sources = ((dropped, _DROPPED), (wrong, _WRONG))
        self._faults = faults
        self._told: Counter[str] = Counter()

    def count(self) -> None:
        """Add what is new."""
        for counts, names in self._sources:
            for field, fault in names.items():
                if new := getattr(counts, field) - self._told[field]:
                    self._told[field] += new
                    self._faults[fault] += new
