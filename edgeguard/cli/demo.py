"""``edgeguard demo``: the whole line, unattended."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgeguard.demo.line import Outcome
    from edgeguard.demo.preparation import Prepared


@click.command("demo")
@click.option("--data", type=click.Choice(["synthetic", "ecg5000"]), default="synthetic", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo-run"), show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the broker on 127.0.0.1; a free one unless given.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
def command(data: str, out: Path, port: int | None, data_dir: Path | None) -> None:
    """Train, export and sign a model, run it on a stream that comes under attack, and watch the alarms over MQTT."""
    from edgeguard import files
    from edgeguard.demo.line import run_line
    from edgeguard.demo.local_broker import local_broker
    from edgeguard.demo.preparation import prepare
    from edgeguard.lab.data import data_folder

    began = time.monotonic()
    with files.storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    with local_broker(port) as (name, url):  # first, so that a port in use is known before the training
        prepared = prepare(data, out, data_folder(data_dir), _step, quiet=not sys.stdout.isatty())
        _step(f"run      the bundle on {prepared.windows} windows, the second half attacked; messages through {name}")
        outcome = run_line(prepared, url, out, _message)
    _print_summary(outcome, prepared, time.monotonic() - began)


def _step(text: str) -> None:
    click.secho(text, bold=True)


def _message(text: str, alarm: bool) -> None:
    click.secho(f"  {text}", fg="red" if alarm else None)


def _print_summary(outcome: Outcome, prepared: Prepared, seconds: float) -> None:
    low, high = outcome.false_alarm_interval
    click.secho("\nThe line held: every window and every alarm arrived over MQTT.", bold=True)
    click.echo(
        f"  false alarms     promised at most {outcome.promised_rate:.1%}, seen {outcome.false_alarms} of"
        f" {outcome.clean} clean windows (95 %: {low:.1%} to {high:.1%})\n"
        f"  attacked windows {outcome.alarms} of {outcome.attacked} raised an alarm"
        f" ({outcome.alarms / outcome.attacked:.0%}); an attacker who knows the alarm can raise fewer\n"
        f"  latency          {outcome.latency_ms:.2f} ms on average from a window's last sample to its verdict\n"
        f"  report           {prepared.report}\n"
        f"  bundle           {prepared.bundle} (edgeguard bundle show {prepared.bundle})\n"
        f"  done in {seconds:.0f} s. Research use only: not a medical device."
    )
