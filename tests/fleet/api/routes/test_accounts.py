"""Users, tokens, sessions and the audit log over REST."""

import pytest

from edgeguard.fleet.store import accounts
from tests.fleet.web import PASSWORD

NEW = "another horse entirely"


def test_a_program_logs_in_acts_and_logs_out(server):
    ada, client = server.person(), server.stranger()
    answer = client.post("/api/v1/login", json={"name": ada.name, "password": PASSWORD})
    assert answer.json()["may"] == ["read"]
    token = answer.json()["csrf_token"]
    assert client.get("/api/v1/me").json() == answer.json()
    assert client.post("/api/v1/logout").status_code == 403
    assert client.post("/api/v1/logout", headers={"X-CSRF-Token": token}).status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_wrong_name_and_wrong_password_are_answered_alike(server):
    ada = server.person()
    answers = [
        server.stranger().post("/api/v1/login", json={"name": name, "password": "wrong"})
        for name in (ada.name, "nobody-of-that-name")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


@pytest.mark.parametrize(
    "body", [{"name": "ada"}, {"name": 7, "password": {}}, [], {"name": "x" * 300, "password": "p"}]
)
def test_a_login_that_does_not_fit_is_told_without_its_values(server, body):
    answer = server.stranger().post("/api/v1/login", json=body)
    assert answer.status_code == 400
    assert "xxx" not in answer.text


def test_a_login_is_json(server):
    sent = {"content": f'{{"name": "a", "password": "{PASSWORD}"}}', "headers": {"Content-Type": "text/plain"}}
    assert server.stranger().post("/api/v1/login", **sent).status_code == 400


def test_ones_own_password_changes_with_the_old_one(server):
    ada = server.person()
    assert ada.put("/api/v1/me/password", json={"old": "wrong", "new": NEW}).status_code == 401
    assert ada.put("/api/v1/me/password", json={"old": PASSWORD, "new": "short"}).status_code == 400
    assert ada.put("/api/v1/me/password", json={"old": PASSWORD, "new": NEW}).status_code == 204
    assert ada.get("/api/v1/me").status_code == 200
    old, new = ({"name": ada.name, "password": password} for password in (PASSWORD, NEW))
    assert server.stranger().post("/api/v1/login", json=old).status_code == 401
    assert server.stranger().post("/api/v1/login", json=new).status_code == 200


def test_admins_change_users_and_remove_them(server):
    root, ada = server.person("admin"), server.person()
    path = f"/api/v1/users/{ada.user_id}"
    assert root.patch(path, json={"role": "clinician"}).json()["role"] == "clinician"
    assert ada.get("/api/v1/me").json()["may"] == ["label", "read"]
    assert root.patch(path, json={"disabled": True}).json()["disabled"]
    assert ada.get("/api/v1/me").status_code == 401
    assert root.post(f"{path}/invitation").json()["link"].startswith(server.url)
    assert root.delete(path).status_code == 204
    assert root.delete(path).status_code == 404
    assert root.get("/api/v1/users", params={"search": ada.name}).json()["rows"] == []


def test_the_last_admin_is_kept(serve):
    server = serve()
    root = server.person("admin")
    answer = root.patch(f"/api/v1/users/{root.user_id}", json={"disabled": True})
    assert answer.status_code == 409
    assert "last admin" in answer.json()["error"]


def test_a_taken_name_is_a_conflict(server):
    root = server.person("admin")
    answer = root.post("/api/v1/users", json={"name": root.name.upper(), "role": "viewer"})
    assert answer.status_code == 409


def test_a_token_is_made_shown_once_used_and_revoked(server):
    ada = server.person("clinician")
    made = ada.post("/api/v1/tokens", json={"name": "nightly", "scopes": ["read"], "days": 7}).json()
    program = server.stranger(Authorization=f"Bearer {made['token']}")
    assert program.get("/api/v1/me").json() == {"name": ada.name, "may": ["read"], "csrf_token": None}
    assert made["token"] not in ada.get("/api/v1/tokens").text
    assert ada.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401
    assert ada.get("/api/v1/tokens").json()[0]["revoked_ms"] == server.now_ms


def test_what_is_stolen_with_a_token_does_not_outlive_it(server):
    root = server.person("admin")
    made = root.post("/api/v1/tokens", json={"name": "x", "scopes": ["manage", "read"]}).json()
    program = server.stranger(Authorization=f"Bearer {made['token']}")
    assert program.post("/api/v1/tokens", json={"name": "y", "scopes": ["read"]}).status_code == 403
    assert program.put("/api/v1/me/password", json={"old": PASSWORD, "new": NEW}).status_code == 403


@pytest.mark.parametrize(
    "body", [{"scopes": ["manage"]}, {"scopes": []}, {"scopes": ["root"]}, {"days": 366}, {"name": ""}]
)
def test_tokens_for_too_much_are_not_made(server, body):
    asked = {"name": "x", "scopes": ["read"], "days": 30} | body
    assert server.person("clinician").post("/api/v1/tokens", json=asked).status_code in {400, 403}


def test_the_audit_log_is_for_admins_and_holds_no_secret(server):
    root, ada = server.person("admin"), server.person()
    link = root.post("/api/v1/users", json={"name": "invited-once", "role": "viewer"}).json()["link"]
    token = ada.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"]}).json()["token"]
    assert ada.get("/api/v1/audit").status_code == 403
    log = root.get("/api/v1/audit", params={"limit": 1000}).text
    assert '"action":"user.create"' in log
    assert '"action":"token.create"' in log
    assert not [secret for secret in (link.partition("#")[2], token, token[4:], PASSWORD) if secret in log]
    rows = root.get("/api/v1/audit", params={"name": ada.name, "action": "token."}).json()["rows"]
    assert [row["action"] for row in rows] == ["token.create"]


def test_no_hash_ever_leaves(server):
    root = server.person("admin")
    with server.database.reading() as connection:
        known = accounts.password_hash(connection, root.user_id)
    for path in ("/api/v1/users", "/api/v1/me", "/api/v1/tokens", "/api/v1/audit"):
        assert known not in root.get(path).text
        assert "hash" not in root.get(path).text
