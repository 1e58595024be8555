"""What may be listened on."""

import pytest

from edgeguard.errors import ConfigError
from edgeguard.fleet import web_server
from edgeguard.fleet.config import Web


@pytest.mark.parametrize(
    "web",
    [
        Web(),
        Web(host="localhost"),
        Web(host="::1"),
        Web(host="127.8.8.8"),
        Web(host="0.0.0.0", public_url="https://fleet.example"),
        Web(public_url="https://fleet.example:8443/", trusted_proxy="127.0.0.1"),
    ],
)
def test_what_is_safe(web):
    web_server.check(web)


@pytest.mark.parametrize(
    ("web", "names"),
    [
        (Web(host="0.0.0.0"), "web.public_url"),
        (Web(host="::"), "web.public_url"),
        (Web(host="fleet.example"), "web.public_url"),
        (Web(public_url="fleet.example"), "web.public_url"),
        (Web(public_url="ftp://fleet.example"), "web.public_url"),
        (Web(public_url="https://fleet.example/under"), "web.public_url"),
        (Web(trusted_proxy="proxy.example"), "web.trusted_proxy"),
        (Web(trusted_proxy="*"), "web.trusted_proxy"),
    ],
)
def test_what_is_not(web, names):
    with pytest.raises(ConfigError, match=names):
        web_server.check(web)


def test_a_port_in_use_is_named():
    with web_server.listen(Web(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"cannot listen on 127.0.0.1 port {port}: .*in use"):
            web_server.listen(Web(port=port))
