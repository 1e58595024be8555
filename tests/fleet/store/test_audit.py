"""The log of who did what."""

from edgeguard.fleet.actor import SYSTEM, Actor
from edgeguard.fleet.store import accounts, audit


def fill(database):
    with database.writing() as connection:
        ada = Actor(accounts.add(connection, "ada", "admin", 0), "ada", frozenset())
        audit.record(connection, ada, "alarm.label", "alarm 7", {"label": "noise"}, 10)
        audit.record(connection, ada, "user.create", "x" * 300, {}, 20)
        audit.record(connection, SYSTEM, "alarm_x", "y", {}, 20)


def found(database, **which):
    with database.reading() as connection:
        listing = audit.entries(connection, **which)
    return [row.action for row in listing.rows], listing.total


def test_the_log_comes_newest_first_with_its_details(database):
    fill(database)
    assert found(database) == (["alarm_x", "user.create", "alarm.label"], 3)
    with database.reading() as connection:
        first = audit.entries(connection).rows[-1]
    assert (first.at_ms, first.name, first.subject, first.details) == (10, "ada", "alarm 7", {"label": "noise"})


def test_the_log_is_asked_by_who_what_and_when(database):
    fill(database)
    assert found(database, name="system")[0] == ["alarm_x"]
    assert found(database, action="alarm.")[0] == ["alarm.label"]
    assert found(database, action="alarm_")[0] == ["alarm_x"]
    assert found(database, from_ms=10, to_ms=20)[0] == ["alarm.label"]
    assert found(database, limit=1, offset=1) == (["user.create"], 3)


def test_a_users_lines_outlive_them(database):
    fill(database)
    with database.writing() as connection:
        accounts.remove(connection, accounts.user_named(connection, "ada").id)
        rows = audit.entries(connection, name="ada").rows
    assert [(row.user_id, row.name) for row in rows] == [(None, "ada")] * 2
