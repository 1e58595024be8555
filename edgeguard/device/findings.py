"""What a check finds: one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from edgeguard.errors import EdgeGuardError


@dataclass(frozen=True)
class Finding:
    """One line of a check.

    Attributes:
        kind: ``ok``; ``note``: the device runs, but perhaps not as meant; ``wrong``: it would not start or not serve.
        about: What was tried.
        text: What came out.
    """

    kind: Literal["ok", "note", "wrong"]
    about: str
    text: str


def caught(about: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """`findings`, and where they end with an error, one that says it."""
    try:
        yield from findings
    except EdgeGuardError as error:
        yield Finding("wrong", about, str(error))
