"""When do averaged exits gain robustness without any adversarial example, as the early-exit paper reports?

``python -m benchmarks.exit_gain``; one thing is changed at a time against the paper's recipe on an FCNet of 32 filters.
For each: F1 under PGD on the last exit, of the averaged exits and of the undefended twin. Finished runs are used again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from benchmarks import RESULTS
from benchmarks.ecg5000_fcnet import spread
from edgeguard.errors import EdgeGuardError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.data import data_folder
from edgeguard.lab.inference import logits_of
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.metrics.classification import weighted_f1
from edgeguard.record import write_result

RECIPE: Final = "ecg5000-fcnet"
EPSILONS: Final = (0.1, 0.2, 0.3)
WIDTH: Final = "net.options.filters=32"
LONG: Final = ("training.epochs=60", "training.patience=60")
# what is changed -> (assignments of the training, options of the attack)
SETTINGS: Final[dict[str, tuple[tuple[str, ...], dict[str, Any]]]] = {
    "the paper's, 32 filters": ((WIDTH,), {}),
    "attack starts at the clean window": ((WIDTH,), {"start_share": 0.0}),
    "attack starts near the ball's border": ((WIDTH,), {"start_share": 0.9}),
    "attack raises the margin, not the cross-entropy": ((WIDTH,), {"loss": "margin"}),
    "16 filters": (("net.options.filters=16",), {}),
    "60 epochs, no early stopping": ((WIDTH, *LONG), {}),
    "a tenth of the learning rate": ((WIDTH, "training.learning_rate=1e-3"), {}),
}


@click.command()
@click.option("--seeds", default="0,1,2", show_default=True)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/exit-gain"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(seeds: str, runs: Path, data_dir: Path | None, results: Path) -> None:
    """Measure and write exit-gain.json."""
    numbers = [int(seed) for seed in seeds.split(",")]
    try:
        figures = {setting: measured(setting, numbers, runs, data_folder(data_dir)) for setting in SETTINGS}
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    scale = "reduced: 32 or 16 filters instead of 128"
    path = write_result("exit-gain", figures, libraries=("torch",), scale=scale, seeds=numbers, folder=results)
    click.echo(f"written to {path}")


def measured(setting: str, seeds: list[int], runs: Path, data: Path) -> list[dict[str, Any]]:
    """Per ε: F1 of both nets and their difference, mean and spread over seeds."""
    exits = [f1_over_epsilon(setting, seed, runs, data, exits=True) for seed in seeds]
    plain = [f1_over_epsilon(setting, seed, runs, data, exits=False) for seed in seeds]
    click.echo(f"{setting}: exits {exits}, undefended {plain}")
    return [
        {
            "epsilon": epsilon,
            "early_exit": spread([row[index] for row in exits]),
            "undefended": spread([row[index] for row in plain]),
            "gain": spread([a[index] - b[index] for a, b in zip(exits, plain, strict=True)]),
        }
        for index, epsilon in enumerate(EPSILONS)
    ]


def f1_over_epsilon(setting: str, seed: int, runs: Path, data: Path, *, exits: bool) -> list[float]:
    """Weighted F1 of one net under PGD at each ε, trained now where it is not there."""
    assignments, options = SETTINGS[setting]
    recipe = load_recipe(RECIPE, [*assignments, f"seed={seed}", f"net.exits={str(exits).lower()}"])
    dataset = dataset_from_recipe(recipe.data, data)
    words = "-".join(word.partition("=")[2] for word in assignments)
    run = Run(runs / f"{words}-{'exits' if exits else 'undefended'}-{seed}")
    train(recipe, dataset, run)
    split = split_from_recipe(recipe, dataset)
    net, x, y = run.net(), dataset.x[split.test], dataset.y[split.test]
    found = []
    for epsilon in EPSILONS:
        x_adv, _ = perturb(net, PGD(Threat(epsilon), **options), x, y)
        found.append(weighted_f1(ensemble(probabilities(logits_of(net, x_adv))), y))
    return found


if __name__ == "__main__":
    command()
