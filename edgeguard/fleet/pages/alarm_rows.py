"""How an alarm stands in the queue."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from edgeguard.fleet.pages.alarm_words import KINDS, duration
from edgeguard.fleet.pages.table import Cell, Column, TableRow, Tone, badge, badges, moment, words
from edgeguard.fleet.store.alarms import AlarmRow

TONES: Final[dict[str, Tone]] = {"open": "bad", "acknowledged": "warn", "closed": "good"}
SIGNS: Final = {"open": "●", "acknowledged": "◐", "closed": "✓"}
COLUMNS: Final = (
    Column("device", "Device", phone="title"),
    Column("kind", "What", "Exits disagree on a window; many windows drift; many need more stages"),
    Column("excess", "Over threshold", "The score in thresholds when the alarm began", falls=True, numeric=True),
    Column("predicted", "Predicted", "What the ensemble took the window for, and how sure it was"),
    Column("began", "Began", falls=True),
    Column("lasted", "Lasted", sortable=False),
    Column("windows", "Windows", "Over the threshold, as far as is known", falls=True, numeric=True),
    Column("status", "Status"),
    Column("assignee", "Assigned to"),
    Column("label", "Label", "What a person said that it really was", sortable=False),
    Column("comments", "Comments", sortable=False, numeric=True),
)


def table_row(row: AlarmRow, now_ms: int) -> TableRow:
    """The alarm as a row that leads to its page."""
    return TableRow(row.id, _cells(row, now_ms), href=f"/alarms/{row.id}", tone="bad" if row.status == "open" else "")


def status_badge(status: str) -> dict[str, str]:
    """The status as a short word with its sign."""
    return badge(status, TONES.get(status, ""), SIGNS.get(status, ""))


def device_url(fleet: str, device: str) -> str:
    """The page of a device."""
    return f"/devices/{quote(fleet, safe='')}/{quote(device, safe='')}"


def _cells(row: AlarmRow, now_ms: int) -> dict[str, Cell]:
    lasted = duration((row.ended_ms or now_ms) - row.began_ms)
    return {
        "device": words(f"{row.fleet}/{row.device}", href=f"/alarms/{row.id}", below=row.source),
        "kind": KINDS.get(row.kind, row.kind),
        "excess": "" if row.excess is None else f"{row.excess:.1f} ×",
        "predicted": f"{row.predicted} {row.confidence:.0%}",
        "began": moment(row.began_ms),
        "lasted": words(lasted, below="" if row.ended_ms else "goes on"),
        "windows": f"{row.windows:,}",
        "status": badges(status_badge(row.status)),
        "assignee": row.assignee or "",
        "label": row.label or "",
        "comments": str(row.comments) if row.comments else "",
    }
