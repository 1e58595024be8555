from __future__ import annotations

import inspect
import json
from pathlib import Path

import msgspec
import pytest
import yaml

from edgeguard.telemetry.messages import MESSAGES, SIZE_LIMITS
from edgeguard.telemetry.topics import KINDS, Address

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def document():
    return yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())


def test_schemas_are_those_of_the_code(document):
    _, schemas = msgspec.json.schema_components(MESSAGES.values(), ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    assert document["components"]["schemas"] == json.loads(json.dumps(schemas))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_message_has_its_channel_and_its_size(document, kind):
    channel, name = document["channels"][kind], MESSAGES[kind].__name__
    assert channel["address"].format(fleet="f", device="d") == Address("f", "d").topic(kind)
    assert list(channel["messages"]) == [name]
    assert f"{SIZE_LIMITS[MESSAGES[kind]]} bytes" in document["components"]["messages"][name]["description"]


def test_every_reference_leads_somewhere(document):
    def walk(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            value = list(value.values())
        for inner in value if isinstance(value, list) else ():
            yield from walk(inner)

    for reference in walk(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
