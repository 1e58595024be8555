"""``edgeguard fleet import-wearers FILE``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--config", "config_file", type=click.Path(path_type=Path, dir_okay=False), help="The fleet's TOML file.")
@click.option("--database", "url", help="Its database; wins over the config file.")
@click.option("--dry-run", is_flag=True, help="Tell what would change, and change nothing.")
@click.option("--register-devices", is_flag=True, help="Take in devices that are not known yet.")
def command(file: Path, config_file: Path | None, url: str | None, dry_run: bool, register_devices: bool) -> None:
    """Read wearers, their groups and who wears what from FILE, a CSV: all of it or nothing."""
