"""``edgeguard run``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edgeguard.device.assembly import Outcome


@click.command()
@click.argument("bundle", required=False)
@click.option("--source", default="synthetic", show_default=True, help="synthetic, a recording, or replay:RECORDING.")
@click.option("--speed", default="1", show_default=True, help="Times faster than real time, or max.")
@click.option("--broker", metavar="URL", help="mqtt://host:port, or mqtts:// for TLS.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file; options win over it.")
@click.option("--key", multiple=True, metavar="PUB", help="Public key that the bundle must be signed by; repeatable.")
@click.option("--log", metavar="FILE", help="Append every verdict to this file as JSON lines.")
@click.option("--device", metavar="ID", help="Device id in topics; the host's name unless told.")
@click.option("--fleet", metavar="ID", help="Fleet id in topics.")
@click.option("--windows", type=click.IntRange(min=1), metavar="N", help="Stop after N windows.")
@click.option("--quiet", is_flag=True, help="No line per verdict.")
def command(
    *,
    bundle: str | None,
    source: str,
    speed: str,
    broker: str | None,
    config: Path | None,
    key: tuple[str, ...],
    log: str | None,
    device: str | None,
    fleet: str | None,
    windows: int | None,
    quiet: bool,
) -> None:
    """Run BUNDLE, a path or a released name, on a source of samples.

    Without a broker reachable it goes on, and keeps its messages on disk. The broker's password comes from the
    config file's broker.password_file or the variable EDGEGUARD_MQTT_PASSWORD.
    """
    from edgeguard.device.assembly import run_device
    from edgeguard.device.config import load_config
    from edgeguard.device.daemon import Stop
    from edgeguard.device.sources import open_source, speed_from

    flags: dict[str, dict[str, Any]] = {
        "device": {"id": device, "fleet": fleet},
        "broker": {"url": broker},
        "bundle": {"path": bundle, "trusted_keys": list(key) or None},
        "log": {"file": log},
    }
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)
    settings = load_config(config, flags)
    with (stop := Stop()).listening():
        samples = open_source(source, speed=speed_from(speed))
        outcome = run_device(settings, samples, limit=windows, stop=stop, write=None if quiet else click.echo)
    click.echo(_line(outcome))


def _line(outcome: Outcome) -> str:
    seen = outcome.seen
    line = f"{seen.windows} windows, {seen.alarms} alarms, {seen.rejected} rejected, {outcome.gaps} gaps"
    if outcome.unlogged:
        line += f", {outcome.unlogged} not logged"
    if outcome.delivered is not None:
        line += f"; {outcome.delivered} messages delivered, {outcome.waiting} left in the spool"
    return line
