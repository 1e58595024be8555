from __future__ import annotations

import itertools
import threading

from hypothesis import given
from hypothesis import strategies as st

from edgeguard.fleet.store import ledger
from edgeguard.fleet.store.ledger import MOST_RANGES, Entry, Novelty, Received
from edgeguard.fleet.store.tables import boots
from tests.fleet.rows import add_devices

NUMBERS = st.lists(st.integers(0, 60) | st.integers(0, 10**12), max_size=80)
BOOT = "a" * 16


@given(NUMBERS, NUMBERS)
def test_ranges_are_a_set(before, numbers):
    received = Received()
    for number in before:
        received.add(number)
    received = Received(str(received))
    seen = set(before)
    for number in numbers:
        assert received.add(number) is (Novelty.KNOWN if number in seen else Novelty.NEW)
        seen.add(number)
    assert received.missing == (max(seen) - min(seen) + 1 - len(seen) if seen else 0)


@given(st.sets(st.integers(0, 200)))
def test_ranges_are_written_as_people_would(numbers):
    received = Received()
    for number in numbers:
        received.add(number)
    parts = [part.split("-") for part in str(received).split(",") if part]
    listed = [number for part in parts for number in range(int(part[0]), int(part[-1]) + 1)]
    assert listed == sorted(numbers)
    assert all(int(a[-1]) + 1 < int(b[0]) for a, b in itertools.pairwise(parts))


def test_no_more_ranges_than_can_be_kept():
    received = Received()
    assert {received.add(2 * k) for k in range(MOST_RANGES)} == {Novelty.NEW}
    assert received.add(2 * MOST_RANGES) is Novelty.TOO_SCATTERED
    assert received.add(1) is Novelty.NEW
    assert received.add(2 * MOST_RANGES) is Novelty.NEW


def enter(database, *entries):
    with database.writing() as connection:
        return ledger.enter(connection, [Entry(*entry) for entry in entries])


def test_entries_of_several_devices_and_starts(database):
    with database.writing() as connection:
        add_devices(connection, 2)
    first = enter(database, (1, BOOT, 1, 500), (2, BOOT, 1, 600), (1, "b" * 16, 1, 700), (1, BOOT, 4, 400))
    assert [novelty for _, novelty in first.found] == [Novelty.NEW] * 4
    assert (len({boot_id for boot_id, _ in first.found}), first.missing) == (3, {1: 2, 2: 0})
    again = enter(database, (1, BOOT, 4, 0), (1, BOOT, 2, 450))
    assert [novelty for _, novelty in again.found] == [Novelty.KNOWN, Novelty.NEW]
    assert (again.found[0][0], again.missing) == (first.found[0][0], {1: -1})
    with database.reading() as connection:
        row = connection.execute(boots.select().where(boots.c.id == first.found[0][0])).one()
    assert (row.received, row.messages, row.missing, row.first_ms, row.last_ms) == ("1-2,4", 3, 1, 400, 500)


def test_two_at_once_take_turns(database):
    """Each in its own transaction with the device's row locked, as ingest does it: every number is new once."""
    from edgeguard.fleet.store.incoming import lock_devices

    with database.writing() as connection:
        add_devices(connection, 4)
    new = []

    def work(order):
        for turn in range(10):
            with database.writing() as connection:
                lock_devices(connection, order)
                entries = [Entry(device_id, BOOT, turn, 0) for device_id in order]
                new.extend(novelty for _, novelty in ledger.enter(connection, entries).found)

    threads = [threading.Thread(target=work, args=(order,)) for order in ([1, 2, 3, 4], [4, 3, 2, 1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (new.count(Novelty.NEW), new.count(Novelty.KNOWN)) == (40, 40)
