"""What was sent against what became rows: pure, so that it can be shown to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benchmarks.fleet_loss.traffic import Key

Boot = tuple[str, str]  # device and boot


@dataclass(frozen=True)
class Account:
    """What became of every message.

    Attributes:
        sent: Numbered messages.
        rows: In the database, all together.
        lost: Sent, and no row.
        doubled: More than one row.
        unknown: Rows of what was never sent.
        gaps: Numbers that the ledger says are missing.
        unsaid: Lost, and not among the numbers that the ledger misses.
        set_aside: Messages in the quarantine.
    """

    sent: int
    rows: int
    lost: frozenset[Key]
    doubled: frozenset[Key]
    unknown: frozenset[Key]
    gaps: int
    unsaid: frozenset[Key]
    set_aside: int

    def complaints(self, *, may_lose: bool = False) -> list[str]:
        """What is wrong, one line each; where the broker `may_lose`, a loss must be visible as a gap."""
        found = [
            f"{len(keys)} messages {what}: {sorted(keys)[:3]}"
            for what, keys in (("doubled", self.doubled), ("unknown", self.unknown), ("lost unsaid", self.unsaid))
            if keys
        ]
        if self.lost and not may_lose:
            found.append(f"{len(self.lost)} messages lost: {sorted(self.lost)[:3]}")
        if self.gaps != len(self.lost) - len(self.unsaid):
            found.append(f"the ledger misses {self.gaps} numbers, {len(self.lost)} messages are lost")
        if self.set_aside:
            found.append(f"{self.set_aside} messages set aside")
        return found

    def figures(self) -> dict[str, Any]:
        """For a results file."""
        return {
            "sent": self.sent,
            "rows": self.rows,
            "lost": len(self.lost),
            "doubled": len(self.doubled),
            "unknown": len(self.unknown),
            "gaps_in_the_ledger": self.gaps,
            "lost_and_not_in_the_ledger": len(self.unsaid),
            "set_aside": self.set_aside,
        }


def account(sent: Set[Key], rows: Iterable[Key], ledger: Mapping[Boot, str], gaps: int, set_aside: int) -> Account:
    """Account for every message.

    Args:
        sent: All that left a device.
        rows: All that is in the database.
        ledger: The ranges of numbers that came, like ``1-40,42-57``, of each boot.
        gaps: How many numbers the database says are missing between the first and the last that came.
        set_aside: Messages in the quarantine.
    """
    counts = Counter(rows)
    lost = frozenset(sent - counts.keys())
    missing = {boot: _missing(ranges) for boot, ranges in ledger.items()}
    return Account(
        sent=len(sent),
        rows=counts.total(),
        lost=lost,
        doubled=frozenset(key for key, count in counts.items() if count > 1),
        unknown=frozenset(counts.keys() - sent),
        gaps=gaps,
        unsaid=frozenset(key for key in lost if key.seq not in missing.get((key.device, key.boot), ())),
        set_aside=set_aside,
    )


def _missing(ranges: str) -> frozenset[int]:
    """What lies between the ranges."""
    spans = [tuple(map(int, span.split("-"))) for span in ranges.split(",") if span]
    came = [(span[0], span[-1]) for span in spans]
    return frozenset(seq for (_, end), (begin, _) in pairwise(came) for seq in range(end + 1, begin))
