"""The shield, seen from outside."""

import logging

import pytest

from edgeguard.fleet.config import Web
from edgeguard.fleet.store import accounts

PAGE, API = "/devices", "/api/v1/me"


@pytest.mark.parametrize("path", [PAGE, API, "/login", "/nothing", "/api/v1/nothing", "/entry/style.css"])
def test_every_answer_has_the_security_headers(server, path):
    headers = server.stranger().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert "server" not in headers


@pytest.mark.parametrize("path", [PAGE, API, "/login"])
def test_nothing_about_people_is_kept_in_caches(server, path):
    assert server.person().get(path).headers["cache-control"] == "no-store"


def test_the_pages_without_a_session_allow_no_inline_scripts(server):
    assert "unsafe" not in server.stranger().get("/login").headers["content-security-policy"]


def test_over_https_browsers_are_told_to_stay_with_it(serve):
    server = serve(web=Web(public_url="https://fleet.example"))
    answer = server.stranger(Host="fleet.example").get("/login")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert all("Secure" in cookie and cookie.startswith("__Host-") for cookie in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("path", ["/", PAGE, "/login", API, "/entry/style.css"])
def test_a_foreign_host_gets_nothing(server, path):
    answer = server.stranger(Host="evil.example").get(path)
    assert answer.status_code == 400
    assert "another name" in answer.text


def test_a_stranger_who_opens_a_page_is_led_to_the_login_and_back(server):
    answer = server.stranger().get("/devices?search=a&x=%2F")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/devices%3Fsearch%3Da%26x%3D%252F"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", PAGE), ("GET", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"), ("GET", "/_nicegui/auto/static/x"),
     ("POST", "/_nicegui/client/x/upload/1"), ("GET", "/_nicegui/3.18.0/dynamic_resources/x")],
)  # fmt: skip
def test_a_stranger_gets_nothing_else_of_the_pages(server, method, path):
    assert server.stranger().request(method, path).status_code == 401


def test_a_page_is_closed_once_its_user_is_disabled(server):
    ada = server.person()
    assert ada.get(PAGE).status_code == 404
    with server.database.writing() as connection:
        accounts.change(connection, ada.user_id, disabled=True)
    assert ada.get(PAGE).status_code == 303


@pytest.mark.parametrize(
    "sent", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/setup", "/api/v1/login", "/api/v1/logout"])
def test_other_sites_cannot_send_anything(server, path, sent):
    answer = server.person("admin").post(path, headers=sent)
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_a_large_request_is_refused_however_it_says_its_size(server):
    ada = server.person()
    for client, limit in ((server.stranger(), 64 << 10), (ada, 1 << 20)):
        assert client.post("/api/v1/login", content=b"x" * (limit + 1)).status_code == 413
        pieces = (b"x" * 65536 for _ in range(limit // 65536 + 2))
        assert client.post("/api/v1/login", content=pieces).status_code == 413


@pytest.mark.parametrize(("path", "status"), [("/api/v1/nothing", 404), ("/api/nothing", 404), ("/api/v1/me", 405)])
def test_errors_of_the_api_are_json(server, path, status):
    answer = server.person().request("PATCH" if status == 405 else "GET", path)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]


def test_what_fails_inside_is_logged_and_not_told(server, caplog, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("the cat sat on the database")

    monkeypatch.setattr("edgeguard.fleet.api.gate.sessions.session", fail)
    answer = server.person().get(API)
    assert (answer.status_code, answer.json()) == (500, {"error": "the server failed here: see its log"})
    assert "content-security-policy" in answer.headers
    assert "the cat sat" in caplog.text


def test_a_database_that_is_away_is_told_as_such(server, monkeypatch):
    from edgeguard.errors import StoreUnavailable

    def away(*_args, **_kwargs):
        raise StoreUnavailable("the database cannot be used: it is away")

    ada = server.person()
    monkeypatch.setattr("edgeguard.fleet.api.gate.sessions.session", away)
    for path in (API, PAGE):
        answer = ada.get(path)
        assert answer.status_code == 503
        assert "it is away" in answer.text


def test_the_log_has_no_query_and_no_secret(server, caplog):
    caplog.set_level(logging.DEBUG)
    ada = server.person()
    for path in ("/api/v1/me?secret=querysecret", "/login?next=/querysecret", "/devices?querysecret"):
        ada.get(path)
    ada.post("/api/v1/login", json={"name": ada.name, "password": "bodysecret"})
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    cookie = ada.headers["Cookie"].partition("=")[2]
    assert not [line for line in lines if "querysecret" in line or "bodysecret" in line or cookie in line]
    assert any("/api/v1/me 200" in line for line in lines)
