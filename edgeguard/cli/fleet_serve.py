"""``edgeguard fleet serve``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file; options win over it.")
@click.option("--database", metavar="URL", help="sqlite:///path or postgresql://host/name.")
@click.option("--broker", metavar="URL", help="mqtt://host:port, or mqtts:// for TLS.")
@click.option("--host", help="Address to listen on; anything but this machine needs web.public_url.")
@click.option("--port", type=click.IntRange(0, 65535), help="TCP port; 0 for a free one.")
@click.option("--no-ingest", is_flag=True, help="Leave what devices send to edgeguard fleet ingest.")
def command(
    *,
    config: Path | None,
    database: str | None,
    broker: str | None,
    host: str | None,
    port: int | None,
    no_ingest: bool,
) -> None:
    """Serve the pages and the API, and take in what devices send.

    The first start prints a link under which the first admin is made. A new SQLite database gets its tables at once;
    for PostgreSQL run edgeguard fleet migrate first. Passwords come from files or variables: of the database
    EDGEGUARD_DATABASE_URL, of the broker broker.password_file or EDGEGUARD_MQTT_PASSWORD.
    """
    from edgeguard.fleet.loading import load_config
    from edgeguard.fleet.serving import serve

    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    flags: dict[str, dict[str, Any]] = {
        "database": {"url": database},
        "broker": {"url": broker},
        "web": {"host": host, "port": port},
    }
    serve(load_config(config, flags), click.echo, ingest=not no_ingest)
