"""``edgeguard data``: list and fetch data sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgeguard.lab.data.facts import Facts

_data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data folder; else EDGEGUARD_DATA, else ~/.cache/edgeguard/data.",
)


@click.group("data")
def command() -> None:
    """List and fetch data sets."""


@command.command("list")
@_data_dir
def list_datasets(data_dir: Path | None) -> None:
    """Name, state, content and terms of every data set."""
    from edgeguard.lab.data import DATASETS, data_folder
    from edgeguard.lab.data.facts import FACTS

    folder = data_folder(data_dir)
    for name in DATASETS.names():
        facts = FACTS.get(name)
        if facts is None:
            click.echo(f"{name}  [from another package]")
            continue
        click.echo(f"{name}  [{_state(facts, folder)}]\n    {facts.summary}\n    terms: {facts.terms}")
    click.echo(f"data folder: {folder}")


def _state(facts: Facts, folder: Path) -> str:
    if facts.yours:
        return "yours"
    if not facts.files:
        return "made on the fly"
    return "present" if facts.find(folder) else "not fetched" if facts.archive_url else "not there"


@command.command()
@click.argument("description", type=click.Path(path_type=Path, dir_okay=False))
def check(description: Path) -> None:
    """Read the recordings that the TOML file DESCRIPTION describes, and say what windows they give."""
    from edgeguard.lab.data.recordings.load import load
    from edgeguard.lab.data.summary import summary

    for line in summary(load(description.parent, description=str(description))):
        click.echo(line)


@command.command()
@click.argument("name")
@click.option("--url", help="Another address of the same archive.")
@_data_dir
def fetch(name: str, url: str | None, data_dir: Path | None) -> None:
    """Download the data set NAME from its original home, or go on where it broke off."""
    from edgeguard.cli.console import download_progress
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.data import fetch as fetching

    with download_progress(name) as progress:
        done = fetching.fetch(name, data_folder(data_dir), url=url, progress=progress)
    click.echo(done)
