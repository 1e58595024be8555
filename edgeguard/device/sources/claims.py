"""Which wearables this process listens to: one id must not be listened to twice, or its beats are counted twice."""

from __future__ import annotations

from typing import Final

from edgeguard.errors import SourceError

_HELD: Final[dict[str, str]] = {}  # id -> link


def claim(device: str, link: str) -> None:
    """Take the wearable of that id for `link`, until `release`; SourceError where another link has it."""
    if device in _HELD:
        raise SourceError(
            f"the wearable at {link} calls itself {device!r}, and so does the one at {_HELD[device]}, which is "
            "listened to already: give each an id of its own, or take one of the two sources away"
        )
    _HELD[device] = link


def release(device: str) -> None:
    """Let others have it."""
    del _HELD[device]
