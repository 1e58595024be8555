"""Speed of the fleet's API and pages with 10 000 devices and 10 million summaries.

``python -m benchmarks.fleet_pages``

The database is filled by `benchmarks.fleet.filling`: 30 days of hours and days, of a wearable worn 12 hours a day, and
the summaries of the last 7, one every five minutes; the sums of some devices are checked against the program's own.
Then `edgeguard fleet serve` is asked over HTTP, and its pages are opened in Chromium, on the same machine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import func, select

from benchmarks import RESULTS
from benchmarks.fleet.asking import ask
from benchmarks.fleet.browsing import browse
from benchmarks.fleet.checking import check_sums
from benchmarks.fleet.filling import Filling, Shape
from benchmarks.fleet.server import serving
from edgeguard.errors import EdgeGuardError
from edgeguard.fleet.clock import unix_ms
from edgeguard.fleet.store import schema_version, tables
from edgeguard.fleet.store.database import Database
from edgeguard.record import write_result

AIM: Final = {"api_p95_ms": 100, "page_interactive_ms": 1500}
_FULL: Final = {"devices": 10_000, "turns": 100, "visits": 20}
_COUNTED: Final = ("devices", "summaries", "hours", "class_hours", "days", "alarms", "wearers", "labels")


@click.command()
@click.option("--devices", default=_FULL["devices"], show_default=True)
@click.option("--turns", default=_FULL["turns"], show_default=True, help="Requests of each kind.")
@click.option("--visits", default=_FULL["visits"], show_default=True, help="Of each page.")
@click.option("--database", "url", metavar="URL", help="An empty PostgreSQL database, or one that this has filled.")
@click.option("--sqlite", is_flag=True, help="Measure SQLite in a file of its own.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(url: str | None, sqlite: bool, results: Path, **scale: int) -> None:
    """Measure and write fleet-pages.json; without a URL, on a PostgreSQL of its own."""
    try:
        with _database(url, sqlite) as database:
            figures = measure(database, **scale)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    label = "full" if scale == _FULL else f"reduced: {scale}"
    libraries = ("fastapi", "nicegui", "sqlalchemy", "psycopg", "uvicorn")
    subject = "fleet-pages-sqlite" if sqlite else "fleet-pages"
    path = write_result(subject, figures, libraries=libraries, scale=label, seeds=(0,), folder=results)
    click.echo(f"written to {path}")


def measure(database: Database, *, devices: int, turns: int, visits: int) -> dict[str, Any]:
    """All figures of one database, which is filled if it is empty."""
    figures: dict[str, Any] = {"aim": AIM, "dialect": database.dialect}
    schema_version.migrate(database)
    now_ms = unix_ms()
    if not _rows(database, "devices"):
        figures["filling_s"] = _told(Filling(Shape(devices), now_ms).into(database))
    figures["checked_rows"] = _told(check_sums(database, list(range(1, devices + 1, max(1, devices // 20))), now_ms))
    figures["rows"] = _told({name: _rows(database, name) for name in _COUNTED})
    with serving(database) as server:
        time.sleep(5)  # the first upkeep is over
        figures["api"] = _told(ask(server, devices, turns, now_ms))
        figures["pages"] = _told(browse(server, visits))
    return figures


@contextmanager
def _database(url: str | None, sqlite: bool) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        server = None
        if url is None and not sqlite:
            from tests.postgres import Postgres

            server = Postgres(fsync=True)
            url = server.start().url()
        database = Database(url or f"sqlite:///{folder}/fleet.db")
        try:
            yield database
        finally:
            database.close()
            if server is not None:
                server.remove()


def _rows(database: Database, name: str) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(getattr(tables, name))).scalar_one())


def _told(figures: Any) -> Any:
    click.echo(str(figures))
    return figures


if __name__ == "__main__":
    command()
