"""Unfairness of the MIT-BIH model over classes, sex and age band, clean and under PGD.

``python -m benchmarks.fairness_mitbih --data-dir DATA``

Measures the run that ``python -m benchmarks.mitbih_fcnet`` leaves in ``--runs``, and changes nothing in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from benchmarks import RESULTS
from benchmarks.mitbih_fcnet import RECIPE
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.recipe import evaluated_as
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.record import write_result


@click.command()
@click.option("--seed", default=0, show_default=True)
@click.option("--epsilon", "epsilons", multiple=True, type=float, default=(0.02, 0.05), show_default=True)
@click.option("--attacked-windows", default=1000, show_default=True)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(
    seed: int,
    epsilons: tuple[float, ...],
    attacked_windows: int,
    runs: Path,
    data_dir: Path | None,
    results: Path,
) -> None:
    """Evaluate the inter-patient run and write fairness-mitbih.json."""
    assignments = [
        f"evaluation.epsilons={list(epsilons)}",
        f"evaluation.attacked_windows={attacked_windows}",
        "evaluation.intersections=true",
    ]
    try:
        figures = measured(Run(runs / f"{RECIPE}-inter-patient-{seed}"), assignments, data_folder(data_dir))
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    path = write_result(
        "fairness-mitbih",
        figures,
        libraries=("torch", "numpy", "fairlearn", "wfdb"),
        scale="full" if attacked_windows == 1000 else f"reduced: {attacked_windows} windows attacked",
        seeds=[seed],
        folder=results,
    )
    click.echo(f"written to {path}")


def measured(run: Run, assignments: list[str], data: Path) -> dict[str, Any]:
    """What fairness tables need of an evaluation of `run` on its test part."""
    recipe = evaluated_as(run.recipe(), assignments)
    dataset = dataset_from_recipe(recipe.data, data)
    run.require_same_data(dataset)
    figures = evaluate(run.net(), recipe, dataset, split_from_recipe(recipe, dataset)).figures
    kept = ("recipe", "seed", "split", "wearers", "test_windows", "attacked_windows")
    return {
        **{name: figures[name] for name in kept},
        "clean": {name: figures["clean"][name] for name in ("groups", "fairness")},
        "pgd": [{name: row[name] for name in ("epsilon", "label", "fairness")} for row in figures["pgd"]],
        "attacks": {},
    }


if __name__ == "__main__":
    command()
