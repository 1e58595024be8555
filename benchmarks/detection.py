"""Which detectors find which attacks, over seeds: ``python -m benchmarks.detection --recipe NAME --epsilon 0.2``.

Finished runs are taken from ``<runs>/<recipe>-<seed>``. ``--part development`` takes validation windows, half of them
for thresholds and half for figures, and searches the weights of the score `combined` on them: no test window is seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import torch

from benchmarks import RESULTS
from benchmarks.detection_weights import Development
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.lab.detection.measuring import Asked
from edgeguard.lab.detection.parts import development_parts, final_parts
from edgeguard.lab.detection.study import Order, study
from edgeguard.lab.run import Run
from edgeguard.record import write_result

SEEDS: Final = 5


@click.command()
@click.option("--recipe", required=True, help="Runs are called after it and their seed.")
@click.option("--epsilon", "epsilons", multiple=True, required=True, help="Radius of the attacks; may be given often.")
@click.option("--seeds", default="0,1,2,3,4", show_default=True)
@click.option("--windows", type=click.IntRange(min=1), help="Windows attacked at most.")
@click.option("--part", type=click.Choice(["final", "development"]), default="final", show_default=True)
@click.option("--set", "assignments", multiple=True, metavar="evaluation.KEY=VALUE")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--device", default="cpu", show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(  # noqa: PLR0913, PLR0917 - options are arguments
    recipe: str,
    epsilons: tuple[str, ...],
    seeds: str,
    windows: int | None,
    part: str,
    assignments: tuple[str, ...],
    runs: Path,
    data_dir: Path | None,
    device: str,
    results: Path,
) -> None:
    """Measure and write detection-<recipe>.json, or detection-<recipe>-development.json."""
    torch.set_num_threads(1)
    radii = ", ".join(f'"{word}"' if word.endswith("dB") else word for word in epsilons)
    wanted = [*assignments, f"evaluation.epsilons=[{radii}]"]
    wanted += [] if windows is None else [f"evaluation.attacked_windows={windows}"]
    numbers = [int(seed) for seed in seeds.split(",")]
    trained = [Run(runs / f"{recipe}-{seed}") for seed in numbers]
    development = part == "development"
    try:
        figures = measured(trained, wanted, data_folder(data_dir), device, development=development)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    name = f"detection-{recipe}{'-development' if development else ''}"
    scale = "full" if windows is None and len(numbers) >= SEEDS else f"reduced: {windows or 'all'} windows attacked"
    libraries = ("torch", "numpy", "scipy", "scikit-learn")
    path = write_result(name, figures, libraries=libraries, scale=scale, seeds=numbers, folder=results)
    click.echo(f"written to {path}")


def measured(runs: list[Run], assignments: list[str], data: Path, device: str, *, development: bool) -> dict[str, Any]:
    """The study's figures without those of single runs, which stand as values beside every mean."""
    search = Development()
    parts = development_parts if development else lambda split, _seed: final_parts(split)
    figures = study(runs, Order(Asked(), assignments, (), data, device, parts), search.listener())
    figures["warnings"] = {str(row["seed"]): row["warnings"] for row in figures.pop("runs")}
    if development:
        figures["weights"] = search.weighed()
        for row in figures["weights"][:10]:
            click.echo(f"{row['weights']}: found {row['found']:.3f}, AUROC {row['auroc']:.3f}")
    return figures


if __name__ == "__main__":
    command()
