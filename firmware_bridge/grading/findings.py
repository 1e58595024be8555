"""What a check finds: one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One line of a report.

    Attributes:
        kind: ``ok``; ``note``: it works, but perhaps not as meant; ``wrong``: mend it.
        about: What was looked at.
        text: What was seen and, unless it is ok, what to do in the firmware.
    """

    kind: Literal["ok", "note", "wrong"]
    about: str
    text: str


def by_size(about: str, size: float, note: float, wrong: float, seen: str, advice: str) -> Finding:
    """Ok up to a `size` of `note`, wrong above `wrong`; `advice` only stands where it is not ok."""
    if size <= note:
        return Finding("ok", about, seen)
    return Finding("note" if size <= wrong else "wrong", about, f"{seen}: {advice}")
