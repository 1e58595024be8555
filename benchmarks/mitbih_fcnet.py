"""MIT-BIH with AAMI classes: one recipe, tested on other people (DS1, DS2) and on other beats of the same people.

``python -m benchmarks.mitbih_fcnet --data-dir DATA``

What is trained and evaluated already in ``--runs`` is not done again, so an interrupted benchmark goes on where it
stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from benchmarks import RESULTS
from edgeguard.cli.console import training_progress
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.record import write_result

RECIPE: Final = "mitbih-fcnet"
# beats at random, in about the sizes of the published parts: the same people are on all sides
PROTOCOLS: Final = {"inter_patient": (), "intra_patient": ("data.split=[0.4, 0.1, 0.5]",)}


@click.command()
@click.option("--seed", default=0, show_default=True)
@click.option("--set", "assignments", multiple=True, metavar="TABLE.KEY=VALUE", help="Change the recipe.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(seed: int, assignments: tuple[str, ...], runs: Path, data_dir: Path | None, results: Path) -> None:
    """Train and evaluate both protocols and write mitbih-fcnet.json."""
    try:
        figures = {
            protocol: kept(figures_of(protocol, [f"seed={seed}", *assignments], runs, data_folder(data_dir)))
            for protocol in PROTOCOLS
        }
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    scale = f"reduced: {', '.join(assignments)}" if assignments else "full"
    path = write_result(
        "mitbih-fcnet", figures, libraries=("torch", "numpy", "wfdb"), scale=scale, seeds=[seed], folder=results
    )
    click.echo(f"written to {path}")


def figures_of(protocol: str, assignments: Sequence[str], runs: Path, data: Path) -> dict[str, Any]:
    """metrics.json of one protocol, trained and evaluated now where it is not there."""
    recipe = load_recipe(RECIPE, [*PROTOCOLS[protocol], *assignments])
    run = Run(runs / f"{RECIPE}-{protocol.replace('_', '-')}-{recipe.seed}")
    dataset = dataset_from_recipe(recipe.data, data)
    with training_progress(quiet=not Console().is_terminal) as on_batch:
        train(recipe, dataset, run, on_batch=on_batch)
    if not run.metrics.is_file():
        run.write_figures(evaluate(run.net(), recipe, dataset, split_from_recipe(recipe, dataset)).figures)
    return {**run.figures(), "epochs": run.facts().epochs}


def kept(figures: dict[str, Any]) -> dict[str, Any]:
    """What the results file holds of a metrics.json."""
    attacked = [
        {
            "epsilon": row["epsilon"],
            "f1": row["ensemble"]["f1"],
            "accuracy": row["ensemble"]["accuracy"],
            "alarm_rate": row["alarm_rate"],
        }
        for row in figures["pgd"]
    ]
    names = ("recipe", "seed", "split", "wearers", "test_windows", "attacked_windows", "epochs", "clean")
    return {
        **{name: figures[name] for name in names},
        "false_alarm_rate": figures["calibration"]["observed_false_alarm_rate"],
        "pgd": attacked,
    }


if __name__ == "__main__":
    command()
