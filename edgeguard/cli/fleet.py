"""``edgeguard fleet``: one file per subcommand."""

from __future__ import annotations

from typing import Final

import click

from edgeguard.cli.lazy_group import LazyGroup

_COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "serve": ("edgeguard.cli.fleet_serve", "Serve the pages and the API, and take in what devices send."),
    "ingest": ("edgeguard.cli.fleet_ingest", "Run one more ingest worker."),
    "migrate": ("edgeguard.cli.fleet_migrate", "Bring the database to this version's schema."),
    "import-wearers": ("edgeguard.cli.fleet_import_wearers", "Read wearers, groups and who wears what from a CSV."),
    "simulate": ("edgeguard.cli.fleet_simulate", "Publish as a fleet of virtual devices would."),
}


@click.group(cls=LazyGroup, modules=_COMMANDS, no_args_is_help=True)
def command() -> None:
    """Watch every wearable, every alarm, and whether the model is fair in the field."""
