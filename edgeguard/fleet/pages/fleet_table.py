"""Devices as rows of the fleet page's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edgeguard.fleet.pages import wording
from edgeguard.fleet.pages.alarm_rows import device_url
from edgeguard.fleet.pages.table import Cell, Column, TableRow, Tone, badges, bar, words
from edgeguard.fleet.store.devices import DeviceRow

_LOW_BATTERY: Final = 0.15

COLUMNS: Final = (
    Column("device", "Device", phone="title"),
    Column("attention", "Needs attention", "Why somebody should look: most urgent first", phone="plain"),
    Column("status", "Status", "And when its newest message came", phone="plain"),
    Column("alarm_rate", "Alarms, 24 h", "Windows whose exits disagree more than on clean signals", falls=True),
    Column("disagreement", "Disagreement", "Mean of 24 hours; the bar is full at the largest shown", falls=True),
    Column(
        "rejected_rate",
        "Rejected",
        "Share of windows whose signal was too poor for the model",
        falls=True,
        numeric=True,
    ),
    Column("battery", "Battery", numeric=True),
    Column("missing", "Missing", "Messages that never came", falls=True, numeric=True),
    Column("waiting", "Waiting", "Messages that wait on the device", falls=True, numeric=True),
    Column("model", "Model"),
)


def steadied(found: Sequence[DeviceRow], shown: Sequence[DeviceRow]) -> list[DeviceRow]:
    """`shown` in its own order, with what is `found` of each now: rows that somebody points at stay in place."""
    now = {row.id: row for row in found}
    return [now.get(row.id, row) for row in shown]


def rows_of(several: Sequence[DeviceRow]) -> list[TableRow]:
    """One row a device."""
    largest = max((row.disagreement_day or 0 for row in several), default=0)
    return [_row(row, largest) for row in several]


def _row(row: DeviceRow, largest: float) -> TableRow:
    href = device_url(row.fleet, row.device)
    urgent: Tone = "bad" if "attacked" in row.attention else "warn" if row.score > 1 else ""
    cells: dict[str, Cell] = {
        "device": words(row.device, href=href, below=row.fleet),
        "attention": badges(*found) if (found := wording.attention_badges(row)) else "",
        "status": badges(wording.status_badge(row.status), at_ms=row.last_seen_ms),
        "alarm_rate": _alarms(row),
        "disagreement": _disagreement(row, largest),
        "rejected_rate": wording.percent(row.rejected_day, row.windows_day),
        "battery": _battery(row.battery),
        "missing": wording.count(row.missing) if row.missing else "",
        "waiting": wording.count(row.waiting) if row.waiting else "",
        "model": wording.bundle(row.model, row.version),
    }
    return TableRow(row.id, cells, href=href, tone=urgent)


def _alarms(row: DeviceRow) -> Cell:
    if not row.windows_day:
        return "–"
    share = wording.percent(row.alarms_day, row.windows_day - row.rejected_day)
    return words(f"{wording.count(row.alarms_day)} ({share})", title=f"of {wording.count(row.windows_day)} windows")


def _disagreement(row: DeviceRow, largest: float) -> Cell:
    if row.disagreement_day is None:
        return "–"
    share = row.disagreement_day / largest if largest else 0.0
    return bar(share, wording.figure(row.disagreement_day), "bad" if "attacked" in row.attention else "")


def _battery(share: float | None) -> Cell:
    if share is None:
        return "–"
    low = share < _LOW_BATTERY
    return words(wording.percent(share) + (" low" if low else ""), tone="bad" if low else "")
