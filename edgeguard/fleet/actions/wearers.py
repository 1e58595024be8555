"""What admins do with wearers; the audit log holds their numbers, never pseudonyms or groups: it outlives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from edgeguard.csv_text import checked_text
from edgeguard.errors import ConfigError, NotFound
from edgeguard.fleet import wearer_file
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.store import audit, known_devices, wearer_import, wearers, wearings
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.wearer_import import Imported
from edgeguard.fleet.store.wearers import WearerRow
from edgeguard.fleet.store.wearings import Span
from edgeguard.fleet.wearer_file import checked_span


def create_wearer(
    database: Database, actor: Actor, pseudonym: str, attributes: Mapping[str, str], now_ms: int
) -> WearerRow:
    """A new wearer of these groups; ConfigError where the pseudonym is taken or a text cannot be used."""
    actor.must("manage")
    checked_text(pseudonym, "pseudonym")
    _check_attributes(attributes)
    with database.writing() as connection:
        if wearers.numbers(connection, [pseudonym]):
            raise ConfigError(f"a wearer is called {pseudonym!r} already")
        wearers.add(connection, [pseudonym], now_ms)
        number = wearers.numbers(connection, [pseudonym])[pseudonym]
        wearers.put_attributes(connection, number, attributes)
        audit.record(connection, actor, "wearer.create", f"wearer {number}", {"attributes": sorted(attributes)}, now_ms)
        return wearers.wearer(connection, number)


def update_wearer(
    database: Database, actor: Actor, wearer_id: int, pseudonym: str, attributes: Mapping[str, str], now_ms: int
) -> WearerRow:
    """Another pseudonym, and other groups instead of those before; NotFound, ConfigError."""
    actor.must("manage")
    checked_text(pseudonym, "pseudonym")
    _check_attributes(attributes)
    with database.writing() as connection:
        wearers.wearer(connection, wearer_id)
        wearers.rename(connection, wearer_id, pseudonym)
        wearers.put_attributes(connection, wearer_id, attributes)
        details = {"attributes": sorted(attributes)}
        audit.record(connection, actor, "wearer.update", f"wearer {wearer_id}", details, now_ms)
        return wearers.wearer(connection, wearer_id)


def delete_wearer(database: Database, actor: Actor, wearer_id: int, now_ms: int) -> None:
    """Forget a wearer with groups and wearings; what the devices sent stays, of nobody. NotFound."""
    actor.must("manage")
    with database.writing() as connection:
        wearers.wearer(connection, wearer_id)
        wearers.remove(connection, wearer_id)
        audit.record(connection, actor, "wearer.delete", f"wearer {wearer_id}", {}, now_ms)


def begin_wearing(
    database: Database, actor: Actor, wearer_id: int, worn: wearer_file.Wearing, now_ms: int
) -> WearerRow:
    """Note that the wearer wears a device; its `pseudonym` does not count. NotFound; ConfigError where another does."""
    actor.must("manage")
    if worn.source:
        checked_text(worn.source, "source")
    checked_span(worn.from_ms, worn.until_ms)
    with database.writing() as connection:
        wearings.hold_others(connection)
        wearers.wearer(connection, wearer_id)
        key = worn.fleet, worn.device
        device_id = known_devices.device_numbers(connection, [key]).get(key)
        if device_id is None:
            raise NotFound(f"there is no device {worn.fleet}/{worn.device}")
        new = Span(device_id, worn.from_ms, worn.until_ms, worn.source, wearer_id)
        _check_free([*wearings.spans(connection, [device_id]), new])
        wearings.add(connection, [new])
        audit.record(connection, actor, "wearing.begin", f"wearer {wearer_id}", {"device": "/".join(key)}, now_ms)
        return wearers.wearer(connection, wearer_id)


def end_wearing(database: Database, actor: Actor, wearing_id: int, until_ms: int | None, now_ms: int) -> WearerRow:
    """Let a wearing end at another time, or go on where that is None; NotFound, ConfigError."""
    actor.must("manage")
    with database.writing() as connection:
        wearings.hold_others(connection)
        old = wearings.span(connection, wearing_id)
        checked_span(old.from_ms, until_ms)
        new = old._replace(until_ms=until_ms)
        _check_free([new if each == old else each for each in wearings.spans(connection, [old.device_id])])
        wearings.end(connection, wearing_id, until_ms)
        details = {"wearing": wearing_id, "until_ms": until_ms}
        audit.record(connection, actor, "wearing.end", f"wearer {old.wearer_id}", details, now_ms)
        return wearers.wearer(connection, old.wearer_id)


def delete_wearing(database: Database, actor: Actor, wearing_id: int, now_ms: int) -> None:
    """Take back a wearing that never was; NotFound."""
    actor.must("manage")
    with database.writing() as connection:
        old = wearings.span(connection, wearing_id)
        wearings.remove(connection, wearing_id)
        audit.record(connection, actor, "wearing.delete", f"wearer {old.wearer_id}", {"wearing": wearing_id}, now_ms)


def import_wearers(
    database: Database,
    actor: Actor,
    content: bytes,
    now_ms: int,
    *,
    dry_run: bool = False,
    register_devices: bool = False,
) -> Imported:
    """Take in a wearers' CSV, whole or not at all; FileRefused names its lines.

    A `dry_run` tells what the file would change, and changes nothing. With `register_devices` a device that is not
    known yet is taken in, without it the file is refused.
    """
    actor.must("manage")
    file = wearer_file.read(content)
    with database.writing() as connection:
        imported = wearer_import.take_in(connection, file, now_ms, register_devices=register_devices)
        audit.record(connection, actor, "wearers.import", f"{len(file.attributes)} wearers", asdict(imported), now_ms)
        if dry_run:
            connection.rollback()
        return imported


def export_wearers(database: Database, actor: Actor, now_ms: int) -> str:
    """The whole registry as the CSV that `import_wearers` reads."""
    actor.must("manage")
    with database.writing() as connection:
        rows = [(row.pseudonym, row.attributes, _worn(row)) for row in wearers.every(connection)]
        audit.record(connection, actor, "wearers.export", f"{len(rows)} wearers", {}, now_ms)
    return wearer_file.written(rows)


def _worn(row: WearerRow) -> list[wearer_file.Wearing]:
    return [
        wearer_file.Wearing(row.pseudonym, each.fleet, each.device, each.source, each.from_ms, each.until_ms)
        for each in sorted(row.wearings, key=lambda worn: (worn.from_ms, worn.fleet, worn.device, worn.source))
    ]


def _check_attributes(attributes: Mapping[str, str]) -> None:
    if len(attributes) > wearer_file.MAX_ATTRIBUTES:
        raise ConfigError(f"{len(attributes)} attributes: at most {wearer_file.MAX_ATTRIBUTES}")
    for name, value in attributes.items():
        checked_text(value, f"the value of {checked_text(name, 'attribute')}")
        if name in wearer_file.COLUMNS:
            raise ConfigError(f"no attribute can be called {name!r}: it is a column of the wearers' file")


def _check_free(spans: list[Span]) -> None:
    if pairs := wearings.overlaps(spans):
        since, until = pairs[0][0].from_ms, pairs[0][0].until_ms
        end = "" if until is None else f" until {iso_from_unix_ms(until)}"
        raise ConfigError(f"somebody wears it from {iso_from_unix_ms(since)}{end}: end that first")
