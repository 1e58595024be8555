from __future__ import annotations

from datetime import datetime, timezone

import pytest

from edgeguard.fleet.iso_times import iso_from_unix_ms, unix_ms_from_iso


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-07-01", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T08:30", "2026-07-01T08:30:00+00:00"),
        ("2026-07-01 08:30:05Z", "2026-07-01T08:30:05+00:00"),
        ("2026-07-01T08:30:00.250+02:00", "2026-07-01T06:30:00.250+00:00"),
        ("1970-01-01", "1970-01-01T00:00:00+00:00"),
    ],
)
def test_times_are_utc_unless_said(text, same):
    assert unix_ms_from_iso(text) == round(datetime.fromisoformat(same).timestamp() * 1000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.7.2026",
        "2026-7-1",
        "2026-02-30",
        "1969-12-31",
        "9999-12-31",
        "2026-07-01T25:00",
        "٢٠٢٦-٠٧-٠١",
        "2026-07-01\n",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"time|before 1970"):
        unix_ms_from_iso(text)


def test_written_times_are_read_again():
    ms = round(datetime(2026, 7, 1, 8, 30, tzinfo=timezone.utc).timestamp() * 1000) + 7
    assert iso_from_unix_ms(ms) == "2026-07-01T08:30:00.007Z"
    assert unix_ms_from_iso(iso_from_unix_ms(ms)) == ms
