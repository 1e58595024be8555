"""NiceGUI's websocket: who may open it, and for how long."""

import re
import shutil

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from edgeguard.fleet.api import sockets
from edgeguard.fleet.store import accounts
from tests.fleet.web import running

PATH = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def paged(tmp_path_factory, sqlite_template):
    """With the pages: a process has them once."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("web") / "pages.db")
    with running(path, pages=True) as server:
        yield server


def dial(server, cookie=None, origin=None, **headers):
    sent = headers | ({"Cookie": cookie} if cookie else {})
    return connect(server.url.replace("http", "ws") + PATH, origin=origin, additional_headers=sent, proxy=None)


def test_who_is_logged_in_is_let_in_from_our_own_pages(paged):
    with dial(paged, paged.person().cookie, paged.url) as socket:
        assert socket.recv(5).startswith('0{"sid"')


def test_others_are_not(paged):
    ada = paged.person()
    for cookie, origin in (
        (None, paged.url),
        ("edgeguard=made-up", paged.url),
        (ada.cookie, None),
        (ada.cookie, "https://evil.example"),
    ):
        with pytest.raises(InvalidStatus) as refused:
            dial(paged, cookie, origin)
        assert refused.value.response.status_code == 403


def test_polling_is_for_our_own_pages_too(paged):
    ada, path = paged.person(), PATH.replace("websocket", "polling")
    assert ada.get(path).status_code == 200
    assert ada.get(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert ada.get(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_an_open_socket_ends_soon_after_its_user_is_disabled(paged):
    ada = paged.person()
    with dial(paged, ada.cookie, paged.url) as socket:
        socket.recv(5)
        socket.send("40")
        assert socket.recv(5).startswith("40")
        with paged.database.writing() as connection:
            accounts.change(connection, ada.user_id, disabled=True)
        paged.now_ms += sockets.CHECK_MS + 1
        socket.send("3")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(5)
    assert closed.value.rcvd.code == 1008


def test_an_open_socket_stays_while_its_user_does(paged):
    ada = paged.person()
    with dial(paged, ada.cookie, paged.url) as socket:
        socket.recv(5)
        paged.now_ms += sockets.CHECK_MS + 1
        socket.send("40")
        assert socket.recv(5).startswith("40")


def test_pages_are_served_to_who_is_logged_in_alone_and_their_assets_to_all(paged):
    page = paged.person().get("/")
    assert page.status_code == 200
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in page.headers["content-security-policy"]
    assert paged.stranger().get("/").status_code == 303
    asset = re.search(r'src="(/_nicegui/[^"]+/nicegui\.js)"', page.text)[1]
    assert paged.stranger().get(asset).status_code == 200


def test_a_header_of_proxies_that_nicegui_would_print_is_dropped(paged):
    page = paged.person().get("/", headers={"X-Forwarded-Prefix": '"><script>alert(1)</script>'})
    assert "alert(1)" not in page.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("PUT", "/login", 405), ("PUT", "/api/v1/me", 405), ("GET", "/oidc/x", 303)]
)
def test_strangers_reach_no_page_by_odd_ways(paged, method, path, status):
    assert paged.stranger().request(method, path).status_code == status
