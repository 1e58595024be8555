from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from edgeguard.config import read_toml, record_from, set_values
from edgeguard.errors import ConfigError


class Net(msgspec.Struct, forbid_unknown_fields=True):
    filters: Annotated[int, msgspec.Meta(gt=0)] = 8
    kernels: tuple[int, ...] = ()


class Recipe(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    net: Net | None = None
    options: dict[str, float] = {}


def test_tables_become_the_record():
    record = record_from({"name": "x", "net": {"kernels": [5, 3]}}, Recipe, "r.toml")
    assert record == Recipe("x", Net(8, (5, 3)))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({}, "r.toml: the table missing required field name"),
        ({"name": 1}, "r.toml: name: expected str, got int"),
        ({"nme": "x"}, "r.toml: unknown key 'nme' (did you mean 'name'?); known here: name, net, options"),
        ({"name": "x", "net": {"filter": 1}}, "r.toml: unknown key 'net.filter' (did you mean 'filters'?)"),
        ({"name": "x", "net": {"filters": 0}}, "r.toml: net.filters: expected int >= 1"),
        ({"name": "x", "net": {"kernels": [5, "3"]}}, "r.toml: net.kernels[1]: expected int, got str"),
        ({"name": "x", "net": 3}, "r.toml: net: expected object | null, got int"),
        ({"name": "x", "options": {"a": "b"}}, "r.toml: options[...]: expected float, got str"),
    ],
)
def test_what_does_not_fit_is_one_line_with_its_place(tables, message):
    with pytest.raises(ConfigError) as refusal:
        record_from(tables, Recipe, "r.toml")
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("net.filters=3", {"name": "x", "net": {"filters": 3}}),
        (" name = y ", {"name": "y"}),
        ("name='a b'", {"name": "a b"}),
        ("options.list=[1, 2]", {"name": "x", "options": {"list": [1, 2]}}),
        ("options.rate=inf", {"name": "x", "options": {"rate": float("inf")}}),
        ("a.b.c=false", {"name": "x", "a": {"b": {"c": False}}}),
        ("name=", {"name": ""}),
    ],
)
def test_assignments_are_toml_and_bare_words_are_strings(assignment, expected):
    tables = {"name": "x"}
    assert set_values(tables, [assignment]) == expected
    assert tables == {"name": "x"}


@pytest.mark.parametrize("assignment", ["", "name", "=3", "name.first=3"])
def test_what_is_no_assignment_is_refused(assignment):
    with pytest.raises(ConfigError):
        set_values({"name": "x"}, [assignment])


def test_values_that_json_cannot_hold_survive(tmp_path):
    (tmp_path / "r.toml").write_text("rate = inf\nday = 2026-01-01\n")
    tables = read_toml(tmp_path / "r.toml")
    assert set_values(tables, []) == tables


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_named(tmp_path, content):
    (tmp_path / "r.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"r\.toml cannot be read as TOML"):
        read_toml(tmp_path / "r.toml")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no file .*r\.toml: check the path"):
        read_toml(tmp_path / "r.toml")
    with pytest.raises(ConfigError, match="cannot be read as TOML"):
        read_toml(tmp_path)
