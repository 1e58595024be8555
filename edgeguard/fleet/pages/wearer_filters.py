"""What the registry of wearers shows, as it stands in the page's URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

ROWS: Final = 50
_MOST_LETTERS: Final = 130


@dataclass(frozen=True)
class WearerFilters:
    """One view: part of the pseudonym, a group as ``attribute=value``, a device that they have worn."""

    search: str = ""
    group: str = ""
    device: str = ""
    descending: bool = False
    offset: int = 0

    def question(self) -> dict[str, Any]:
        """The arguments of `store.wearers.wearers`."""
        attribute, _, value = self.group.partition("=")
        return {
            "search": self.search,
            "attribute": attribute,
            "value": value,
            "device": self.device,
            "descending": self.descending,
            "limit": ROWS,
            "offset": self.offset,
        }

    @property
    def narrowed(self) -> bool:
        """Whether it leaves anybody out."""
        return bool(self.search or self.group or self.device or self.offset)

    def url(self) -> str:
        """The page's address that shows this view."""
        query = urlencode({name: value for name, value in vars(self).items() if value})
        return "/wearers" + (f"?{query}" if query else "")


def filters_from(query: Mapping[str, str]) -> WearerFilters:
    """The view that a URL's query asks for; what it asks for in vain is left out."""
    texts = {name: query.get(name, "")[:_MOST_LETTERS] for name in ("search", "group", "device")}
    offset = query.get("offset", "")
    started = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 10 else 0
    return WearerFilters(**texts, descending=query.get("descending") == "True", offset=started)
