"""``edgeguard demo``: the whole line, unattended."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgeguard.demo.line import Outcome
    from edgeguard.demo.preparation import Prepared
    from edgeguard.demo.server import FleetServer
    from edgeguard.fleet.store.alarms import AlarmRow


@click.command("demo")
@click.option("--data", type=click.Choice(["synthetic", "ecg5000"]), default="synthetic", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo-run"), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the broker on 127.0.0.1; a free one unless given.")
@click.option("--keep", is_flag=True, envvar="KEEP", help="Keep the pages up, with a simulated fleet, until Ctrl-C.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
def command(*, data: str, out: Path, port: int | None, keep: bool, data_dir: Path | None) -> None:
    """Train, export and sign a model, run it on a stream that comes under attack, and watch the alarms.

    They arrive over MQTT here and at a fleet server with its pages. KEEP=1 in the environment is --keep.
    """
    from edgeguard import files
    from edgeguard.demo.line import run_line
    from edgeguard.demo.local_broker import local_broker
    from edgeguard.demo.preparation import prepare
    from edgeguard.demo.server import fleet_server
    from edgeguard.lab.data import data_folder

    began = time.monotonic()
    with files.storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    # first, so that a port in use is known before the training
    with local_broker(port) as (name, url), fleet_server(out, url) as server:
        _step(f"serve    the fleet's pages at {server.setup_link} (a link that works once)")
        prepared = prepare(data, out, data_folder(data_dir), _step, quiet=not sys.stdout.isatty())
        _step(f"run      the bundle on {prepared.windows} windows, the second half attacked; messages through {name}")
        outcome = run_line(prepared, url, out, _message)
        queue = server.alarms_of_the_device()
        _print_summary(outcome, prepared, queue, time.monotonic() - began)
        if keep:
            _keep(out, url, server)


def _step(text: str) -> None:
    click.secho(text, bold=True)


def _message(text: str, alarm: bool) -> None:
    click.secho(f"  {text}", fg="red" if alarm else None)


def _keep(folder: Path, broker_url: str, server: FleetServer) -> None:
    from edgeguard.demo.company import DEVICES, simulated_company

    with simulated_company(folder, broker_url, server), suppress(KeyboardInterrupt):
        click.secho(f"\nThe pages are up: {server.setup_link}", bold=True)
        click.echo(
            "  The link works once: choose a name and a password there. Then look for wearable-1 in the alarm queue.\n"
            f"  {DEVICES} simulated devices send beside it. Ctrl-C ends everything."
        )
        while True:
            time.sleep(1)


def _print_summary(outcome: Outcome, prepared: Prepared, queue: list[AlarmRow], seconds: float) -> None:
    low, high = outcome.false_alarm_interval
    newest = queue[0]
    click.secho("\nThe line held: every window and every alarm arrived over MQTT.", bold=True)
    click.echo(
        f"  false alarms     promised at most {outcome.promised_rate:.1%}, seen {outcome.false_alarms} of"
        f" {outcome.clean} clean windows (95 %: {low:.1%} to {high:.1%})\n"
        f"  attacked windows {outcome.alarms} of {outcome.attacked} raised an alarm"
        f" ({outcome.alarms / outcome.attacked:.0%}); an attacker who knows the alarm can raise fewer\n"
        f"  fleet server     {len(queue)} alarms of {newest.device} in its queue, the newest with a score of"
        f" {newest.value:.3f} over {newest.threshold:.3f}\n"
        f"  latency          {outcome.latency_ms:.2f} ms on average from a window's last sample to its verdict\n"
        f"  report           {prepared.report}\n"
        f"  bundle           {prepared.bundle} (edgeguard bundle show {prepared.bundle})\n"
        "  pages            make demo KEEP=1 (or edgeguard demo --keep) leaves them up, with a simulated fleet\n"
        f"  done in {seconds:.0f} s. Research use only: not a medical device."
    )
