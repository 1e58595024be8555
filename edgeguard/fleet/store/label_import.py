"""A whole file of labelled windows into the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from edgeguard.csv_text import FileRefused
from edgeguard.errors import ConfigError
from edgeguard.fleet.label_file import LabelledLine, checked_label
from edgeguard.fleet.store import known_devices, labels
from edgeguard.fleet.store.labels import Known, LabelRow, WindowKey


@dataclass(frozen=True)
class ImportedLabels:
    """What a file of labels changed; both 0 where it was known already."""

    labels: int
    changed: int


def take_in(connection: Connection, lines: Sequence[LabelledLine], user_id: int | None, now_ms: int) -> ImportedLabels:
    """Bring the labels of these windows to what the file says, as a sample that was not drawn for alarms.

    FileRefused, for the caller to roll back, where a device is unknown, or it cannot be told what it ran.
    """
    devices = known_devices.device_numbers(connection, {(line.fleet, line.device) for line in lines})
    known = labels.known(connection, list(devices.values()))
    said: dict[WindowKey, LabelRow] = {}
    problems: list[str] = []
    for line in lines:
        made = _made(line, devices.get((line.fleet, line.device)), known, user_id, now_ms)
        if isinstance(made, LabelRow) and said.setdefault(made.key, made).label != made.label:
            made = "another line says that this window was something else"
        if isinstance(made, str):
            problems.append(f"line {line.line}: {made}")
    if problems:
        raise FileRefused(problems)
    stored = labels.of_windows(connection, list(devices.values()))
    new = [row for key, row in said.items() if key not in stored]
    changed = [_over(stored[key], row) for key, row in said.items() if key in stored and _differs(stored[key], row)]
    labels.put(connection, [*new, *changed])
    return ImportedLabels(len(new), len(changed))


def _made(line: LabelledLine, device_id: int | None, known: Known, user_id: int | None, now_ms: int) -> LabelRow | str:
    """The row, or why there can be none."""
    if device_id is None:
        return f"no device {line.fleet}/{line.device} is known"
    try:
        classes = set() if line.probabilities else known.classes.get(device_id, set())
        label = checked_label(line.label, sorted({*classes, line.predicted} if classes else ()))
        key = WindowKey(device_id, line.boot or _boot(line, device_id, known), line.source, line.window_start)
        bundle_id = _bundle(line, device_id, known)
    except ConfigError as error:
        return str(error)
    predicted, probabilities = line.predicted, line.probabilities
    return LabelRow(key, line.at_ms, bundle_id, predicted, probabilities, label, "sample", None, user_id, now_ms)


def _boot(line: LabelledLine, device_id: int, known: Known) -> str:
    found = [boot for boot, first, last in known.boots.get(device_id, []) if first <= line.at_ms <= last]
    if len(found) != 1:
        raise ConfigError(f"{len(found)} boots of {line.fleet}/{line.device} were on at that time: name one")
    return found[0]


def _bundle(line: LabelledLine, device_id: int, known: Known) -> int:
    for bundle_id, since, until in known.deployments.get(device_id, []):
        if since <= line.at_ms and (until is None or line.at_ms < until):
            return bundle_id
    raise ConfigError(f"it is not known which model {line.fleet}/{line.device} ran at that time")


def _differs(stored: LabelRow, row: LabelRow) -> bool:
    return any(
        getattr(stored, name) != getattr(row, name) for name in ("label", "origin", "predicted", "probabilities")
    )


def _over(stored: LabelRow, row: LabelRow) -> LabelRow:
    """An alarm's window that is in a sample too counts as one of the sample."""
    return replace(row, alarm_id=stored.alarm_id, probabilities=row.probabilities or stored.probabilities)
