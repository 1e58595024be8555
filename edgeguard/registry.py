"""Things by name, imported when they are asked for."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from typing import Generic, TypeVar, cast

from edgeguard.errors import ConfigError

T = TypeVar("T")


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
