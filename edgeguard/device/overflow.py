"""Messages that are not on disk: because they are just being written, or because the disk takes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from edgeguard.telemetry.messages import Precious

FIRST_TO_GO: Final[tuple[Precious, ...]] = ("telemetry", "ack", "alert")  # where there is no room for all
ROW_BYTES: Final = 64  # what a row and its index entry take beside topic and payload


@dataclass(frozen=True)
class Entry:
    """A message that waits for its acknowledgement."""

    seq: int
    kind: Precious
    topic: str
    payload: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.topic) + len(self.payload) + ROW_BYTES


class Overflow:
    """Messages in memory, in the order of their numbers; lost when the process ends."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[int, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Keep a message whose number is higher than all before."""
        self._entries[entry.seq] = entry

    def first_after(self, seq: int, skipping: Collection[Precious]) -> list[Entry]:
        """The message with the lowest number above `seq` that is not of a kind in `skipping`; or none."""
        return next(([entry] for entry in self if entry.seq > seq and entry.kind not in skipping), [])

    def remove(self, seq: int) -> bool:
        """Forget a message; whether it was there."""
        return self._entries.pop(seq, None) is not None

    def clear(self) -> None:
        """Forget all: they are on disk."""
        self._entries.clear()

    def make_room(self) -> Counter[Precious]:
        """Drop what is too much, as the spool does; how many of each kind that were."""
        dropped: Counter[Precious] = Counter()
        excess = sum(entry.size for entry in self) - self._max_bytes
        for entry in sorted(self, key=lambda entry: (FIRST_TO_GO.index(entry.kind), entry.seq)):
            if excess <= 0:
                break
            excess -= entry.size
            self.remove(entry.seq)
            dropped[entry.kind] += 1
        return dropped
