from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest

from edgeguard.fleet.clock import DAY_MS, HOUR_MS
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.store import figures
from edgeguard.fleet.store.figures import Range
from tests.fleet.rows import add_bundle
from tests.fleet.worn import START_MS, bucket, gave, wear

DAYS = 5


def fill(database, rng):
    """Three devices with two sources each, handed round among wearers at odd times; what each hour gave."""
    lines, spans = [], []
    for device in (1, 2, 3):
        times = START_MS + np.sort(rng.integers(0, DAYS * DAY_MS // 60_000, 6)) * 60_000
        times[2] += -times[2] % HOUR_MS  # a change at a full hour leaves nothing out
        times.sort()
        source = ["", "ecg", ""][device - 1]
        for k in range(5):
            until = None if k == 4 and device == 1 else int(times[k + 1])
            end = "" if until is None else iso_from_unix_ms(until)
            lines.append(f"W{k % 3},f,d{device},{source},{iso_from_unix_ms(int(times[k]))},{end},f")
            spans.append((f"W{k % 3}", device, source, int(times[k]), until or 2**60))
    wear(database, lines)
    with database.writing() as connection:
        bundles = add_bundle(connection), add_bundle(connection, "b")
        numbers = dict(connection.exec_driver_sql("SELECT device, id FROM devices").all())
        hours = give(connection, rng, numbers, bundles)
    return spans, hours


def give(connection, rng, numbers, bundles):
    hours, rows, sums = [], [], []
    for device, source, day in product((1, 2, 3), ("ecg", "ppg"), range(DAYS)):
        windows, at = rng.integers(1, 50, 24).tolist(), START_MS + day * DAY_MS
        fixed = {"source": source, "bundle_id": bundles[day % 2]}
        for hour, count in enumerate(windows):
            hours.append((device, source, at + hour * HOUR_MS, bundles[day % 2], count))
            rows.append(bucket(numbers[f"d{device}"], at + hour * HOUR_MS, windows=count, **fixed))
        total = {"windows": sum(windows), "rejected": 24, "length_ms": DAY_MS}
        sums.append(bucket(numbers[f"d{device}"], at, **total, **fixed))
    gave(connection, *rows)
    gave(connection, *sums)
    return hours


def worn_by_hand(spans, hours, window):
    """Windows by wearer, hour by hour."""
    found = Counter()
    for device, source, at, bundle, count in hours:
        for wearer, its_device, its_source, begin, until in spans:
            fits = its_device == device and its_source in {"", source} and window.bundle_id in {None, bundle}
            inside = max(begin, window.from_ms) <= at and at + HOUR_MS <= min(until, window.to_ms)
            found[wearer] += count * (fits and inside)
    return +found


@pytest.mark.parametrize(
    ("first_hour", "last_hour", "model"),
    [(0, 24 * DAYS, None), (24, 48, 2), (5, 77, None), (30, 40, None), (47, 73, 1)],
)
def test_each_wearer_has_what_came_while_they_wore_it(database, first_hour, last_hour, model):
    spans, hours = fill(database, np.random.default_rng(first_hour))
    window = Range(START_MS + first_hour * HOUR_MS, START_MS + last_hour * HOUR_MS, model)
    with database.reading() as connection:
        names = dict(connection.exec_driver_sql("SELECT id, pseudonym FROM wearers").all())
        found = {names[row[0]]: row[2] for row in figures.wearer_sums(connection, window)}
        by_class = figures.class_sums(connection, window)
        tallies = defaultdict(int)
        for wearer, _ in figures.tallies(connection, window, 10_000):
            tallies[names[wearer]] += 1
    by_hand = worn_by_hand(spans, hours, window)
    assert found == by_hand
    assert {names[row[0]] for row in by_class} == set(tallies) == set(by_hand)


def test_hours_in_which_the_wearer_changes_are_left_out_and_counted(database):
    half = START_MS + 5 * HOUR_MS + HOUR_MS // 2
    wear(database, [
        f"W1,f,d1,,{iso_from_unix_ms(START_MS)},{iso_from_unix_ms(half)},f",
        f"W2,f,d1,,{iso_from_unix_ms(half)},,m",
    ])  # fmt: skip
    with database.writing() as connection:
        add_bundle(connection)
        gave(connection, *(bucket(1, START_MS + hour * HOUR_MS, windows=10 + hour) for hour in range(10)))
    window = Range(START_MS, START_MS + 10 * HOUR_MS)
    with database.reading() as connection:
        sums = sorted(row[2] for row in figures.wearer_sums(connection, window))
        assert sums == [10 + 11 + 12 + 13 + 14, 16 + 17 + 18 + 19]
        assert figures.left_out(connection, window) == 15
        assert figures.wearer_sums(connection, Range(START_MS, window.to_ms, fleet="elsewhere")) == []


def test_bundles_of_a_range(database):
    fill(database, np.random.default_rng(0))
    with database.reading() as connection:
        assert figures.bundles_of(connection, Range(START_MS, START_MS + 3 * DAY_MS)) == [1, 2]
        assert figures.bundles_of(connection, Range(START_MS, START_MS + HOUR_MS)) == [1]
