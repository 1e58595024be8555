"""What most routes take: the parts, who asks, and which rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from edgeguard.fleet.actor import Actor
from edgeguard.fleet.api.access import Allowed
from edgeguard.fleet.parts import Parts


def parts_of(request: Request) -> Parts:
    """The server's parts."""
    parts: Parts = request.app.state.parts
    return parts


@dataclass(frozen=True)
class RowsAsked:
    """Which part of a list."""

    limit: Annotated[int, Query(ge=1, le=1000)] = 50
    offset: Annotated[int, Query(ge=0, le=2**53)] = 0


Rows = Annotated[RowsAsked, Depends()]
Served = Annotated[Parts, Depends(parts_of)]
Reader = Annotated[Actor, Depends(Allowed("read"))]
Labeler = Annotated[Actor, Depends(Allowed("label"))]
Admin = Annotated[Actor, Depends(Allowed("manage"))]
Id = Annotated[int, Path(ge=1, le=2**53)]
