"""``edgeguard run``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from edgeguard.device.assembly import Outcome
    from edgeguard.device.config import DeviceConfig


@click.command()
@click.argument("bundle", required=False)
@click.option("--source", "sources", multiple=True, metavar="[NAME=]SPEC", help="Repeatable; see below.")
@click.option("--speed", metavar="TIMES", help="Of recordings: times faster than real time, or max.")
@click.option("--policy", type=click.Choice(["all", "agree"]), help="Run all exits, or stop once they agree.")
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
    sources: tuple[str, ...],
    speed: str | None,
    policy: str | None,
    broker: str | None,
    config: Path | None,
    key: tuple[str, ...],
    log: str | None,
    device: str | None,
    fleet: str | None,
    windows: int | None,
    quiet: bool,
) -> None:
    """Run BUNDLE, a path or a released name, on one or more sources of samples.

    A source is a wearable (serial:PORT, tcp:HOST:PORT, ble:NAME, polar:ADDRESS), a board or stream (brainflow:BOARD,
    lsl:NAME), a recording, synthetic, or text from another program (csv:-, lines:-); docs/sources.md has them all.

    Without a broker reachable it goes on, and keeps its messages on disk. The broker's password comes from the
    config file's broker.password_file or the variable EDGEGUARD_MQTT_PASSWORD. SIGHUP reads the config file again.
    """
    from edgeguard.device.assembly import run_device
    from edgeguard.device.config import load_config

    flags: dict[str, dict[str, Any]] = {
        "device": {"id": device, "fleet": fleet},
        "broker": {"url": broker},
        "bundle": {"path": bundle, "trusted_keys": list(key) or None},
        "engine": {"policy": policy},
        "log": {"file": log},
    }
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)

    def read() -> DeviceConfig:
        return _with_sources(load_config(config, flags), sources, speed)

    outcome = run_device(read(), limit=windows, reread=read if config else None, write=None if quiet else click.echo)
    click.echo(_line(outcome))


def _with_sources(config: DeviceConfig, texts: tuple[str, ...], speed: str | None) -> DeviceConfig:
    """`config` with the command line's sources in place of its own, and the command line's speed."""
    from msgspec.structs import replace

    from edgeguard.device.sources import sources_from, speed_from

    given = sources_from(texts) or config.source
    if speed is not None:
        given = tuple(replace(one, speed=speed_from(speed)) for one in given)
    return replace(config, source=given)


def _line(outcome: Outcome) -> str:
    seen = outcome.seen
    line = (
        f"{seen.windows} windows, {seen.alarms} alarms, {seen.rejected} rejected, {outcome.gaps} gaps, "
        f"{outcome.faults} faults"
    )
    if outcome.unlogged:
        line += f", {outcome.unlogged} not logged"
    if outcome.delivered is not None:
        line += f"; {outcome.delivered} messages delivered, {outcome.waiting} left in the spool"
    return line
