"""Bounds of what requests may hold: nothing reaches the database that it would choke on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue

LARGEST_ID: Final = 2**53 - 1  # exact in every JSON reader
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Ms = Annotated[int, Field(ge=0, le=LARGEST_ID, description="Milliseconds since 1970, UTC.")]
Search = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]  # PostgreSQL takes no NUL in a text
PathName = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\-]*$", examples=["ward-3"])]


class Strict(BaseModel):
    """What a request holds; other names in it are refused, for they are misspelled."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(Strict):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class Span(Strict):
    """From when, and until before when."""

    from_ms: Ms | None = None
    to_ms: Ms | None = None


def one_of(names: Iterable[str], default: str) -> Any:
    """A text field that must be one of `names`, or its default."""
    known = list(dict.fromkeys([default, *names]))
    return Field(default, pattern=f"^({'|'.join(known)})$", json_schema_extra={"enum": list[JsonValue](known)})
