"""``edgeguard keygen NAME``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("name")
def command(name: str) -> None:
    """Make an ed25519 key pair: NAME.key to sign bundles with, NAME.pub for the devices."""
    from edgeguard.bundle.signature import make_key_pair

    if not Path(name).name:
        raise click.BadParameter("a key pair needs a name")
    private, public = Path(f"{name}.key"), Path(f"{name}.pub")
    key_id = make_key_pair(private, public)
    click.echo(f"{private}: keep it secret")
    click.echo(f"{public}: give it to the devices; its id is {key_id[:12]}")
