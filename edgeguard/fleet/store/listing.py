"""Part of a longer list, as every table view gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Listing(Generic[R]):
    """Rows `offset` and following of `total`."""

    rows: list[R]
    total: int
    offset: int = 0
