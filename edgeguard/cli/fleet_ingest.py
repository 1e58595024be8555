"""``edgeguard fleet ingest``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file; options win over it.")
@click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME.")
@click.option("--broker", metavar="URL", help="mqtt://host:port, or mqtts:// for TLS.")
@click.option("--name", help="Of this worker; the broker keeps its messages under it.")
@click.option("--leave", is_flag=True, help="Take what the broker holds for this name, get no more, and end.")
def command(*, config: Path | None, database: str | None, broker: str | None, name: str | None, leave: bool) -> None:
    """Run one more ingest worker, until Ctrl-C or SIGTERM; then it finishes and acknowledges its batch.

    Workers side by side need different names, and each keeps its own: what the broker holds for a name comes to no
    other. To run one worker fewer, stop it and run it once more with --leave. Passwords come from files or variables:
    of the database EDGEGUARD_DATABASE_URL, of the broker broker.password_file or EDGEGUARD_MQTT_PASSWORD.
    """
    import logging
    import signal
    import threading

    from edgeguard.fleet.ingest.service import ingest
    from edgeguard.fleet.loading import load_config

    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    flags = {"database": {"url": database}, "broker": {"url": broker}, "ingest": {"name": name}}
    counts = ingest(load_config(config, flags), stop, click.echo, leave=leave)
    click.echo(f"stopped; {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items())) or 'nothing came'}")
