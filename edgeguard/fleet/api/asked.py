"""What most routes take: the parts, who asks, and which rows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from edgeguard.fleet.actor import Actor
from edgeguard.fleet.api.access import Allowed
from edgeguard.fleet.parts import Parts


def parts_of(request: Request) -> Parts:
    """The server's parts."""
    parts: Parts = request.app.state.parts
    return parts


Served = Annotated[Parts, Depends(parts_of)]
Reader = Annotated[Actor, Depends(Allowed("read"))]
Labeler = Annotated[Actor, Depends(Allowed("label"))]
Admin = Annotated[Actor, Depends(Allowed("manage"))]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=2**53)]
Id = Annotated[int, Path(ge=1, le=2**53)]
