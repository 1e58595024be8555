"""Names that are ours, and sites that are."""

import pytest
from starlette.datastructures import Headers

from edgeguard.fleet.api.origins import host_is_ours, local_path, origin_is_ours
from edgeguard.fleet.config import Web

LOCAL, PUBLIC = Web(), Web(public_url="https://fleet.example")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "10.1.2.3:8080"])
def test_addresses_and_localhost_are_ours(host):
    assert host_is_ours(LOCAL, host)
    assert host_is_ours(PUBLIC, host)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", "fleet.example"]
)
def test_other_names_are_not(host):
    assert not host_is_ours(LOCAL, host)


def test_the_public_name_is_ours():
    assert host_is_ours(PUBLIC, "Fleet.Example:443")
    assert not host_is_ours(PUBLIC, "www.fleet.example")


@pytest.mark.parametrize(
    ("web", "host", "origin"),
    [
        (LOCAL, "127.0.0.1:8080", "http://127.0.0.1:8080"),
        (LOCAL, "localhost:8080", "http://localhost:8080"),
        (PUBLIC, "fleet.example", "https://fleet.example"),
    ],
)
def test_our_own_pages_may(web, host, origin):
    assert origin_is_ours(web, Headers({"host": host, "origin": origin, "sec-fetch-site": "same-origin"}), needed=True)


@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:8081"},
        {"origin": "http://127.0.0.1:8080", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_other_sites_may_not(sent):
    assert not origin_is_ours(LOCAL, Headers({"host": "127.0.0.1:8080", **sent}))


def test_programs_need_say_nothing_except_where_it_is_needed():
    headers = Headers({"host": "127.0.0.1:8080"})
    assert origin_is_ours(LOCAL, headers)
    assert not origin_is_ours(LOCAL, headers, needed=True)


@pytest.mark.parametrize("path", ["/", "/devices/a?from=1&to=2", "/a%2F%2Fb", "/@x"])
def test_paths_of_this_server(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "devices", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil", "https://evil.example",
     "javascript:alert(1)", "/\tx", "/\n/evil.example", " //evil.example", "http:evil.example", "/ä", "//[bad"],
)  # fmt: skip
def test_paths_that_lead_elsewhere_lead_home(path):
    assert local_path(path) == "/"
