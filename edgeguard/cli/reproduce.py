"""``edgeguard reproduce``: a paper's tables and figures, ours beside the paper's."""

from __future__ import annotations

from pathlib import Path

import click

from edgeguard.errors import ConfigError


@click.command("reproduce")
@click.argument("paper")
@click.option("--table", help="One of the paper's tables; everything where neither table nor figure is given.")
@click.option("--figure", help="One of the paper's figures.")
@click.option("--scale", help="full or reduced; full on cuda and reduced elsewhere unless given.")
@click.option("--seeds", help="One net of each row for each, as 0,1,2; the paper's own number unless given.")
@click.option("--rows", default="", metavar="ROW,…", help="Some of the tables' rows; all unless given.")
@click.option("--recipe", help="Your own network and data set: a released name or a .toml file.")
@click.option("--set", "assignments", multiple=True, metavar="TABLE.KEY=VALUE", help="Change the recipe.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True)
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps or auto.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where data sets lie; else EDGEGUARD_DATA.")
@click.option("--quiet", is_flag=True, help="No progress and no tables.")
def command(
    paper: str,
    table: str | None,
    figure: str | None,
    scale: str | None,
    seeds: str | None,
    rows: str,
    recipe: str | None,
    assignments: tuple[str, ...],
    runs: Path,
    results: Path,
    device: str,
    data_dir: Path | None,
    quiet: bool,
) -> None:
    """Measure the tables and figures of PAPER and show them beside the paper's figures.

    Nets are trained where they are missing in the folder of runs; an interrupted reproduction goes on where it stopped
    when the same command is given again.
    """
    numbers = () if seeds is None else _seeds(seeds)
    from edgeguard.cli.console import plain_table, reproduction_progress
    from edgeguard.lab.data import data_folder
    from edgeguard.lab.papers.reproduction import PAPERS, Order

    order = Order(
        runs=runs,
        results=results,
        data=data_folder(data_dir),
        table=table,
        figure=figure,
        scale=scale,
        seeds=numbers,
        rows=tuple(word.strip() for word in rows.split(",") if word.strip()),
        recipe=recipe,
        assignments=assignments,
        device=device,
    )
    with reproduction_progress(quiet=quiet) as tell:
        done = PAPERS.load(paper)(order, tell)
    if not quiet:
        for shown in done.tables:
            plain_table(shown)
    click.echo("\n".join(map(str, done.files)))


def _seeds(text: str) -> tuple[int, ...]:
    """The seeds in `text`, each once; ConfigError where it is no list of whole numbers."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise ConfigError(f"--seeds {text!r} is no list of whole numbers: write 0,1,2")
    return tuple(dict.fromkeys(int(word) for word in words))
