"""Wearers and the groups that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgeguard.errors import ConfigError
from edgeguard.registry import near_match

ATTRIBUTES: Final[dict[str, dict[str, float]]] = {  # attribute -> share of wearers with each value
    "sex": {"F": 0.5, "M": 0.5},
    "age_band": {"18-39": 0.25, "40-64": 0.4, "65+": 0.35},
    "skin_tone": {"I-II": 0.4, "III-IV": 0.35, "V-VI": 0.25},
    "site": {"north": 0.6, "south": 0.4},
}


@dataclass(frozen=True)
class Wearer:
    """Who wears one device: a pseudonym and a value of each attribute."""

    pseudonym: str
    groups: Mapping[str, str]


def draw_wearers(count: int, rng: np.random.Generator) -> list[Wearer]:
    """`count` wearers; attributes are independent of one another."""
    columns = {
        name: rng.choice(list(shares), size=count, p=list(shares.values())).tolist()
        for name, shares in ATTRIBUTES.items()
    }
    width = max(4, len(str(count)))
    return [
        Wearer(f"P{number + 1:0{width}d}", {name: values[number] for name, values in columns.items()})
        for number in range(count)
    ]


def group_from(text: str) -> tuple[str, str]:
    """The attribute and value in ``attribute=value``; ConfigError where there is no such group."""
    attribute, _, value = text.partition("=")
    if attribute not in ATTRIBUTES:
        known = ", ".join(ATTRIBUTES)
        raise ConfigError(f"no attribute {attribute!r}{near_match(attribute, ATTRIBUTES)}; there are: {known}")
    if value not in ATTRIBUTES[attribute]:
        raise ConfigError(f"{attribute} has no value {value!r}; there are: {', '.join(ATTRIBUTES[attribute])}")
    return attribute, value
