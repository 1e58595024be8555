"""What is known of a device, and what is the matter with it, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nicegui import ui

from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.table import Column, TableRow, moment, words
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.wording import bundle, count, duration, figure, percent
from edgeguard.fleet.store.devices import BootRow, DeviceRow
from edgeguard.fleet.store.wearers import WearerRow
from edgeguard.fleet.store.wearings import WearingRow

BOOT_COLUMNS: Final = (
    Column("first", "Started", sortable=False, phone="title"),
    Column("last", "Last message", sortable=False),
    Column("messages", "Messages", sortable=False, numeric=True),
    Column("missing", "Missing", "Between the first that came and the last", sortable=False, numeric=True),
)


def boot_row(boot: BootRow) -> TableRow:
    """One start of a device."""
    missing = words(count(boot.missing), tone="warn", title=f"came: {boot.received}") if boot.missing else "0"
    cells = {"first": moment(boot.first_ms), "last": moment(boot.last_ms), "messages": count(boot.messages)}
    return TableRow(boot.boot, {**cells, "missing": missing})


def notices(row: DeviceRow) -> None:
    """A line for each thing that somebody should know before reading on."""
    for icon, line in _troubles(row):
        with ui.element("div").classes("eg-notice").props("role=note"):
            ui.icon(icon).props("aria-hidden=true")
            ui.label(line)


def _troubles(row: DeviceRow) -> list[tuple[str, str]]:
    found = []
    if row.clock_offset_ms is not None:
        away = f"{duration(abs(row.clock_offset_ms))} {'ahead' if row.clock_offset_ms > 0 else 'behind'}"
        found.append(
            ("schedule", f"Its clock is wrong, {away}: the times below are when its messages came. Set its clock.")
        )
    if "flood" in row.attention:
        found.append(("waves", f"It sent more than it may: {count(row.limited)} messages were refused and set aside."))
    if "losing" in row.attention:
        found.append(("running_with_errors", "Messages of its current start are missing: figures below have holes."))
    if lost := sum(row.dropped.values()):
        found.append(
            (
                "delete_sweep",
                f"Its disk spool was full and lost {count(lost)} messages for good: {_kinds(row.dropped)}.",
            )
        )
    if row.status == "offline":
        found.append(("link_off", "Its connection broke off. What it measures meanwhile waits on it, and comes later."))
    return found


def _kinds(dropped: dict[str, int]) -> str:
    return ", ".join(f"{count(number)} of {kind}" for kind, number in dropped.items())


def facts(row: DeviceRow, worn_by: Sequence[WearerRow]) -> None:
    """Names and figures of the device, in columns."""
    with ui.element("div").classes("eg-columns eg-facts-columns"):
        with ui.element("dl").classes("eg-facts"):
            _fact("Fleet", row.fleet)
            _time("Last message", row.last_seen_ms)
            _time("First message", row.first_seen_ms)
            _wearers(row, worn_by)
        with ui.element("dl").classes("eg-facts"):
            _model(row)
            _fact("Software", row.software or "–")
            _fact("Sources", ", ".join(row.sources) or "–")
            _fact("Battery", percent(row.battery))
        with ui.element("dl").classes("eg-facts"):
            _fact("Windows, 24 h", count(row.windows_day))
            _fact(
                "Alarms, 24 h",
                f"{count(row.alarms_day)} ({percent(row.alarms_day, row.windows_day - row.rejected_day)})",
            )
            _fact("Rejected, 24 h", f"{count(row.rejected_day)} ({percent(row.rejected_day, row.windows_day)})")
            _fact("Disagreement, 24 h", figure(row.disagreement_day))
        with ui.element("dl").classes("eg-facts"):
            _fact("Messages missing", count(row.missing))
            _fact("Messages waiting", f"{count(row.waiting)} on the device")
            _fact("Messages lost", count(sum(row.dropped.values())))
            _fact("Messages refused", count(row.limited))


def _fact(name: str, value: str) -> None:
    text("dt", name)
    text("dd", value)


def _time(name: str, at_ms: int) -> None:
    text("dt", name)
    with ui.element("dd"):
        Moment(at_ms)


def _model(row: DeviceRow) -> None:
    text("dt", "Model")
    with ui.element("dd"):
        if row.bundle_id is None:
            ui.label("–")
        else:
            text("a", bundle(row.model, row.version)).props(f'href="/models#model-{row.bundle_id}"')


def _wearers(row: DeviceRow, worn_by: Sequence[WearerRow]) -> None:
    text("dt", "Worn by")
    with ui.element("dd"):
        now = [wearer for wearer in worn_by if any(_is_on(row, worn) for worn in wearer.wearings)]
        for wearer in now:
            text("a", wearer.pseudonym).props(f'href="/wearers/{wearer.id}"')
        if not now:
            ui.label("nobody that is known here")


def _is_on(row: DeviceRow, worn: WearingRow) -> bool:
    return (worn.fleet, worn.device, worn.until_ms) == (row.fleet, row.device, None)
