"""TOML into checked records: a wrong key or type is one clear line with the near match."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from edgeguard.errors import ConfigError
from edgeguard.registry import near_match

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

S = TypeVar("S", bound=msgspec.Struct)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ConfigError where it is missing or malformed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no file {path}: check the path") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from error


def record_from(tables: dict[str, Any], kind: type[S], origin: str) -> S:
    """`tables` as a record of `kind`; ConfigError names `origin`, the key, what was expected and the near match."""
    _refuse_unknown(tables, kind, origin, "")
    try:
        return msgspec.convert(tables, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin}: {_readable(str(error))}") from error


def set_values(tables: dict[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """A copy of `tables` with each ``table.key=value`` of `assignments` set; values are TOML, bare words strings."""
    result = copy.deepcopy(tables)
    for assignment in assignments:
        dotted, separator, text = assignment.partition("=")
        if not separator or not dotted.strip():
            raise ConfigError(f"{assignment!r} is not an assignment: write table.key=value")
        *parents, key = dotted.strip().split(".")
        table: Any = result
        for parent in parents:
            table = table.setdefault(parent, {})
            if not isinstance(table, dict):
                raise ConfigError(f"{dotted!r}: {parent!r} is a value, not a table")
        table[key] = _toml_value(text.strip())
    return result


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _refuse_unknown(tables: dict[str, Any], kind: type[msgspec.Struct], origin: str, where: str) -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key, value in tables.items():
        if key not in fields:
            raise ConfigError(
                f"{origin}: unknown key {where + key!r}{near_match(key, fields)}; known here: {', '.join(fields)}"
            )
        inner = _struct_in(fields[key].type)
        if inner is not None:
            for table in value if isinstance(value, list) else [value]:
                if isinstance(table, dict):
                    _refuse_unknown(table, inner, origin, f"{where}{key}.")


def _struct_in(annotation: Any) -> type[msgspec.Struct] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, msgspec.Struct):
            return candidate
    return None


def _readable(message: str) -> str:
    """``Expected `int`, got `str` - at `$.training.epochs``` as ``training.epochs: expected int, got str``."""
    found = re.fullmatch(r"(?P<what>.*) - at `\$\.?(?P<where>.*)`", message)
    what, where = (found["what"], found["where"]) if found else (message, "")
    what = what.replace("`", "").replace("Object", "the table")
    return f"{where}: {what[0].lower()}{what[1:]}" if where else what
