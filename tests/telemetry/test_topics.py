from __future__ import annotations

import pytest

from edgeguard.errors import ConfigError, MessageError
from edgeguard.telemetry.topics import KINDS, Address, parse, subscription


@pytest.mark.parametrize("kind", KINDS)
def test_a_topic_is_read_as_it_was_written(kind):
    address = Address("ward-3", "AA:BB:01")
    assert address.topic(kind) == f"edgeguard/v1/ward-3/AA:BB:01/{kind}"
    assert parse(address.topic(kind)) == (address, kind)


@pytest.mark.parametrize("bad", ["", "a/b", "+", "a#", "a\0", "a b", "-a", "=1+1", "ä", "a\n", "$SYS", "x" * 65])
def test_id_that_cannot_be_part_of_a_topic_is_refused(bad):
    with pytest.raises(ConfigError, match=r"device id .* cannot be used in a topic"):
        Address("fleet", bad)
    with pytest.raises(ConfigError, match="fleet id"):
        subscription("alert", bad)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "edgeguard/v1/f/d",
        "edgeguard/v2/f/d/state",
        "edgeguard/v1/f/d/stat",
        "edgeguard/v1/f/d/state/x",
        "edgeguard/v1//d/state",
        "edgeguard/v1/f/+/state",
        "x" * 70_000,
    ],
)
def test_foreign_topic_is_refused(topic):
    with pytest.raises(MessageError) as error:
        parse(topic)
    assert len(str(error.value)) < 400


def test_subscriptions():
    assert subscription("alert") == "edgeguard/v1/+/+/alert"
    assert subscription("telemetry", "ward-3") == "edgeguard/v1/ward-3/+/telemetry"
