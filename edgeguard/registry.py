"""Things by name, imported when they are asked for."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from typing import Annotated, Any, Generic, TypeVar, cast, get_type_hints

import msgspec

from edgeguard.errors import ConfigError

T = TypeVar("T")

# What a model, class or score may be called: it must fit a message, a table and a terminal line.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+(?![\x00-\x1f\x7f])$")]


def near_match(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest known word, or an empty string."""
    nearest = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""


class Registry(Generic[T]):
    """Maps a plain name to ``module:attribute``; nothing is imported before `load`.

    Other packages add theirs through entry points of the group ``edgeguard.<kind>``; their names cannot hide ours.
    """

    def __init__(self, kind: str, entries: Mapping[str, str]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def names(self) -> list[str]:
        """All names that `load` answers to, in order."""
        return sorted({*self._entries, *(point.name for point in self._points())})

    def load(self, name: str) -> T:
        """The object registered as `name`; ConfigError names the near match where there is none."""
        if name in self._entries:
            module, _, attribute = self._entries[name].partition(":")
            return cast("T", getattr(import_module(module), attribute))
        for point in self._points():
            if point.name == name:
                return cast("T", point.load())
        known = self.names()
        raise ConfigError(f"no {self.kind} is called {name!r}{near_match(name, known)}; there are: {', '.join(known)}")

    def _points(self) -> EntryPoints:
        return entry_points(group=f"edgeguard.{self.kind.replace(' ', '_')}")


def call_with_options(what: str, function: Callable[..., T], options: Mapping[str, Any], *given: Any) -> T:
    """``function(*given, **options)``, with each option checked against the function's own signature.

    Options are the keyword-only parameters. ConfigError names an unknown option with its near match, a missing one,
    and a value that does not fit its annotation.
    """
    parameters = inspect.signature(function).parameters.values()
    known = {p.name: p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
    for name in options:
        if name not in known:
            raise ConfigError(
                f"{what} has no option {name!r}{near_match(name, known)}; there are: {', '.join(known) or 'none'}"
            )
    missing = [name for name, p in known.items() if p.default is p.empty and name not in options]
    if missing:
        raise ConfigError(f"{what} needs the option {missing[0]!r}")
    return function(*given, **{name: _fitting(what, function, name, value) for name, value in options.items()})


def _fitting(what: str, function: Callable[..., Any], name: str, value: Any) -> Any:
    # a dataclass states its options in its fields, another class in __init__
    stated = function if is_dataclass(function) else vars(function).get("__init__", function)
    hints = get_type_hints(stated)
    try:
        return msgspec.convert(value, hints.get(name, Any))
    except msgspec.ValidationError as error:
        raise ConfigError(f"{what}, option {name!r}: {str(error).replace('`', '')}") from error
