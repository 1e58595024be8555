"""``edgeguard fleet import-wearers FILE``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file; options win over it.")
@click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME.")
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option("--register-devices", is_flag=True, help="Take in devices that are not known yet.")
def command(*, file: Path, config: Path | None, database: str | None, dry_run: bool, register_devices: bool) -> None:
    """Read wearers, their groups and who wears what from FILE, a CSV: all of it or nothing."""
    from edgeguard.csv_text import content_of
    from edgeguard.fleet.actions.wearers import import_wearers
    from edgeguard.fleet.actor import SYSTEM
    from edgeguard.fleet.clock import unix_ms
    from edgeguard.fleet.loading import load_config
    from edgeguard.fleet.store.database import Database
    from edgeguard.fleet.store.schema_version import check

    content = content_of(file)
    opened = Database(load_config(config, {"database": {"url": database}}).database.url)
    try:
        check(opened)
        done = import_wearers(opened, SYSTEM, content, unix_ms(), dry_run=dry_run, register_devices=register_devices)
    finally:
        opened.close()
    click.echo(
        f"{'would change' if dry_run else 'changed'}: {done.wearers} new wearers, {done.attributes} attributes, "
        f"{done.wearings} new wearings, {done.wearings_changed} wearings with another end, {done.devices} new devices"
    )
