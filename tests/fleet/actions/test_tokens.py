"""API tokens."""

import pytest

from edgeguard.errors import ConfigError, Forbidden, NotFound
from edgeguard.fleet.actions import accounts, tokens
from edgeguard.fleet.actor import PERMISSIONS, Actor
from edgeguard.fleet.api.gate import Gate
from edgeguard.fleet.clock import DAY_MS
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.parts import Parts
from tests.fleet.web import START_MS, add_person, audited


def person(database, name, role):
    return Actor(add_person(database, name, role), name, PERMISSIONS[role])


def who(database, token, now_ms=START_MS):
    return Gate(Parts(database, FleetConfig(), now_ms=lambda: now_ms)).bearer(token)


def make(database, actor, *scopes, days=30):
    return tokens.create(database, actor, "nightly", scopes or ("read",), days, START_MS)


def test_a_token_may_what_it_is_for_and_only_its_sha256_is_kept(database):
    ada = person(database, "ada", "clinician")
    number, token = make(database, ada, "label", "read")
    assert token.startswith("egt_")
    assert len(token) == 4 + 43
    assert who(database, token) == Actor(ada.user_id, "ada", frozenset({"read", "label"}))
    with database.reading() as connection:
        assert token not in str(connection.exec_driver_sql("SELECT * FROM tokens").all())
    assert audited(database) == [("ada", "token.create", str(number))]


@pytest.mark.parametrize("wrong", ["", "egt_", "egt_" + "A" * 43])
def test_what_is_no_token_opens_nothing(database, wrong):
    make(database, person(database, "ada", "viewer"))
    assert who(database, wrong) is None


def test_a_token_is_never_for_more_than_its_user_may(database):
    root, ada = person(database, "root", "admin"), person(database, "ada", "clinician")
    with pytest.raises(Forbidden):
        make(database, ada, "read", "manage")
    _, token = make(database, ada, "read", "label")
    accounts.change(database, root, ada.user_id, START_MS, role="viewer")
    assert who(database, token).may == {"read"}
    accounts.change(database, root, ada.user_id, START_MS, disabled=True)
    assert who(database, token) is None


def test_a_token_expires(database):
    _, token = make(database, person(database, "ada", "viewer"), days=2)
    assert who(database, token, START_MS + 2 * DAY_MS - 1)
    assert who(database, token, START_MS + 2 * DAY_MS) is None


@pytest.mark.parametrize(
    "change", [{"days": 0}, {"days": 366}, {"scopes": ()}, {"name": ""}, {"name": "x" * 65}, {"name": "a\nb"}]
)
def test_tokens_that_are_not_made(database, change):
    ada = person(database, "ada", "viewer")
    asked = {"name": "nightly", "scopes": ("read",), "days": 365, "now_ms": START_MS} | change
    with pytest.raises(ConfigError, match="token"):
        tokens.create(database, ada, **asked)


def test_people_revoke_their_own_tokens_and_admins_everybodys(database):
    ada, eve, root = (person(database, *who) for who in (("ada", "viewer"), ("eve", "viewer"), ("root", "admin")))
    made = [make(database, ada) for _ in range(2)]
    with pytest.raises(Forbidden, match="somebody else's"):
        tokens.revoke(database, eve, made[0][0], START_MS)
    for actor, (number, token) in zip((ada, root), made, strict=True):
        assert who(database, token)
        tokens.revoke(database, actor, number, START_MS)
        assert who(database, token) is None
    with pytest.raises(NotFound):
        tokens.revoke(database, root, 99, START_MS)


def test_people_see_their_own_tokens_and_admins_everybodys_with_when_they_were_used(database):
    ada, root = person(database, "ada", "viewer"), person(database, "root", "admin")
    _, token = make(database, ada)
    make(database, root)
    who(database, token, START_MS + 5)
    [seen] = tokens.listed(database, ada)
    assert (seen.user, seen.scopes, seen.used_ms, seen.revoked_ms) == ("ada", ("read",), START_MS + 5, None)
    assert {one.user for one in tokens.listed(database, root)} == {"ada", "root"}
