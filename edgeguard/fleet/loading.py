"""The fleet's config file, the variable for the database, and the command line's options, in one record."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from edgeguard.config import read_toml, record_from
from edgeguard.fleet.config import FleetConfig
from edgeguard.telemetry.broker import PATHS

DATABASE_VARIABLE: Final = "EDGEGUARD_DATABASE_URL"
_PATHS: Final = {"broker": PATHS, "oidc": ("client_secret_file",)}
_SQLITE: Final = "sqlite:///"


def load_config(file: Path | None, flags: Mapping[str, Mapping[str, Any]]) -> FleetConfig:
    """The config in `file`, if any, with every value of `flags` that is not None in place of the file's.

    For ``database.url`` the variable EDGEGUARD_DATABASE_URL stands between the two. Relative paths in the file count
    from its folder, that of a SQLite database too. ConfigError where a key or a value is wrong.
    """
    tables = {} if file is None else _anchored(read_toml(file), file.parent)
    variable = {"database": {"url": os.environ.get(DATABASE_VARIABLE) or None}}
    for given in (variable, flags):
        tables = _with(tables, given)
    return record_from(tables, FleetConfig, "the options" if file is None else str(file))


def _with(tables: dict[str, Any], given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    for name, values in given.items():
        stated = {key: value for key, value in values.items() if value is not None}
        if stated and isinstance(table := tables.get(name, {}), dict):  # what is no table is left for the check
            tables = {**tables, name: {**table, **stated}}
    return tables


def _anchored(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    anchored = {name: dict(table) if isinstance(table, dict) else table for name, table in tables.items()}
    for name, keys in _PATHS.items():
        if isinstance(table := anchored.get(name), dict):
            table.update({key: str(folder / table[key]) for key in keys if isinstance(table.get(key), str)})
    if isinstance(database := anchored.get("database"), dict) and isinstance(url := database.get("url"), str):
        database["url"] = _url_under(folder, url)
    return anchored


def _url_under(folder: Path, url: str) -> str:
    path = url.removeprefix(_SQLITE)
    return url if path == url or path.startswith(":memory:") or not path else f"{_SQLITE}{folder / path}"
