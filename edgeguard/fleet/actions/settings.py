"""What admins can change without the config file: the bands of fairness alerts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from edgeguard.errors import ConfigError
from edgeguard.fleet.actor import Actor
from edgeguard.fleet.config import Fairness
from edgeguard.fleet.store import audit, settings
from edgeguard.fleet.store.database import Connection, Database

BANDS: Final = "fairness.bands"


def bands(connection: Connection, config: Fairness) -> dict[str, float]:
    """Figure -> tolerated gap: the config file's, or what an admin has set since."""
    return {**config.bands, **settings.get(connection, BANDS, {})}


def set_bands(
    database: Database, actor: Actor, config: Fairness, changed: Mapping[str, float], now_ms: int
) -> dict[str, float]:
    """Change the tolerated gaps of some figures, each in (0, 1]; all of them as they are now."""
    actor.must("manage")
    for figure, gap in changed.items():
        if figure not in config.bands:
            raise ConfigError(f"no alert watches {figure[:80]!r}: there are {', '.join(config.bands)}")
        if not (math.isfinite(gap) and 0 < gap <= 1):
            raise ConfigError(f"a gap of {gap} cannot be tolerated: give a number over 0 and up to 1")
    with database.writing() as connection:
        now = {**bands(connection, config), **changed}
        settings.put(connection, BANDS, now)
        audit.record(connection, actor, "settings.bands", BANDS, dict(changed), now_ms)
    return now
