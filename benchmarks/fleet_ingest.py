"""Messages a second from the broker to committed rows, beside a bare paho subscriber that only counts.

``python -m benchmarks.fleet_ingest``

One publisher, a process of its own, sends prepared summaries with QoS 1 through Mosquitto as fast as it takes them.
PostgreSQL writes to disk before it answers (fsync on). Everything shares the cores of this machine.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

import click

from benchmarks import RESULTS
from benchmarks.ingest.scene import Scene, bare, unknown, workers
from edgeguard.errors import EdgeGuardError
from edgeguard.record import write_result

AIM: Final = {"of_bare_into_postgresql": 0.6, "two_workers_to_one": 1.6}
_UNKNOWN: Final = 100_000
_FULL: Final = {"devices": 1000, "rounds": 40, "turns": 3}


@click.command()
@click.option("--devices", default=_FULL["devices"], show_default=True, help="That send.")
@click.option("--rounds", default=_FULL["rounds"], show_default=True, help="Summaries of each device.")
@click.option("--turns", default=_FULL["turns"], show_default=True, help="Of every case; the median counts.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(results: Path, **scale: int) -> None:
    """Measure and write fleet-ingest.json."""
    try:
        figures = measure(**scale)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    label = "full" if scale == _FULL else f"reduced: {scale}"
    libraries = ("paho-mqtt", "psycopg", "sqlalchemy", "msgspec")
    click.echo(f"written to {write_result('fleet-ingest', figures, libraries=libraries, scale=label, folder=results)}")


def measure(*, devices: int, rounds: int, turns: int) -> dict[str, Any]:
    """All figures; the cases take turns, so that a slow minute of the machine hits all."""
    cases: dict[str, list[dict[str, float]]] = {}
    for turn in range(turns):
        with tempfile.TemporaryDirectory() as folder, Scene(Path(folder), devices, rounds) as scene:
            _note(cases, "bare", bare(scene))
            for kind in ("postgresql", "sqlite"):
                for count in (1, 2):
                    _note(cases, f"{kind}_{count}", workers(scene, kind, count))
            _note(cases, "unknown_devices", unknown(scene, _UNKNOWN))
        click.echo(f"turn {turn + 1} of {turns}")
    middle = {name: {key: median(run[key] for run in runs) for key in runs[0]} for name, runs in cases.items()}
    rate = {name: figures["messages_per_s"] for name, figures in middle.items()}
    return {
        "aim": AIM,
        "devices": devices,
        "messages": devices * rounds,
        "cases": middle,
        "of_bare_into_postgresql": rate["postgresql_1"] / rate["bare"],
        "two_workers_to_one": rate["postgresql_2"] / rate["postgresql_1"],
        "all_turns": cases,
    }


def _note(cases: dict[str, list[dict[str, float]]], name: str, figures: dict[str, float]) -> None:
    cases.setdefault(name, []).append(figures)
    click.echo(f"{name}: {figures}")


if __name__ == "__main__":
    command()
