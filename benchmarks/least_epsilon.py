"""Least ε of each window: bisection over the whole batch against raising ε step by step, with the same PGD.

``python -m benchmarks.least_epsilon --data-dir DATA``

Both sides attack the averaged exits with our PGD, which windows leave once they are fooled; the step is the tolerance.
PGD's success does not rise steadily with ε, so two step-by-step searches from different random starts disagree too:
their agreement stands beside ours. Where answers differ, the smaller one is nearer the truth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import torch
from torch import Tensor

from benchmarks import RESULTS
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat, threat_at
from edgeguard.lab.data import data_folder
from edgeguard.lab.least_epsilon import LeastEpsilon
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.record import write_result

# name: recipe, changes, largest ε, tolerance
NETS: Final[dict[str, tuple[str, list[str], float, float]]] = {
    "ecg5000-fcnet-reduced": ("ecg5000-fcnet", ["net.options.filters=32", "training.epochs=30"], 1.0, 0.002),
    "adult-mlp": ("adult-mlp", [], 50.0, 0.1),
}
AIMS: Final = {"faster": 10.0, "within_tolerance": 0.99}


@click.command()
@click.option("--windows", default=200, show_default=True, help="Of each net's test part.")
@click.option("--net", "names", type=click.Choice(list(NETS)), multiple=True, default=list(NETS), show_default=True)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(windows: int, names: tuple[str, ...], runs: Path, data_dir: Path | None, results: Path) -> None:
    """Measure and write least-epsilon.json."""
    try:
        rows = {name: measured(name, windows, runs, data_folder(data_dir)) for name in names}
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    path = write_result(
        "least-epsilon", {"nets": rows, "aims": AIMS}, libraries=("torch", "numpy"), seeds=[0], folder=results
    )
    click.echo(f"written to {path}")


def measured(name: str, windows: int, runs: Path, data: Path) -> dict[str, Any]:
    """Seconds, gradients and answers of every way to search, on one net; trained now where it is not there."""
    recipe_name, changes, most, tolerance = NETS[name]
    recipe = load_recipe(recipe_name, changes)
    dataset, run = dataset_from_recipe(recipe.data, data), Run(runs / f"{name}-0")
    if not run.finished:
        train(recipe, dataset, run)
    net, test = run.net(), split_from_recipe(recipe, dataset).test
    chosen = np.random.default_rng(0).permutation(test)[:windows]
    x, y = torch.from_numpy(dataset.x[chosen]), torch.from_numpy(dataset.y[chosen])
    attack = PGD(threat_at(most), view="ensemble")
    found, rows = {}, {}
    for title, search in searches(attack, tolerance).items():
        found[title], rows[title] = counted(net, x, y, search)
    steps = found["step by step"]
    for title, answers in found.items():
        rows[title] |= compared(answers, steps, tolerance) | faster(rows[title], rows["step by step"])
    return {"windows": len(y), "most": most, "tolerance": tolerance, "steps": attack.steps, "searches": rows}


def searches(attack: PGD, tolerance: float) -> dict[str, Callable[[Net, Tensor, Tensor], Tensor]]:
    """The ways to search by name, each answering least ε (batch,)."""

    def bisection(*, warm: bool) -> Callable[[Net, Tensor, Tensor], Tensor]:
        return lambda net, x, y: LeastEpsilon(attack, tolerance, warm=warm)(net, x, y).epsilon

    return {
        "step by step": lambda net, x, y: step_by_step(net, x, y, attack, tolerance),
        "step by step, another start": lambda net, x, y: step_by_step(net, x, y, replace(attack, seed=1), tolerance),
        "bisection": bisection(warm=False),
        "bisection, warm starts": bisection(warm=True),
    }


def step_by_step(net: Net, x: Tensor, y: Tensor, attack: PGD, tolerance: float) -> Tensor:
    """The paper's search: ε raised by the tolerance until a window is fooled, which then leaves; wrong ones are 0."""
    least = torch.full((len(y),), torch.inf)
    with torch.no_grad():
        wrong = net(x).softmax(dim=-1).mean(dim=1).argmax(dim=-1) != y
    least[wrong] = 0.0
    most = attack.threat.radius
    assert isinstance(most, float)
    for number in range(1, round(most / tolerance) + 1):
        going = torch.nonzero(least.isinf())[:, 0]
        if not len(going):
            break
        tried = replace(attack, threat=Threat(number * tolerance), leave=True, check=False)
        fooled = tried(net, x[going], y[going]).fooled
        least[going[fooled]] = number * tolerance
    return least


def counted(
    net: Net, x: Tensor, y: Tensor, search: Callable[[Net, Tensor, Tensor], Tensor]
) -> tuple[Tensor, dict[str, Any]]:
    """What a search finds, with its seconds and how many windows' gradients it took."""
    gradients = 0

    def count(_net: torch.nn.Module, inputs: tuple[Tensor, ...]) -> None:
        nonlocal gradients
        gradients += len(inputs[0]) if torch.is_grad_enabled() else 0

    handle = net.register_forward_pre_hook(count)
    began = time.perf_counter()
    least = search(net, x, y)
    seconds = time.perf_counter() - began
    handle.remove()
    return least, {"seconds": seconds, "gradients_per_window": gradients / len(y)}


def compared(answers: Tensor, steps: Tensor, tolerance: float) -> dict[str, Any]:
    """Shares of the windows that both sides fool or neither, by how the answers stand to those step by step."""
    apart = torch.where(answers == steps, 0.0, answers - steps)
    limit = tolerance * (1 + 1e-3)
    both = answers.isfinite() & steps.isfinite() & (steps > 0)
    return {
        "within_tolerance": float((apart.abs() <= limit).float().mean()),
        "smaller": float((apart < -limit).float().mean()),
        "larger": float((apart > limit).float().mean()),
        "mean_epsilon": float(answers[both].mean()),
        "wrong_as_they_are": int((answers == 0).sum()),
        "not_fooled": int(answers.isinf().sum()),
    }


def faster(row: dict[str, Any], steps: dict[str, Any]) -> dict[str, float]:
    """How many times less of each it takes."""
    return {f"fewer_{name}": steps[name] / row[name] for name in ("seconds", "gradients_per_window")}


if __name__ == "__main__":
    command()
