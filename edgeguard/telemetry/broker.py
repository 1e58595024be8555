"""Where the broker is and how to be let in: the address, the login, the certificates."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from edgeguard.errors import ConfigError

PASSWORD_VARIABLE: Final = "EDGEGUARD_MQTT_PASSWORD"  # noqa: S105 - the variable's name, not a password

PATHS: Final = ("password_file", "ca_file", "cert_file", "key_file")  # the keys of `BrokerConfig` that name files
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class Broker:
    """An MQTT broker as a device or server sees it; the password never shows in its repr.

    Attributes:
        host: Name or address; over TLS the certificate must bear it.
        port: TCP port.
        tls: What verifies the broker and shows our certificate; None for a plain connection.
        username: Login name, or None for none.
        password: Its password, or None for none.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{'mqtt' if self.tls is None else 'mqtts'}://{self.host}:{self.port}"


class BrokerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where messages go: nowhere without a `url`; see `broker_from`."""

    url: str | None = None
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None


class _ClosedOnFailure(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def broker_from(
    url: str,
    *,
    username: str | None = None,
    password_file: Path | None = None,
    ca_file: Path | None = None,
    cert_file: Path | None = None,
    key_file: Path | None = None,
) -> Broker:
    """The broker at ``mqtt://host:port`` or ``mqtts://host:port`` (TLS).

    The password comes from `password_file`, else from the variable EDGEGUARD_MQTT_PASSWORD. Without `ca_file` the
    system's certificate authorities count. There is no switch that leaves the broker unverified.

    Raises:
        ConfigError: the URL, a file or their combination is wrong.
    """
    parts = _split(url)
    files = {"ca_file": ca_file, "cert_file": cert_file, "key_file": key_file}
    if parts.scheme == "mqtt" and (given := [name for name, path in files.items() if path]):
        raise ConfigError(f"{given[0]} is for TLS, but the broker is {url!r}: write mqtts://")
    password = _password(password_file)
    if password is not None and username is None:
        raise ConfigError("there is a broker password but no username: set broker.username in the config file")
    tls = _tls(ca_file, cert_file, key_file) if parts.scheme == "mqtts" else None
    return Broker(parts.hostname or "", parts.port or _PORTS[parts.scheme], tls, username, password)


def broker_of(config: BrokerConfig) -> Broker:
    """The configured broker; ConfigError where there is none, or its URL or a file is wrong."""
    if config.url is None:
        raise ConfigError("no broker is given: name it with --broker, or as broker.url in the config file")
    files = {name: getattr(config, name) for name in PATHS}
    paths = {name: Path(value) for name, value in files.items() if value is not None}
    return broker_from(config.url, username=config.username, **paths)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        bad = parts.scheme not in _PORTS or not parts.hostname or parts.port == 0
    except ValueError:
        bad, parts = True, urlsplit("")
    if "@" in url:
        raise ConfigError(
            "the broker's URL holds a login: take it out, set broker.username in the config file, and give the "
            f"password by broker.password_file or the variable {PASSWORD_VARIABLE}"
        )
    if bad or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"{url!r} is not the address of a broker: write mqtt://host:port, or mqtts:// for TLS")
    return parts


def _password(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE)
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"broker.password_file {file} cannot be read: {reason}") from error


def _tls(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    if key_file is not None and cert_file is None:
        raise ConfigError("broker.key_file needs broker.cert_file: give the client certificate too")
    for path in (ca_file, cert_file, key_file):
        if path is not None and not path.is_file():
            raise ConfigError(f"there is no file {path}: check the broker's ca_file, cert_file and key_file")
    try:
        context = ssl.create_default_context(cafile=ca_file)
        context.sslsocket_class = _ClosedOnFailure
        if cert_file is not None:
            context.load_cert_chain(cert_file, key_file, password="")  # never ask on the terminal
    except (ssl.SSLError, OSError) as error:
        files = ", ".join(str(path) for path in (ca_file, cert_file, key_file) if path is not None)
        raise ConfigError(f"the certificates {files} cannot be used: {error}") from error
    return context
