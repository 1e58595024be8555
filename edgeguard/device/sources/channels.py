"""Which channels of a source a model takes, and in which unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import SourceError
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.units import conversion


def channel_rows(known: Sequence[str], count: int, signal: SignalSpec, wanted: Sequence[str], origin: str) -> list[int]:
    """Rows of the `count` channels of a source, named `known` if at all, in the order of the model's channels.

    Args:
        known: Names, or empty.
        count: Channels of the source.
        signal: What the model takes.
        wanted: Names or numbers that were asked for; empty to take them by name, or as they are where there are none.
        origin: Of the source, for messages.

    Raises:
        SourceError: a channel is not there, or there are too many or too few.
    """
    if not wanted:
        wanted = signal.channels if known else [str(number) for number in range(count)]
    there = ", ".join(known) or f"{count} without names"
    rows = [known.index(name) if name in known else _number(name, count) for name in wanted]
    if None in rows:
        raise SourceError(
            f"{origin} has no channel {wanted[rows.index(None)]!r} (there are: {there}): "
            "name one for each of the model's with ,channels=A+B"
        )
    if len(rows) != len(signal.channels):
        raise SourceError(
            f"{origin} gives {len(rows)} channels ({there}), but the model takes {len(signal.channels)} "
            f"({', '.join(signal.channels)}): choose with ,channels=A+B"
        )
    return [row for row in rows if row is not None]


def scales(
    units: Sequence[str], rows: Sequence[int], wanted: str, origin: str, names: Sequence[str] = ()
) -> NDArray[np.float32]:
    """What channels `rows`, of these `units`, are multiplied with to be in the unit `wanted`: (rows, 1).

    SourceError where one cannot be converted; it tells the channel's name where there are `names`.
    """
    factors = []
    for row in rows:
        factor = conversion(units[row], wanted)
        if factor is None:
            name = repr(names[row]) if names else row
            raise SourceError(
                f"{origin}: channel {name} is in {units[row]!r}, not in the model's {wanted!r}: convert it"
            )
        factors.append(factor)
    return np.array(factors, dtype=np.float32)[:, None]


def _number(name: str, count: int) -> int | None:
    return int(name) if name.isdecimal() and int(name) < count else None
