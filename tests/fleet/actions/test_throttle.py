"""Waiting after failed logins."""

import threading

import pytest

from edgeguard.fleet.actions.throttle import Attempt, TooManyAttempts
from edgeguard.fleet.clock import DAY_MS
from tests.fleet.web import START_MS


def waits(database, account, address, now_ms=START_MS):
    """Seconds to wait; the attempt counts where there are none."""
    try:
        Attempt(account, address).charge(database, now_ms)
    except TooManyAttempts as error:
        return error.wait_s
    return 0


def test_the_sixth_failure_of_an_account_costs_a_wait_that_doubles_up_to_a_minute(database):
    assert [waits(database, "ada", f"192.0.2.{k}") for k in range(6)] == [0, 0, 0, 0, 0, 1]
    now_ms, costs = START_MS, []
    for k in range(9):
        costs.append(waits(database, "ada", f"198.51.100.{k}", now_ms))
        now_ms += 1000 * costs[-1]
        assert waits(database, "ada", f"198.51.100.{k}", now_ms) == 0
    assert costs == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_wait_is_not_longer_for_asking_during_it(database):
    for k in range(5):
        waits(database, "ada", f"192.0.2.{k}")
    assert {waits(database, "ada", "192.0.2.9") for _ in range(20)} == {1}


def test_an_address_waits_whatever_names_it_tries(database):
    assert [waits(database, f"name-{k}", "192.0.2.1") for k in range(22)] == [0] * 20 + [1, 1]
    assert waits(database, "name-99", "192.0.2.2") == 0


def test_a_network_of_ipv6_is_one_address(database):
    costs = [waits(database, f"name-{k}", f"2001:db8::{k:x}") for k in range(21)]
    assert costs[-1] == 1
    assert waits(database, "name-99", "2001:db8:0:1::1") == 0


def test_a_login_forgives_the_account_but_not_what_the_address_tried_elsewhere(database):
    for k in range(19):
        waits(database, f"name-{k}", "192.0.2.1")
    for _ in range(3):
        mine = Attempt("ada", "192.0.2.1")
        mine.charge(database, START_MS)
        mine.forgive(database)
    assert [waits(database, "other", "192.0.2.1") for _ in range(2)] == [0, 1]


def test_failures_are_forgotten_after_a_quiet_day(database):
    for k in range(5):
        waits(database, "ada", f"192.0.2.{k}")
    later = START_MS + DAY_MS
    assert [waits(database, "ada", "192.0.2.9", later) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_a_clock_that_was_set_back_locks_nobody_out(database):
    waits(database, "ada", "192.0.2.1", START_MS + DAY_MS)
    assert waits(database, "ada", "192.0.2.1", START_MS) == 0


def test_attempts_at_the_same_moment_all_count(database):
    costs = []
    threads = [
        threading.Thread(target=lambda k=k: costs.append(waits(database, "ada", f"192.0.2.{k}"))) for k in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(costs) == [0] * 5 + [1] * 7


def test_no_typed_name_is_kept(database):
    waits(database, "my password by mistake", "192.0.2.1")
    with database.reading() as connection:
        assert "mistake" not in str(connection.exec_driver_sql("SELECT * FROM attempts").all())
