"""What admins set without the config file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field

from edgeguard.fleet.actions import settings
from edgeguard.fleet.api.asked import Admin, Reader, Served

router: Final = APIRouter(prefix="/settings", tags=["settings"])
Gap = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]


@dataclass(frozen=True)
class Bands:
    """Figure -> the gap between two groups that is still tolerated."""

    bands: dict[str, Gap]


@router.get("/fairness")
def show_bands(parts: Served, _actor: Reader) -> Bands:
    """The bands as they are now."""
    with parts.database.reading() as connection:
        return Bands(settings.bands(connection, parts.config.fairness))


@router.put("/fairness")
def set_bands(parts: Served, actor: Admin, wanted: Bands) -> Bands:
    """Change the bands of the figures that are named."""
    now = settings.set_bands(parts.database, actor, parts.config.fairness, wanted.bands, parts.now_ms())
    return Bands(now)
