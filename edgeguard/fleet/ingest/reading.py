"""What arrives, checked: bytes and topic to a message of a device, or the reason why not. Pure; raises nothing."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from edgeguard.errors import MessageError, one_line
from edgeguard.fleet.ingest.plausible import implausible
from edgeguard.telemetry.messages import MESSAGES, Ack, Alert, State, Summary, decode
from edgeguard.telemetry.subscriber import Delivery
from edgeguard.telemetry.topics import Address, Kind, parse

_REASON: Final = 300
Numbered = Summary | Alert | Ack
FromDevice = Numbered | State


class Why(IntEnum):
    """What kind of refusal: the numbers in `tables.quarantine`."""

    MALFORMED = 0
    TOO_MANY = 1  # from one device
    UNKNOWN = 2  # device


class Reading(NamedTuple):
    """A message of a device, checked."""

    address: Address
    message: FromDevice
    delivery: Delivery


class Refusal(NamedTuple):
    """A message that is not taken in; `address` as far as the topic tells."""

    delivery: Delivery
    why: Why
    reason: str
    address: Address | None


def read(delivery: Delivery) -> Reading | Refusal:
    """The message in `delivery`, or why it is refused."""
    address = None
    try:
        address, kind = _parsed(delivery.topic)
        message = decode(delivery.payload, MESSAGES[kind])
    except MessageError as error:
        return refused(delivery, str(error), address)
    if isinstance(message, FromDevice):
        reason = implausible(message)
        return refused(delivery, reason, address) if reason else Reading(address, message, delivery)
    return refused(delivery, f"{kind!r} is nothing that a device sends", address)


def refused(delivery: Delivery, reason: str, address: Address | None, why: Why = Why.MALFORMED) -> Refusal:
    """That `delivery` is refused, in a line that any column can hold."""
    return Refusal(delivery, why, one_line(reason)[:_REASON], address)


@lru_cache(maxsize=1 << 16)
def _parsed(topic: str) -> tuple[Address, Kind]:
    return parse(topic)
