"""The wearers' CSV: who is in which groups, and who wore what when. docs/fleet-fairness.md shows one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edgeguard import csv_text
from edgeguard.csv_text import FileRefused, Row, checked_text
from edgeguard.errors import ConfigError
from edgeguard.fleet.iso_times import iso_from_unix_ms, unix_ms_from_iso
from edgeguard.telemetry.topics import Address

COLUMNS: Final = ("pseudonym", "fleet", "device", "source", "from", "until")
MAX_ATTRIBUTES: Final = 64


@dataclass(frozen=True)
class Wearing:
    """One source of a device, or all where `source` is empty, on one wearer in [from_ms, until_ms).

    Attributes:
        until_ms: None: still.
        line: Of the file; 0 where it came otherwise.
    """

    pseudonym: str
    fleet: str
    device: str
    source: str
    from_ms: int
    until_ms: int | None
    line: int = 0


@dataclass(frozen=True)
class WearerFile:
    """What a file says: attributes by pseudonym, and wearings in the order of its lines."""

    attributes: dict[str, dict[str, str]]
    wearings: list[Wearing]


def checked_span(from_ms: int, until_ms: int | None) -> None:
    """ConfigError unless it ends after it begins."""
    if until_ms is not None and until_ms <= from_ms:
        raise ConfigError(
            f"it ends at {iso_from_unix_ms(until_ms)}, not after it begins at {iso_from_unix_ms(from_ms)}"
        )


def read(content: bytes) -> WearerFile:
    """What the CSV says; FileRefused names every line that cannot be read."""
    header, rows = csv_text.read(content, COLUMNS)
    names = [name for name in header if name not in COLUMNS]
    _check_names(names)
    attributes: dict[str, dict[str, str]] = {}
    wearings: list[Wearing] = []

    def take(row: Row) -> None:
        _add_attributes(attributes, row, names)
        wearings.extend(_wearing(row))

    csv_text.take_all(rows, take)
    return WearerFile(attributes, wearings)


def written(wearers: Iterable[tuple[str, dict[str, str], Sequence[Wearing]]]) -> str:
    """CSV of (pseudonym, attributes, wearings): a line for each wearing, one for a wearer of nothing."""
    wearers = list(wearers)
    names = sorted({name for _, attributes, _ in wearers for name in attributes})
    rows = (
        [pseudonym, *_span_cells(worn), *(attributes.get(name, "") for name in names)]
        for pseudonym, attributes, wearings in wearers
        for worn in (wearings or (None,))
    )
    return csv_text.written([*COLUMNS, *names], rows)


def _check_names(names: Sequence[str]) -> None:
    if len(names) > MAX_ATTRIBUTES:
        raise FileRefused([f"line 1: {len(names)} attributes, more than {MAX_ATTRIBUTES}"])
    try:
        for name in names:
            checked_text(name, "the column")
    except ConfigError as error:
        raise FileRefused([f"line 1: {error}"]) from error


def _add_attributes(attributes: dict[str, dict[str, str]], row: Row, names: Sequence[str]) -> None:
    pseudonym = checked_text(row.cells["pseudonym"], "pseudonym")
    known = attributes.setdefault(pseudonym, {})
    said = {name: checked_text(row.cells[name], name) for name in names if row.cells[name]}
    for name, value in said.items():
        if known.setdefault(name, value) != value:
            raise ConfigError(f"{name} of {pseudonym!r} is {value!r}, on a line before {known[name]!r}")


def _wearing(row: Row) -> list[Wearing]:
    cells = row.cells
    if not any(cells[name] for name in COLUMNS[1:]):
        return []
    if not (cells["fleet"] and cells["device"] and cells["from"]):
        raise ConfigError("a wearing needs fleet, device and from")
    Address(cells["fleet"], cells["device"])
    source = checked_text(cells["source"], "source") if cells["source"] else ""
    from_ms = unix_ms_from_iso(cells["from"])
    until_ms = unix_ms_from_iso(cells["until"]) if cells["until"] else None
    checked_span(from_ms, until_ms)
    return [Wearing(cells["pseudonym"], cells["fleet"], cells["device"], source, from_ms, until_ms, row.line)]


def _span_cells(worn: Wearing | None) -> list[str]:
    if worn is None:
        return [""] * 5
    until = "" if worn.until_ms is None else iso_from_unix_ms(worn.until_ms)
    return [worn.fleet, worn.device, worn.source, iso_from_unix_ms(worn.from_ms), until]
