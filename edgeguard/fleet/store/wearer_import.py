"""A whole file of wearers into the registry, a few statements however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, tuple_

from edgeguard.csv_text import FileRefused
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.store import known_devices, wearers, wearings
from edgeguard.fleet.store.tables import attributes as groups
from edgeguard.fleet.store.wearings import Span
from edgeguard.fleet.wearer_file import WearerFile


@dataclass(frozen=True)
class Imported:
    """What a file of wearers changed; all 0 where it was known already.

    Attributes:
        wearers: New ones.
        attributes: New or other values.
        wearings: New ones.
        wearings_changed: That end at another time now.
        devices: Taken in by the file.
    """

    wearers: int
    attributes: int
    wearings: int
    wearings_changed: int
    devices: int


def take_in(connection: Connection, file: WearerFile, now_ms: int, *, register_devices: bool) -> Imported:
    """Bring the registry to what `file` says of its wearers; what it does not say stays.

    FileRefused, for the caller to roll back, where a device is unknown and not to be registered, or where two wearings
    of one source would overlap.
    """
    wearings.hold_others(connection)
    new_devices = _register(connection, file, now_ms, allowed=register_devices)
    known = wearers.numbers(connection, list(file.attributes))
    new = [name for name in file.attributes if name not in known]
    wearers.add(connection, new, now_ms)
    numbers = wearers.numbers(connection, list(file.attributes))
    changed_values = _put_attributes(connection, {numbers[name]: values for name, values in file.attributes.items()})
    added, changed = _put_wearings(connection, file, numbers)
    return Imported(len(new), changed_values, added, changed, new_devices)


def _register(connection: Connection, file: WearerFile, now_ms: int, *, allowed: bool) -> int:
    lines = {(worn.fleet, worn.device): worn.line for worn in reversed(file.wearings)}
    known = known_devices.device_numbers(connection, lines)
    unknown = sorted(lines.keys() - known.keys(), key=lambda key: lines[key])
    if unknown and not allowed:
        raise FileRefused([f"line {lines[key]}: no device {key[0]}/{key[1]} is known" for key in unknown])
    known_devices.register(connection, unknown, now_ms)
    return len(unknown)


def _put_attributes(connection: Connection, wanted: dict[int, dict[str, str]]) -> int:
    numbers = list(wanted)
    stored: dict[tuple[int, str], str] = {}
    for begin in range(0, len(numbers), wearers.IN_ONE):
        some = numbers[begin : begin + wearers.IN_ONE]
        rows = connection.execute(select(groups).where(groups.c.wearer_id.in_(some)))
        stored.update(((number, name), value) for number, name, value in rows)
    changed = [
        {"wearer_id": number, "attribute": name, "value": value}
        for number, values in wanted.items()
        for name, value in values.items()
        if stored.get((number, name)) != value
    ]
    _forget(connection, [(row["wearer_id"], row["attribute"]) for row in changed if _key(row) in stored])
    if changed:
        connection.execute(insert(groups), changed)
    return len(changed)


def _key(row: dict[str, object]) -> tuple[object, object]:
    return row["wearer_id"], row["attribute"]


def _forget(connection: Connection, keys: Sequence[tuple[object, object]]) -> None:
    for begin in range(0, len(keys), wearers.IN_ONE):
        some = keys[begin : begin + wearers.IN_ONE]
        connection.execute(delete(groups).where(tuple_(groups.c.wearer_id, groups.c.attribute).in_(some)))


def _put_wearings(connection: Connection, file: WearerFile, numbers: dict[str, int]) -> tuple[int, int]:
    """How many are new, and how many end at another time now."""
    devices = known_devices.device_numbers(connection, {(worn.fleet, worn.device) for worn in file.wearings})
    said = _by_start(
        Span(
            devices[worn.fleet, worn.device],
            worn.from_ms,
            worn.until_ms,
            worn.source,
            numbers[worn.pseudonym],
            0,
            worn.line,
        )
        for worn in file.wearings
    )
    stored = {_start(each): each for each in wearings.spans(connection, list(devices.values()))}
    new = [each for start, each in said.items() if start not in stored]
    changed = [
        each._replace(id=stored[start].id)
        for start, each in said.items()
        if start in stored and stored[start].until_ms != each.until_ms
    ]
    _check_overlaps((stored | said).values(), devices)
    wearings.add(connection, new)
    for each in changed:
        wearings.end(connection, each.id, each.until_ms)
    return len(new), len(changed)


def _start(each: Span) -> tuple[int, int, str, int]:
    return each.device_id, each.from_ms, each.source, each.wearer_id


def _by_start(spans: Iterable[Span]) -> dict[tuple[int, int, str, int], Span]:
    said: dict[tuple[int, int, str, int], Span] = {}
    problems = []
    for each in spans:
        first = said.setdefault(_start(each), each)
        if first.until_ms != each.until_ms:
            problems.append(f"line {each.line}: the wearing of line {first.line} ends at another time here")
    if problems:
        raise FileRefused(problems)
    return said


def _check_overlaps(spans: Iterable[Span], devices: dict[known_devices.Key, int]) -> None:
    names = {number: "/".join(key) for key, number in devices.items()}
    problems = []
    for pair in wearings.overlaps(spans):
        other, named = sorted(pair, key=lambda each: each.line)
        whose = f"line {other.line}" if other.line else "the registry"
        since = iso_from_unix_ms(other.from_ms)
        problems.append((named.line, f"line {named.line}: {names[named.device_id]} is worn since {since} by {whose}"))
    if problems:
        raise FileRefused([problem for _, problem in sorted(problems)])
