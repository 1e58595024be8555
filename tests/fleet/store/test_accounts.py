"""Users as rows."""

import pytest

from edgeguard.errors import ConfigError, NotFound, StoreError
from edgeguard.fleet.store import accounts


def add(database, *names, role="viewer"):
    with database.writing() as connection:
        return [accounts.add(connection, name, role, 1) for name in names]


def test_a_user_is_found_by_number_and_by_name_however_written(database):
    [number] = add(database, "Ada.Lovelace")
    with database.reading() as connection:
        assert accounts.user(connection, number).name == "ada.lovelace"
        assert accounts.user_named(connection, "ada.lovelace").id == number
        assert accounts.user_named(connection, "babbage") is None
        with pytest.raises(NotFound, match="no user number 99"):
            accounts.user(connection, 99)


@pytest.mark.parametrize(
    "name", ["", " ", "a" * 65, "two words", "system", "SYSTEM", "nobody", "a<b", "tab\there", "a'; --"]
)
def test_names_that_nobody_can_have(database, name):
    with pytest.raises(ConfigError, match="cannot be a user's name"):
        add(database, name)


def test_a_name_is_one_persons_alone(database):
    add(database, "ada")
    for name in ("ada", "ADA", "ａｄａ"):
        with pytest.raises(StoreError, match="already"):
            add(database, name)


def test_search_takes_signs_literally(database):
    add(database, "a_b", "axb", "anna")
    with database.reading() as connection:
        assert [user.name for user in accounts.listed(connection, search="a_").rows] == ["a_b"]
        listing = accounts.listed(connection, search="A", limit=1, offset=1)
    assert (listing.total, [user.name for user in listing.rows]) == (3, ["anna"])


def test_an_admin_who_cannot_come_in_does_not_count(database):
    invited, sealed, by_provider, viewer, out = add(database, "a", "b", "c", "d", "e", role="admin")
    with database.writing() as connection:
        accounts.change(connection, sealed, password_hash="x")
        accounts.change(connection, by_provider, subject="https://idp 7")
        accounts.change(connection, viewer, password_hash="x", role="viewer")
        accounts.change(connection, out, password_hash="x", disabled=True)
        assert accounts.admins(connection) == [sealed, by_provider]
        assert invited not in accounts.admins(connection)
