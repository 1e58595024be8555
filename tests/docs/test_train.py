from __future__ import annotations

import re
from pathlib import Path

import msgspec
import tomli_w

from edgeguard.lab.data import DATASETS
from edgeguard.lab.defenses import DEFENSES
from edgeguard.lab.nets import BACKBONES, NETWORKS
from edgeguard.lab.recipe import Recipe

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "train.md").read_text()


def keys_of(table, before=""):
    """Every key of a recipe with its default as TOML, or ``required``, or ``none``."""
    for field in msgspec.structs.fields(table):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from keys_of(field.type, f"{field.name}.")
        elif field.required or field.default is None:
            yield before + field.name, "required" if field.required else "none"
        else:
            default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
            value = list(default) if isinstance(default, tuple) else default
            toml = re.sub(r"\s+", " ", tomli_w.dumps({"v": value}).partition("=")[2].strip()) if value != {} else "{}"
            yield before + field.name, f"`{toml.replace('[ ', '[').replace(', ]', ']')}`"


def test_every_key_of_a_recipe_is_on_the_page_with_its_default():
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.+?) \| .+ \|$", PAGE, flags=re.MULTILINE))
    assert rows == dict(keys_of(Recipe))


def test_the_groups_of_entry_points_are_those_of_the_registries():
    groups = set(re.findall(r'entry-points\."(.+?)"', PAGE))
    registries = (NETWORKS, BACKBONES, DATASETS, DEFENSES)
    assert groups == {f"edgeguard.{known.kind.replace(' ', '_')}" for known in registries}
