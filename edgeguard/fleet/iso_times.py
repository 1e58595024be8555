"""Times as files and people write them: ISO 8601, UTC where no offset stands there."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

_FORM: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{3})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MS: Final = timedelta(milliseconds=1)
END_MS: Final = (datetime(9999, 1, 1, tzinfo=timezone.utc) - _EPOCH) // _MS


def unix_ms_from_iso(text: str) -> int:
    """Milliseconds since 1970 of a date (its first moment) or a time; ValueError says how to write it."""
    if not _FORM.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no time: write 2026-07-01, 2026-07-01T08:30 or 2026-07-01T08:30:00+02:00")
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise ValueError(f"{text!r} is no time of the calendar") from error
    ms = ((time if time.tzinfo else time.replace(tzinfo=timezone.utc)) - _EPOCH) // _MS
    if not 0 <= ms < END_MS:
        raise ValueError(f"{text!r} lies before 1970 or after 9998")
    return ms


def iso_from_unix_ms(ms: int) -> str:
    """The time in UTC, to the millisecond: ``2026-07-01T08:30:00.000Z``."""
    return (_EPOCH + ms * _MS).isoformat(timespec="milliseconds").replace("+00:00", "Z")
