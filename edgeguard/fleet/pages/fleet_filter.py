"""Which devices the fleet page shows, in which order: as it stands in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final
from urllib.parse import urlencode

from edgeguard.fleet.store import devices
from edgeguard.fleet.store.listing import Listing

PART: Final = 50


@dataclass(frozen=True)
class FleetFilter:
    """The arguments of `store.devices.devices`."""

    search: str = ""
    status: str = ""
    attention: bool = False
    bundle: int = 0
    sort: str = "attention"
    descending: bool = False
    offset: int = 0

    @classmethod
    def of(cls, query: Mapping[str, str]) -> FleetFilter:
        """Read from an address; what makes no sense there counts as not said."""
        found: dict[str, Any] = {"search": query.get("search", "")[:128]}
        found["status"] = status if (status := query.get("status", "")) in devices.STATUSES else ""
        found["sort"] = sort if (sort := query.get("sort", "")) in devices.SORTS else "attention"
        found |= {name: query.get(name) == "1" for name in ("attention", "descending")}
        found |= {name: _number(query.get(name, "")) for name in ("bundle", "offset")}
        return cls(**found)

    @property
    def address(self) -> str:
        """The page's, without what is as it always is."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        differs = {name: value for name, value in said.items() if value != getattr(_PLAIN, name)}
        return "/" + (f"?{urlencode({name: _text(value) for name, value in differs.items()})}" if differs else "")

    @property
    def narrows(self) -> bool:
        """Whether it leaves devices out."""
        return replace(self, sort="attention", descending=False, offset=0) != _PLAIN

    def but(self, **changes: Any) -> FleetFilter:
        """With `changes`, from the first part on."""
        return replace(self, **{"offset": 0, **changes})

    def rows(self, connection: Any) -> Listing[devices.DeviceRow]:
        """The devices."""
        return devices.devices(
            connection,
            search=self.search,
            status=self.status,
            attention=self.attention,
            bundle_id=self.bundle or None,
            sort=self.sort,
            descending=self.descending,
            limit=PART,
            offset=self.offset,
        )


_PLAIN: Final = FleetFilter()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
