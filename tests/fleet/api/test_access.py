"""Who asks, for routes and for open pages."""

from types import SimpleNamespace

import pytest
from starlette.requests import Request

from edgeguard.fleet.actions import tokens
from edgeguard.fleet.actor import PERMISSIONS, Actor
from edgeguard.fleet.api.access import SCOPE_KEY, actor_of, current
from edgeguard.fleet.api.gate import Gate, LoginNeeded
from edgeguard.fleet.clock import HOUR_MS
from edgeguard.fleet.store import accounts

USERS = "/api/v1/users"


def bearer(server, client, *scopes):
    """A stranger with a token of the client's user."""
    actor = Actor(client.user_id, "", PERMISSIONS["admin"])
    token = tokens.create(server.database, actor, "x", scopes, 1, server.now_ms)[1]
    return server.stranger(Authorization=f"Bearer {token}")


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("clinician", 403), ("admin", 200)])
def test_a_role_decides(server, role, status):
    assert server.person(role).get(USERS).status_code == status
    assert server.stranger().get(USERS).status_code == 401


def test_a_token_needs_no_csrf_token_and_may_what_both_it_and_its_user_may(server):
    root = server.person("admin")
    new = {"name": "invited-by-token", "role": "viewer"}
    assert bearer(server, root, "manage").post(USERS, json=new).status_code == 201
    assert bearer(server, root, "read", "label").get(USERS).status_code == 403
    assert bearer(server, server.person("viewer"), "manage").get(USERS).status_code == 403


@pytest.mark.parametrize("header", ["Bearer egt_unknown", "Bearer", "Basic YTpi"])
def test_a_token_that_does_not_hold_is_told_how_to_log_in(server, header):
    answer = server.stranger(Authorization=header).get("/api/v1/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_cookie_alone_changes_nothing(server):
    root, other = server.person("admin"), server.person("admin")
    new = {"name": "invited-by-cookie", "role": "viewer"}
    for token in ("", "x", other.headers["X-CSRF-Token"]):
        answer = root.post(USERS, json=new, headers={"X-CSRF-Token": token})
        assert answer.status_code == 403
        assert "X-CSRF-Token" in answer.json()["error"]
    assert root.post(USERS, json=new).status_code == 201


def test_a_session_is_kept_by_use_and_not_by_pages_that_refresh_themselves(serve):
    server = serve()
    ada = server.person()
    for _ in range(3):
        server.now_ms += 11 * HOUR_MS
        assert ada.get("/api/v1/me").status_code == 200
    page = page_of(server, ada)
    server.now_ms += 11 * HOUR_MS
    current(page, used=False)
    server.now_ms += 2 * HOUR_MS
    assert ada.get("/api/v1/me").status_code == 401


def page_of(server, client):
    """As NiceGUI keeps a page: by the request that opened it."""
    headers = [(b"cookie", client.headers["Cookie"].encode())]
    return SimpleNamespace(request=Request({"type": "http", "headers": headers, SCOPE_KEY: Gate(server.parts)}))


def test_an_open_page_acts_with_what_its_user_may_now(server):
    ada = server.person("clinician")
    page = page_of(server, ada)
    assert current(page).may == actor_of(page.request).may == {"read", "label"}
    with server.database.writing() as connection:
        accounts.change(connection, ada.user_id, role="viewer")
    assert current(page).may == {"read"}


@pytest.mark.parametrize("how", ["disabled", "removed", "logged out"])
def test_an_open_page_can_do_nothing_once_its_user_is_out(server, how):
    ada = server.person("admin")
    page = page_of(server, ada)
    with server.database.writing() as connection:
        if how == "disabled":
            accounts.change(connection, ada.user_id, disabled=True)
        elif how == "removed":
            accounts.remove(connection, ada.user_id)
    if how == "logged out":
        ada.post("/api/v1/logout")
    with pytest.raises(LoginNeeded):
        current(page)
    assert actor_of(page.request) is None
