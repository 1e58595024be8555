"""Topics ``edgeguard/v1/<fleet>/<device>/<kind>``, built and parsed here and nowhere else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from edgeguard.errors import ConfigError, MessageError

Kind = Literal["state", "telemetry", "alert", "cmd", "ack"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ROOT: Final = "edgeguard/v1"

# Ids also end up in file names, tables and CSV cells: nothing that MQTT, a shell or a spreadsheet reads as its own.
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)


def checked_id(text: str, what: str) -> str:
    """`text` if it can be a fleet or device id; ConfigError otherwise."""
    if _ID.fullmatch(text):
        return text
    raise ConfigError(
        f"{what} {text[:80]!r} cannot be used in a topic: "
        "take 1 to 64 letters, digits, '.', '_', ':' or '-', the first a letter or digit"
    )


@dataclass(frozen=True)
class Address:
    """Which device of which fleet; ConfigError where an id cannot be part of a topic."""

    fleet: str
    device: str

    def __post_init__(self) -> None:
        checked_id(self.fleet, "fleet id")
        checked_id(self.device, "device id")

    def topic(self, kind: Kind) -> str:
        """The topic of this device's messages of one kind."""
        return f"{ROOT}/{self.fleet}/{self.device}/{kind}"

    @property
    def client_id(self) -> str:
        """The MQTT client id: one per device, so that a broker can bind certificates and rights to it."""
        return f"{self.device}@{self.fleet}"


def parse(topic: str) -> tuple[Address, Kind]:
    """The address and kind in `topic`; MessageError where it is none of ours."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or parts[4] not in KINDS:
        raise MessageError(f"{topic[:200]!r} is no topic of the form {ROOT}/<fleet>/<device>/{{{','.join(KINDS)}}}")
    try:
        return Address(parts[2], parts[3]), parts[4]
    except ConfigError as error:
        raise MessageError(str(error)) from error


def subscription(kind: Kind, fleet: str | None = None) -> str:
    """The topic filter for one kind of message from every device, of one fleet or of all."""
    return f"{ROOT}/{'+' if fleet is None else checked_id(fleet, 'fleet id')}/+/{kind}"
