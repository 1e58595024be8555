"""What admins do to users."""

import pytest

from edgeguard.errors import Forbidden, StoreError
from edgeguard.fleet.actions import accounts as actions
from edgeguard.fleet.actions import entry, invitations
from edgeguard.fleet.actions.entry import LoginFailed
from edgeguard.fleet.actor import PERMISSIONS, Actor
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.secret import sha256_of
from edgeguard.fleet.store import accounts, sessions
from tests.fleet.web import PASSWORD, START_MS, add_person, audited

NEW = "another horse entirely"


@pytest.fixture
def root(database):
    return Actor(add_person(database, "root", "admin"), "root", PERMISSIONS["admin"])


def logged_in(database, name, password=PASSWORD):
    return entry.log_in(database, name, password, "192.0.2.1", START_MS)


def is_in(database, cookie):
    with database.reading() as connection:
        return sessions.session(connection, sha256_of(cookie), START_MS, DAY_MS) is not None


def test_an_invited_user_chooses_a_password_once(database, root):
    user, secret = actions.invite(database, root, "ada", "clinician", START_MS)
    assert (user.name, user.role, user.password) == ("ada", "clinician", False)
    cookie = invitations.accept(database, secret, NEW, "192.0.2.1", START_MS)
    assert is_in(database, cookie)
    assert is_in(database, logged_in(database, "ada", NEW))
    assert ("root", "user.create", "ada") in audited(database)
    assert ("ada", "user.accept", "ada") in audited(database)


@pytest.mark.parametrize("role", ["viewer", "clinician"])
def test_only_admins_change_users(database, root, role):
    actor = Actor(add_person(database, "eve", role), "eve", PERMISSIONS[role])
    for attempt in (
        lambda: actions.invite(database, actor, "mallory", "admin", START_MS),
        lambda: actions.reset_password(database, actor, root.user_id, START_MS),
        lambda: actions.change(database, actor, actor.user_id, START_MS, role="admin"),
        lambda: actions.remove(database, actor, root.user_id, START_MS),
    ):
        with pytest.raises(Forbidden, match="may not manage"):
            attempt()
    assert audited(database) == []


def test_the_last_admin_stays_one(database, root):
    actions.invite(database, root, "invited-only", "admin", START_MS)
    for change in ({"role": "viewer"}, {"disabled": True}):
        with pytest.raises(StoreError, match="last admin"):
            actions.change(database, root, root.user_id, START_MS, **change)
    with pytest.raises(StoreError, match="last admin"):
        actions.remove(database, root, root.user_id, START_MS)
    add_person(database, "second", "admin")
    actions.remove(database, root, root.user_id, START_MS)
    with database.reading() as connection:
        assert accounts.user_named(connection, "root") is None


def test_disabling_ends_sessions_for_good(database, root):
    user_id = add_person(database, "ada")
    cookie = logged_in(database, "ada")
    assert actions.change(database, root, user_id, START_MS, disabled=True).disabled
    actions.change(database, root, user_id, START_MS, disabled=False)
    assert not is_in(database, cookie)
    assert [action for _, action, _ in audited(database)] == ["login", "user.disable", "user.enable"]


def test_a_new_role_is_audited_with_the_old(database, root):
    user_id = add_person(database, "ada")
    assert actions.change(database, root, user_id, START_MS, role="clinician").role == "clinician"
    actions.change(database, root, user_id, START_MS, role="clinician")
    assert audited(database) == [("root", "user.role", "ada")]


def test_a_reset_lets_the_old_password_hold_until_the_new_one_is_chosen(database, root):
    user_id = add_person(database, "ada")
    secret = actions.reset_password(database, root, user_id, START_MS)
    before = logged_in(database, "ada")
    invitations.accept(database, secret, NEW, "192.0.2.1", START_MS)
    assert not is_in(database, before)
    with pytest.raises(LoginFailed):
        logged_in(database, "ada")


def change_own(database, actor, old, session=""):
    actions.change_own_password(database, actor, old, NEW, START_MS, session=session, address="192.0.2.1")


def test_a_change_of_ones_password_ends_ones_other_sessions(database):
    ada = Actor(add_person(database, "ada"), "ada", PERMISSIONS["viewer"])
    mine, other = logged_in(database, "ada"), logged_in(database, "ada")
    change_own(database, ada, PASSWORD, sha256_of(mine))
    assert is_in(database, mine)
    assert not is_in(database, other)
    assert is_in(database, logged_in(database, "ada", NEW))


def test_the_old_password_is_asked_for_and_guessing_it_is_throttled(database):
    ada = Actor(add_person(database, "ada"), "ada", PERMISSIONS["viewer"])
    for _ in range(5):
        with pytest.raises(LoginFailed):
            change_own(database, ada, "wrong")
    with pytest.raises(Forbidden, match="wait"):
        change_own(database, ada, PASSWORD)
