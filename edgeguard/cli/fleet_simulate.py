"""``edgeguard fleet simulate``."""

from __future__ import annotations

import re
from pathlib import Path

import click

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}


def _span_ms(_context: click.Context, _option: click.Parameter, text: str) -> int:
    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)([mhd])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no length of time: write 7d, 12h or 30m")
    return int(float(found[1]) * _UNITS_MS[found[2]])


@click.command("simulate")
@click.option("--devices", type=click.IntRange(1, 1_000_000), required=True, help="How many.")
@click.option("--broker", metavar="URL", help="mqtt://host:port, or mqtts:// for TLS.")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file whose [broker] counts.")
@click.option("--fleet", metavar="ID", default="simulated", show_default=True, help="Fleet id in topics.")
@click.option("--interval-s", type=click.FloatRange(min=1), default=60.0, show_default=True, help="Between summaries.")
@click.option(
    "--history", callback=_span_ms, default="0m", metavar="7d|12h", help="First send what so long left in the spools."
)
@click.option(
    "--hours", type=click.FloatRange(min=0, min_open=True), help="Of live messages; until Ctrl-C unless given."
)
@click.option("--speed", type=click.FloatRange(min=1), default=1.0, show_default=True, help="Of live, with --hours.")
@click.option(
    "--attack", type=click.FloatRange(0, 1), default=0.0, metavar="SHARE", help="Of devices, attacked at last."
)
@click.option("--unfair", metavar="ATTRIBUTE=VALUE", help="Group that the model is unfair to.")
@click.option("--wearers", type=click.Path(path_type=Path, dir_okay=False), help="Write who wears what, as CSV.")
@click.option("--labels", type=click.Path(path_type=Path, dir_okay=False), help="Write a clinician's labels, as CSV.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed, the same fleet.")
def command(
    *,
    devices: int,
    broker: str | None,
    config: Path | None,
    fleet: str,
    interval_s: float,
    history: int,
    hours: float | None,
    speed: float,
    attack: float,
    unfair: str | None,
    wearers: Path | None,
    labels: Path | None,
    seed: int,
) -> None:
    """Publish as a fleet of virtual devices would, for a few looks at the pages or for a load test.

    Days go by with fewer windows at night and more motion in the afternoon; batteries, drifting electrodes, restarts,
    lost links and a rollout of a second model come with them. Groups stand in --wearers alone, never in a message.
    """
    from edgeguard.errors import ConfigError
    from edgeguard.fleet.loading import load_config
    from edgeguard.fleet.simulation.population import group_from
    from edgeguard.fleet.simulation.run import Scenario, Simulation
    from edgeguard.telemetry.broker import broker_of

    if speed != 1 and hours is None:
        raise ConfigError("--speed needs --hours: what runs faster than real time must end")
    scenario = Scenario(
        devices=devices,
        fleet=fleet,
        interval_s=interval_s,
        speed=speed,
        hours=hours,
        history_ms=history,
        attacked=attack,
        unfair=None if unfair is None else group_from(unfair),
        seed=seed,
        wearers=wearers,
        labels=labels,
    )
    at = broker_of(load_config(config, {"broker": {"url": broker}}).broker)
    Simulation(scenario, at, lambda phase, text: click.echo(f"{phase:<10} {text}")).run()
