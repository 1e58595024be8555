"""Login, logout, setup and invitations as browsers without scripts use them."""

import re

import pytest

from edgeguard.fleet.actions import invitations
from edgeguard.fleet.config import Web
from edgeguard.fleet.store import accounts
from tests.fleet.web import PASSWORD, add_person, form_of

WEB = Web(public_url="https://fleet.example")


def send(client, path, **fields):
    """Open the page, fill in its form, send it."""
    return client.post(path, data={"form": form_of(client.get(path)), **fields})


def log_in(client, name, password=PASSWORD, **fields):
    return send(client, "/login", name=name, password=password, **fields)


def test_a_login_leads_where_one_wanted_to_with_a_cookie_scripts_cannot_read(server):
    ada, client = server.person(), server.stranger()
    answer = log_in(client, ada.name, next="/devices?search=a")
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices?search=a")
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith("edgeguard=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(re.split("; ", cookie))
    assert client.get("/api/v1/me").json()["name"] == ada.name
    assert client.get("/login?next=/x").headers["location"] == "/x"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_login_leads_to_no_other_server(server, wanted):
    ada, client = server.person(), server.stranger()
    assert log_in(client, ada.name, next=wanted).headers["location"] == "/"
    assert client.get("/login", params={"next": wanted}).headers["location"] == "/"
    assert "evil" not in server.stranger().get("/login", params={"next": wanted}).text


def test_a_failed_login_says_so_and_keeps_the_name_alone(server):
    answer = log_in(server.stranger(), '"><script>alert(1)</script>', "wrong horse")
    assert answer.status_code == 401
    assert '<p role="alert">name or password are wrong' in answer.text
    assert "&quot;&gt;&lt;script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert "wrong horse" not in answer.text


def test_a_login_ends_the_session_before_and_has_another_cookie(server):
    ada, client = server.person(), server.stranger()
    cookies = []
    for _ in range(2):
        client.cookies.delete("edgeguard") if cookies else None
        headers = {"Cookie": f"edgeguard={cookies[-1]}"} if cookies else {}
        form = form_of(client.get("/login"))
        headers["Cookie"] = "; ".join([*headers.values(), f"edgeguard-form={client.cookies['edgeguard-form']}"])
        answer = client.post("/login", data={"form": form, "name": ada.name, "password": PASSWORD}, headers=headers)
        assert answer.status_code == 303
        cookies.append(answer.cookies["edgeguard"])
    asked = [server.stranger(Cookie=f"edgeguard={one}").get("/api/v1/me").status_code for one in cookies]
    assert asked == [401, 200]


@pytest.mark.parametrize("fields", [{}, {"form": "made-up"}, {"form": ""}])
def test_a_form_that_is_not_ours_logs_nobody_in(server, fields):
    ada, client = server.person(), server.stranger()
    client.get("/login")
    answer = client.post("/login", data={"name": ada.name, "password": PASSWORD, **fields})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers or "edgeguard=" not in str(answer.headers.get_list("set-cookie"))


def test_many_failures_must_wait_and_are_told_how_long(serve):
    server = serve()
    add_person(server.database, "ada")
    codes = [log_in(server.stranger(), "ada", "wrong").status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    answer = log_in(server.stranger(), "ada")
    assert answer.headers["retry-after"] == "1"
    assert "wait 1 s" in answer.text
    server.now_ms += 1000
    assert log_in(server.stranger(), "ada").status_code == 303


def test_a_logout_needs_a_click_and_ends_the_session_in_the_database(server):
    ada = server.person()
    assert ada.get("/logout").status_code == 200
    assert ada.get("/api/v1/me").status_code == 200
    page = ada.get("/logout")
    ada.headers["Cookie"] = f"{ada.cookie}; edgeguard-form={page.cookies['edgeguard-form']}"
    assert ada.post("/logout", data={"form": form_of(page)}).headers["location"] == "/login"
    assert server.stranger(Cookie=ada.cookie).get("/api/v1/me").status_code == 401


def test_the_first_admin_is_made_once_and_logged_in(serve):
    server = serve()
    secret = invitations.setup_secret(server.database, server.now_ms)
    client = server.stranger()
    answer = send(client, "/setup", code="wrong", name="root", password=PASSWORD)
    assert answer.status_code == 404
    assert 'value="root"' in answer.text
    answer = send(client, "/setup", code=f" {secret} ", name="root", password=PASSWORD)
    assert answer.status_code == 303
    assert client.get("/api/v1/me").json()["may"] == ["label", "manage", "read"]
    assert send(server.stranger(), "/setup", code=secret, name="eve", password=PASSWORD).status_code == 404


def test_an_invited_user_chooses_a_password_and_is_logged_in(server):
    root, client = server.person("admin"), server.stranger()
    link = root.post("/api/v1/users", json={"name": "grace", "role": "clinician"}).json()["link"]
    assert link.startswith(f"{server.url}/invitation#")
    code = link.partition("#")[2]
    assert send(client, "/invitation", code=code, password="too short").status_code == 400
    assert send(client, "/invitation", code=code, password=PASSWORD).status_code == 303
    assert client.get("/api/v1/me").json()["name"] == "grace"
    assert log_in(server.stranger(), "grace").status_code == 303
    assert send(server.stranger(), "/invitation", code=code, password=PASSWORD).status_code == 404


def test_links_behind_a_proxy_bear_its_name(serve):
    server = serve(web=WEB)
    root = server.person("admin")
    answer = root.post("/api/v1/users", json={"name": "grace", "role": "viewer"}, headers={"Host": "fleet.example"})
    assert answer.json()["link"].startswith("https://fleet.example/invitation#")


@pytest.mark.parametrize("path", ["/login", "/setup", "/invitation"])
def test_the_forms_have_labels_autocomplete_and_say_what_this_is_not(server, path):
    page = server.stranger().get(path).text
    fields = re.findall(r'<input id="(\w+)"[^>]* autocomplete="([\w-]+)"', page)
    assert [name for name, _ in fields] == re.findall(r'<label for="(\w+)">', page)
    assert dict(fields)["password"] in {"current-password", "new-password"}
    assert "not a medical device" in page
    assert 'rel="stylesheet"' in page
    for asset in re.findall(r'(?:href|src)="(/entry/[^"]+)"', page):
        assert server.stranger().get(asset).status_code == 200


def test_only_a_configured_provider_has_a_button(server):
    assert "/oidc/login" not in server.stranger().get("/login").text
    answer = server.stranger().get("/oidc/login")
    assert answer.status_code == 404
    assert "no identity provider is configured" in answer.text


def addresses(server):
    with server.database.reading() as connection:
        return connection.exec_driver_sql("SELECT key FROM attempts WHERE key LIKE 'address %'").scalars().all()


def test_forwarded_addresses_count_from_the_trusted_proxy_alone(serve):
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4"}
    for trusted, expected in (("", "127.0.0.1"), ("127.0.0.1", "198.51.100.4"), ("192.0.2.1", "127.0.0.1")):
        server = serve(web=Web(trusted_proxy=trusted))
        log_in(server.stranger(**forwarded), "eve", "wrong")
        assert addresses(server) == [f"address {expected}"]
        with server.database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM attempts")


def test_a_user_who_was_never_there_costs_no_row_with_their_name(server):
    log_in(server.stranger(), "my-password-by-mistake", "x")
    with server.database.reading() as connection:
        assert accounts.user_named(connection, "my-password-by-mistake") is None
        assert "by-mistake" not in str(connection.exec_driver_sql("SELECT * FROM audit").all())
