"""What the server does by itself, over and over: sums, figures of the fleet page, alerts, partitions, retention."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from edgeguard.errors import EdgeGuardError
from edgeguard.fleet import fairness_alerts
from edgeguard.fleet.clock import Now, unix_ms
from edgeguard.fleet.config import FleetConfig
from edgeguard.fleet.store import last_day, partitions, retention, rollups
from edgeguard.fleet.store.database import Database

_LOG: Final = logging.getLogger(__name__)
_PAUSE_S: Final = 5.0
_SHARE: Final = 0.2  # of the time that upkeep may take: a backlog is summed in fewer, larger turns


def run_once(
    database: Database, config: FleetConfig, now_ms: int, enough: Callable[[], bool] = lambda: False
) -> list[str]:
    """Every step once: the names of those that failed, which are logged and do not keep the others from their turn.

    Any number of servers may do this at once. `enough`, once true, ends it early.
    """
    steps: dict[str, Callable[[], object]] = {
        "roll-ups": lambda: rollups.roll_up(database, enough),
        "the last day": lambda: _refresh(database, now_ms),
        "partitions": lambda: _prepare(database, now_ms),
        "retention": lambda: _drop(database, config, now_ms),
        "fairness alerts": lambda: fairness_alerts.watch(database, config.fairness, now_ms),
    }
    return [name for name, step in steps.items() if not enough() and not _done(name, step)]


class Upkeep:
    """Runs `run_once` in a thread of its own, from `start` to `stop`, through every failure of the database."""

    def __init__(
        self, database: Database, config: FleetConfig, now_ms: Now = unix_ms, pause_s: float = _PAUSE_S
    ) -> None:
        self._database, self._config, self._now_ms, self._pause_s = database, config, now_ms, pause_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the transaction that is going on."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            run_once(self._database, self._config, self._now_ms(), self._stopping.is_set)
            took = time.monotonic() - began
            self._stopping.wait(max(self._pause_s, took * (1 / _SHARE - 1)))


def _done(name: str, step: Callable[[], object]) -> bool:
    try:
        step()
    except EdgeGuardError as error:
        _LOG.warning("upkeep, %s: %s; it is tried again", name, error)
    except Exception:  # noqa: BLE001 - the thread goes on, and the log says where it was
        _LOG.exception("upkeep, %s: a mistake of the program; it is tried again", name)
    else:
        return True
    return False


def _refresh(database: Database, now_ms: int) -> None:
    with database.writing() as connection:
        last_day.refresh(connection, now_ms)


def _prepare(database: Database, now_ms: int) -> None:
    with database.writing() as connection:
        partitions.prepare(connection, now_ms)


def _drop(database: Database, config: FleetConfig, now_ms: int) -> None:
    keep = config.database
    retention.drop_summaries(database, keep.summaries_days, now_ms)
    retention.drop_hours(database, keep.hours_days, now_ms)
    retention.drop_quarantine(database, keep.quarantine_days, now_ms)
    retention.drop_audit(database, keep.audit_days, now_ms)
