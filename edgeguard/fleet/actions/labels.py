"""What clinicians say that windows really were; the audit log keeps what was said before."""

from __future__ import annotations

from dataclasses import asdict, replace

from edgeguard import csv_text
from edgeguard.fleet import label_file
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.label_file import checked_label
from edgeguard.fleet.store import audit, label_import, labels
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.label_import import ImportedLabels


def label(database: Database, actor: Actor, alarm_id: int, label: str | None, now_ms: int) -> None:
    """Say which of the model's classes the window was that an alarm began with; None takes it back.

    NotFound; ConfigError where it is none of the classes.
    """
    actor.must("label")
    with database.writing() as connection:
        window = labels.alarm_window(connection, alarm_id)
        before = labels.of_windows(connection, [window.key.device_id]).get(window.key)
        if label is None:
            labels.remove(connection, window.key)
        else:
            checked_label(label, sorted(window.probabilities))
            origin = "alarm" if before is None else before.origin
            row = replace(window, label=label, origin=origin, user_id=actor.user_id, labelled_ms=now_ms)
            labels.put(connection, [row])
        details = {"label": label, "before": None if before is None else before.label}
        audit.record(connection, actor, "alarm.label", f"alarm {alarm_id}", details, now_ms)


def import_labels(
    database: Database, actor: Actor, content: bytes, now_ms: int, *, dry_run: bool = False
) -> ImportedLabels:
    """Take in a labels' CSV, whole or not at all; FileRefused names its lines. A `dry_run` changes nothing."""
    actor.must("label")
    lines = label_file.read(content)
    with database.writing() as connection:
        imported = label_import.take_in(connection, lines, actor.user_id, now_ms)
        audit.record(connection, actor, "labels.import", f"{len(lines)} windows", asdict(imported), now_ms)
        if dry_run:
            connection.rollback()
        return imported


def export_labels(database: Database, actor: Actor, origin: str = "sample") -> str:
    """All labels of an origin as the CSV that `import_labels` reads."""
    actor.must("read")
    with database.reading() as connection:
        rows = list(labels.every(connection, origin))
    classes = sorted({name for _, _, row in rows for name in row.probabilities})
    header = [*label_file.COLUMNS, label_file.PREDICTED, *classes]
    return csv_text.written(
        header,
        (
            [
                fleet,
                device,
                row.key.boot,
                row.key.source,
                str(row.key.window_start),
                iso_from_unix_ms(row.at_ms),
                row.label,
                row.predicted,
                *(repr(row.probabilities[name]) if name in row.probabilities else "" for name in classes),
            ]
            for fleet, device, row in rows
        ),
    )
