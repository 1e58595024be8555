"""Logging in and out."""

import argon2
import pytest

from edgeguard.fleet import passwords
from edgeguard.fleet.actions import entry
from edgeguard.fleet.actions.entry import LoginFailed
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.identity_provider import Identity
from edgeguard.fleet.secret import sha256_of
from edgeguard.fleet.store import accounts, sessions
from tests.fleet.web import PASSWORD, START_MS, add_person, audited

ADDRESS = "192.0.2.7"


def log_in(database, name="ada", password=PASSWORD):
    return entry.log_in(database, name, password, ADDRESS, START_MS)


def session(database, cookie, now_ms=START_MS, idle_ms=DAY_MS):
    with database.reading() as connection:
        return sessions.session(connection, sha256_of(cookie), now_ms, idle_ms)


def test_a_login_begins_a_session_and_a_logout_ends_it(database):
    add_person(database, "ada", "clinician")
    cookie = log_in(database, " Ada ")
    assert (session(database, cookie).name, session(database, cookie).role) == ("ada", "clinician")
    entry.log_out(database, cookie, START_MS)
    entry.log_out(database, cookie, START_MS)
    assert session(database, cookie) is None
    assert audited(database) == [("ada", "login", "ada"), ("ada", "logout", "ada")]


def test_every_login_has_a_cookie_of_its_own_that_the_database_does_not_know(database):
    add_person(database, "ada")
    cookies = {log_in(database) for _ in range(3)}
    assert len(cookies) == 3
    assert all(len(cookie) == 43 for cookie in cookies)
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM sessions").all()
    assert not any(cookie in str(rows) for cookie in cookies)


def test_wrong_names_wrong_passwords_and_the_disabled_are_told_the_same(database):
    add_person(database, "ada")
    user_id = add_person(database, "eve")
    with database.writing() as connection:
        accounts.change(connection, user_id, disabled=True)
        accounts.add(connection, "invited", "viewer", 0)
    said = set()
    for name, password in (("ada", "wrong"), ("nobody-here", PASSWORD), ("eve", PASSWORD), ("invited", PASSWORD)):
        with pytest.raises(LoginFailed) as failed:
            log_in(database, name, password)
        said.add(str(failed.value))
    assert len(said) == 1
    assert [line[2] for line in audited(database)] == ["ada", "(no such user)", "eve", "invited"]


def test_a_session_ends_when_it_rests_when_its_time_is_over_and_when_its_user_is_disabled(database):
    user_id = add_person(database, "ada")
    cookie = log_in(database)
    assert session(database, cookie, START_MS + 999, idle_ms=1000)
    assert session(database, cookie, START_MS + 1000, idle_ms=1000) is None
    assert session(database, cookie, START_MS + entry.LIFETIME_MS - 1, idle_ms=10**12)
    assert session(database, cookie, START_MS + entry.LIFETIME_MS, idle_ms=10**12) is None
    with database.writing() as connection:
        accounts.change(connection, user_id, disabled=True)
    assert session(database, cookie) is None


def test_a_login_makes_an_outgrown_hash_anew(database):
    user_id = add_person(database, "ada")
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with database.writing() as connection:
        accounts.change(connection, user_id, password_hash=weak)
    log_in(database)
    with database.reading() as connection:
        known = accounts.password_hash(connection, user_id)
    assert known != weak
    assert not passwords.outgrown(known)
    assert passwords.fits(known, PASSWORD)


def test_who_the_provider_vouches_for_comes_in_with_the_role_that_it_gives_now(database):
    for role in ("viewer", "admin", "admin"):
        cookie = entry.log_in_as(database, Identity("https://idp 7", "Grace Hopper", role), ADDRESS, START_MS)
        assert (session(database, cookie).name, session(database, cookie).role) == ("grace-hopper", role)
    actions = [action for _, action, _ in audited(database)]
    assert actions == ["user.create", "login", "user.role", "login", "login"]


def test_the_provider_cannot_take_over_a_local_name(database):
    local = add_person(database, "ada", "admin")
    cookie = entry.log_in_as(database, Identity("https://idp 7", "ada", "viewer"), ADDRESS, START_MS)
    found = session(database, cookie)
    assert (found.name, found.role) == ("ada-2", "viewer")
    assert found.user_id != local


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": None}])
def test_who_is_disabled_or_has_lost_the_role_stays_out_and_their_sessions_end(database, change):
    cookie = entry.log_in_as(database, Identity("https://idp 7", "ada", "viewer"), ADDRESS, START_MS)
    if "disabled" in change:
        with database.writing() as connection:
            accounts.change(connection, session(database, cookie).user_id, disabled=True)
    identity = Identity("https://idp 7", "ada", change.get("role", "viewer"))
    with pytest.raises(LoginFailed, match="ask an admin"):
        entry.log_in_as(database, identity, ADDRESS, START_MS)
    assert session(database, cookie) is None
    assert audited(database)[-1][1] == "login.failed"
