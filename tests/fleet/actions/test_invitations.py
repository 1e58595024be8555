"""The first admin's link, and the others."""

import threading

import pytest

from edgeguard.errors import ConfigError, EdgeGuardError, Forbidden, NotFound
from edgeguard.fleet.actions import invitations
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.store import accounts
from tests.fleet.web import PASSWORD, START_MS, add_person, audited


def set_up(database, secret, name="root", password=PASSWORD, now_ms=START_MS):
    return invitations.set_up(database, secret, name, password, "192.0.2.1", now_ms)


def users(database):
    with database.reading() as connection:
        return [(user.name, user.role) for user in accounts.listed(connection).rows]


def test_the_setup_link_makes_one_admin_and_no_second(database):
    secret = invitations.setup_secret(database, START_MS)
    assert set_up(database, secret)
    assert users(database) == [("root", "admin")]
    with pytest.raises(NotFound, match="was used"):
        set_up(database, secret, "mallory")
    assert invitations.setup_secret(database, START_MS) is None
    assert audited(database) == [("root", "user.set_up", "root"), ("root", "login", "root")]


def test_each_start_has_a_setup_link_of_its_own(database):
    first, second = (invitations.setup_secret(database, START_MS) for _ in range(2))
    with pytest.raises(NotFound):
        set_up(database, first)
    set_up(database, second)


def test_a_setup_link_dies_after_a_day_and_with_the_first_admin(database):
    secret = invitations.setup_secret(database, START_MS)
    with pytest.raises(NotFound):
        set_up(database, secret, now_ms=START_MS + DAY_MS)
    add_person(database, "ada", "admin")
    with pytest.raises(NotFound):
        set_up(database, secret)


def test_a_link_is_not_used_up_by_a_password_that_is_refused(database):
    secret = invitations.setup_secret(database, START_MS)
    with pytest.raises(ConfigError):
        set_up(database, secret, password="short")
    with pytest.raises(ConfigError):
        set_up(database, secret, name="no name")
    set_up(database, secret)


def test_a_link_is_used_once_however_many_open_it_at_once(database):
    secret = invitations.setup_secret(database, START_MS)
    came_in = []

    def try_it(name):
        try:
            came_in.append(set_up(database, secret, name))
        except EdgeGuardError:
            pass

    threads = [threading.Thread(target=try_it, args=(f"root-{k}",)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came_in) == len(users(database)) == 1


def link_for(database, user_id):
    with database.writing() as connection:
        return invitations.new_link(connection, user_id, START_MS)


def accept(database, secret, now_ms=START_MS):
    return invitations.accept(database, secret, PASSWORD, "192.0.2.1", now_ms)


def test_a_later_link_of_a_user_replaces_the_earlier_and_a_day_ends_it(database):
    user_id = add_person(database, "ada")
    first, second = link_for(database, user_id), link_for(database, user_id)
    for secret, now_ms in ((first, START_MS), (second, START_MS + DAY_MS), ("made up", START_MS)):
        with pytest.raises(NotFound):
            accept(database, secret, now_ms)
    accept(database, second)
    with pytest.raises(NotFound):
        accept(database, second)


def test_the_links_of_one_kind_do_not_open_the_other(database):
    user_id = add_person(database, "ada")
    setup, invitation = invitations.setup_secret(database, START_MS), link_for(database, user_id)
    with pytest.raises(NotFound):
        set_up(database, invitation)
    with pytest.raises(NotFound):
        accept(database, setup)


def test_the_disabled_choose_no_password(database):
    user_id = add_person(database, "ada")
    secret = link_for(database, user_id)
    with database.writing() as connection:
        accounts.change(connection, user_id, disabled=True)
    with pytest.raises(Forbidden, match="disabled"):
        accept(database, secret)


def test_no_secret_of_a_link_is_kept(database):
    secret = invitations.setup_secret(database, START_MS)
    with database.reading() as connection:
        assert secret not in str(connection.exec_driver_sql("SELECT * FROM invitations").all())
