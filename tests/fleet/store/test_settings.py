"""Settings by key."""

from edgeguard.fleet.store import settings


def test_a_setting_is_its_default_until_it_is_set_and_can_be_set_again(database):
    with database.writing() as connection:
        assert settings.get(connection, "bands", {"a": 1}) == {"a": 1}
        for value in ({"a": 0.5}, ["x", None], 7):
            settings.put(connection, "bands", value)
            assert settings.get(connection, "bands", None) == value
        assert settings.get(connection, "other", None) is None
