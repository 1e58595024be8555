"""``edgeguard fleet migrate``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="TOML file; options win over it.")
@click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME.")
@click.option("--to", "revision", default="head", metavar="REVISION", help="A version, or base to drop every table.")
def command(*, config: Path | None, database: str | None, revision: str) -> None:
    """Bring the database to this version's schema; on a fresh one, make all tables.

    The database's URL may also come from the variable EDGEGUARD_DATABASE_URL, which keeps a password out of the
    command line.
    """
    from edgeguard.fleet.loading import load_config
    from edgeguard.fleet.store.database import Database
    from edgeguard.fleet.store.schema_version import migrate

    opened = Database(load_config(config, {"database": {"url": database}}).database.url)
    before, after = migrate(opened, revision)
    opened.close()
    if before == after:
        click.echo(f"{opened.shown} is of version {after} already")
    else:
        click.echo(f"{opened.shown}: from {_named(before)} to {_named(after)}")


def _named(version: str | None) -> str:
    return "no tables" if version is None else f"version {version}"
