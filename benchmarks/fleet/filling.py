"""A database of 10 000 devices, as it looks after a month."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, text

from benchmarks.fleet.copying import Packed, copy, packed
from benchmarks.fleet.patterns import HOURS, LIVES, PER_HOUR, Day, day_of
from benchmarks.fleet.people import add_people
from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.store import last_day, partitions
from edgeguard.fleet.store.database import Database
from edgeguard.fleet.store.sums import class_columns_of, columns_of
from edgeguard.fleet.store.tables import class_days, class_hours, days, hours, summaries
from edgeguard.telemetry.tally import Tally

PATTERNS: Final = 4  # different days of each life
SOURCE: Final = "ecg"
SPACING_MS: Final = HOUR_MS // PER_HOUR


@dataclass(frozen=True)
class Shape:
    """How much.

    Attributes:
        devices: Each with one source, worn 12 hours of every day, its model changed a week ago on half of them.
        days: Of roll-ups, before today.
        raw_days: Of summaries, one every five minutes.
    """

    devices: int = 10_000
    days: int = 30
    raw_days: int = 8


class Filling:
    """Puts `shape` into an empty, migrated database, up to the end of the last hour before `now_ms`."""

    def __init__(self, shape: Shape, now_ms: int, seed: int = 0) -> None:
        self.shape, self.now_ms = shape, now_ms
        self.rng = np.random.default_rng(seed)
        self.end = now_ms - now_ms % HOUR_MS
        self.patterns = {life: [day_of(of, self.rng) for _ in range(PATTERNS)] for life, of in LIVES.items()}
        names, shares = list(LIVES), (0.90, 0.07, 0.02, 0.01)
        self.lives = [str(life) for life in self.rng.choice(names, shape.devices, p=shares)]

    def into(self, database: Database) -> dict[str, float]:
        """Fill: seconds by what was filled."""
        took: dict[str, float] = {}
        with database.writing() as connection:
            ids = add_people(connection, self.lives, self.now_ms, self.rng)
            self.devices = list(zip(ids, self.lives, strict=True))
        for name, step in {
            "summaries": self._copy_summaries,
            "hours": lambda c: self._copy_buckets(c, "hours"),
            "days": lambda c: self._copy_buckets(c, "days"),
            "last day": lambda c: last_day.refresh(c, self.now_ms),
        }.items():
            began = time.perf_counter()
            with database.writing() as connection:
                step(connection)
            took[name] = round(time.perf_counter() - began, 1)
        _settle(database)
        return took

    def _worn(self, device: int) -> Iterator[tuple[int, int]]:
        """(day's beginning, hours worn of it so far) from the oldest day to today; worn from `_first_hour` on."""
        today = self.end - self.end % DAY_MS
        for day in range(today - (self.shape.days - 1) * DAY_MS, today + 1, DAY_MS):
            so_far = (self.end - day) // HOUR_MS - _first_hour(device)
            if so_far > 0:
                yield day, min(so_far, HOURS)

    def _pattern(self, device: int, life: str, day: int) -> tuple[str, int]:
        return life, (device * 7 + day // DAY_MS) % PATTERNS

    def _copy_summaries(self, connection: Connection) -> None:
        first = self.end - self.end % DAY_MS - (self.shape.raw_days - 1) * DAY_MS
        if connection.dialect.name == "postgresql":
            for day in range(first, self.end + 1, DAY_MS):
                partitions.prepare(connection, day)
        tail = cache(self._summary_tail)
        copy(connection, summaries, _SUMMARY, self._summaries(first, tail))

    def _summaries(self, first: int, tail: Any) -> Iterator[tuple[Any, ...]]:
        for device, life in self.devices:
            seq = 0
            for day, worn in self._worn(device):
                key, begin = self._pattern(device, life, day), day + _first_hour(device) * HOUR_MS
                if day < first:
                    continue
                for k in range(worn * PER_HOUR):
                    at = begin + (k + 1) * SPACING_MS - 1 - device % 60_000
                    yield (
                        device,
                        at,
                        device,
                        seq,
                        at - SPACING_MS,
                        at,
                        at + 800,
                        tail(*key, k, self._bundle(device, day)),
                    )
                    seq += 1

    def _bundle(self, device: int, day: int) -> int:
        return bundle_of(device, day, self.now_ms)

    def _summary_tail(self, life: str, pattern: int, k: int, bundle: int) -> Packed:
        tally = self._day(life, pattern).summaries[k // PER_HOUR][k % PER_HOUR]
        columns = columns_of(tally)
        values = [SOURCE, bundle, 0, _battery(k), *columns.values()]
        return packed(summaries, ["source", "bundle_id", "waiting", "battery", *columns], values)

    def _day(self, life: str, pattern: int) -> Day:
        return self.patterns[life][pattern]

    def _copy_buckets(self, connection: Connection, kind: str) -> None:
        table, by_class = (hours, class_hours) if kind == "hours" else (days, class_days)
        tail, class_tails = cache(self._bucket_tail), cache(self._class_tails)
        copy(connection, table, _BUCKET, ((*at, tail(*key)) for at, key in self._buckets(kind)))
        of_classes = ((*at, each) for at, key in self._buckets(kind) for each in class_tails(*key))
        copy(connection, by_class, _CLASS_BUCKET, of_classes)

    def _buckets(self, kind: str) -> Iterator[tuple[tuple[int, int], tuple[Any, ...]]]:
        """((device, bucket), what its sum depends on)."""
        for device, life in self.devices:
            for day, worn in self._worn(device):
                key, bundle = self._pattern(device, life, day), self._bundle(device, day)
                if kind == "days":
                    yield (device, day), (*key, bundle, None, worn)
                    continue
                for hour in range(worn):
                    yield (device, day + (_first_hour(device) + hour) * HOUR_MS), (*key, bundle, hour, 1)

    def _sum(self, life: str, pattern: int, hour: int | None, worn: int) -> Tally:
        day = self._day(life, pattern)
        return day.first(worn) if hour is None else day.hours[hour]

    def _bucket_tail(self, life: str, pattern: int, bundle: int, hour: int | None, worn: int) -> Packed:
        columns = columns_of(self._sum(life, pattern, hour, worn))
        battery = _battery((worn if hour is None else hour + 1) * PER_HOUR - 1)
        names = ["source", "bundle_id", "battery", *columns]
        return packed(hours, names, [SOURCE, bundle, battery, *columns.values()])

    def _class_tails(self, life: str, pattern: int, bundle: int, hour: int | None, worn: int) -> list[Packed]:
        rows = class_columns_of(self._sum(life, pattern, hour, worn))
        return [packed(class_hours, ["source", "bundle_id", *row], [SOURCE, bundle, *row.values()]) for row in rows]


_SUMS: Final = tuple(columns_of(day_of(LIVES["quiet"], np.random.default_rng(0)).summaries[0][0]))
_SUMMARY: Final = (
    "device_id", "at_ms", "boot_id", "seq", "from_ms", "to_ms", "received_ms", "source", "bundle_id", "waiting",
    "battery", *_SUMS,
)  # fmt: skip
_BUCKET: Final = ("device_id", "bucket_ms", "source", "bundle_id", "battery", *_SUMS)
_CLASS_BUCKET: Final = (
    "device_id", "bucket_ms", "source", "bundle_id", "class", "predictions", "confidence_sum", "probability_sum",
)  # fmt: skip


def bundle_of(device: int, day: int, now_ms: int) -> int:
    """Every second device got a new model a week ago."""
    return 2 if device % 2 == 0 and day >= (now_ms // DAY_MS - 7) * DAY_MS else 1


def _first_hour(device: int) -> int:
    """Of the day, UTC, that the wearable is put on: from 0 to 11."""
    return device % 12


def _battery(k: int) -> float:
    """It runs down over the day."""
    return round(1 - 0.8 * k / (HOURS * PER_HOUR), 3)


def _settle(database: Database) -> None:
    """What autovacuum would do in time."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if database.dialect == "postgresql" else "ANALYZE"))
