"""Kills ingest workers, broker and database while a fleet sends, and accounts for every message.

``python -m benchmarks.fleet_faults``

Two workers share a subscription; Mosquitto and PostgreSQL are real, and write to disk. The broker is stopped so that it
writes what it holds, workers are killed, PostgreSQL crashes. A second run kills the broker too: Mosquitto acknowledges
before it writes, so that messages may be lost, and each must then be a gap in the ledger. The exit code is 1 where a
message was lost unsaid, or became two rows.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from benchmarks import RESULTS
from benchmarks.faults.broker import EVERY_CHANGE, ON_EXIT
from benchmarks.fleet_loss.chaos import BROKER_KILLED, BROKER_STOPPED, DATABASE_CRASHED, WORKER_KILLED, draw
from benchmarks.fleet_loss.site import Site
from benchmarks.fleet_loss.traffic import Traffic, traffic
from benchmarks.fleet_loss.trial import Outcome, run
from edgeguard.record import write_result

_MESSAGES: Final = 100_000
_FAULTS: Final = 30
_LIBRARIES: Final = ("paho-mqtt", "psycopg", "sqlalchemy")


@click.command()
@click.option(
    "--messages",
    default=_MESSAGES,
    show_default=True,
    help="Summaries and alerts, of the first run; a fifth of the second.",
)
@click.option("--devices", default=200, show_default=True, help="That they are of.")
@click.option("--faults", default=_FAULTS, show_default=True, help="Of the first run; a third of it of the second.")
@click.option(
    "--rate",
    default=800.0,
    show_default=True,
    help="Messages a second that leave the devices; a fifth of it in the second.",
)
@click.option("--seed", default=0, show_default=True, help="Of messages and faults.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(messages: int, devices: int, faults: int, rate: float, seed: int, results: Path) -> None:
    """Run both, and write fleet-faults.json."""
    chance = random.Random(seed)
    kinds = [WORKER_KILLED, BROKER_STOPPED, DATABASE_CRASHED]

    def trial(sent: Traffic, count: int, chosen: list[str], autosave: str, rate_hz: float) -> Outcome:
        with tempfile.TemporaryDirectory() as folder, Site(Path(folder), autosave) as site:
            return run(site, sent, draw(count, chosen, chance), chance, rate_hz, click.echo)

    lasting = trial(traffic(messages, devices, seed), faults, kinds, ON_EXIT, rate)
    # a broker that writes everything after every change is slow
    fewer = traffic(messages // 5, devices, seed)
    killed = trial(fewer, -(-faults // 3), [BROKER_KILLED], EVERY_CHANGE, rate / 5)
    figures: dict[str, Any] = {
        "workers": 2,
        "devices": devices,
        "broker_stopped": {"rate_hz": rate, **lasting.figures()},
        "broker_killed": {"rate_hz": rate / 5, **killed.figures()},
    }
    full = (messages, faults) == (_MESSAGES, _FAULTS)
    scale = "full" if full else f"reduced: {messages} messages, {faults} faults"
    written = write_result("fleet-faults", figures, libraries=_LIBRARIES, scale=scale, seeds=[seed], folder=results)
    click.echo(f"written to {written}")
    complaints = [*lasting.complaints(), *killed.complaints(may_lose=True)]
    for complaint in complaints:
        click.echo(complaint, err=True)
    raise SystemExit(bool(complaints))


if __name__ == "__main__":
    command()
