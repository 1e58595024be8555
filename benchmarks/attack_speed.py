"""Time of attacks against torchattacks, ART and Foolbox on the same networks, windows, radius and steps.

``python -m benchmarks.attack_speed``; torchattacks comes with ``pip install --no-deps torchattacks==3.5.1`` (its
requirements pull in a second torch that it does not use).

The peers take one output and, torchattacks, inputs in [0, 1]: they are given the averaged exits as that output and
windows scaled so that the clamp never binds, with the radius scaled alike. All raise the same loss from the clean
window by as many steps of the same size; each tool's robust accuracy stands beside its time. Tools take turns, so that
a slow moment hits all.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import RESULTS
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.attacking import robust_windows
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.deepfool import DeepFool
from edgeguard.lab.attacks.objective import ensemble_logits, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.data import data_folder
from edgeguard.lab.nets.early_exit import Net, early_exit_net
from edgeguard.lab.nets.vgg16 import vgg16
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.record import write_result

RECIPE: Final = "ecg5000-fcnet"
# The third is trained for the benchmark alone: five attack steps and eight epochs make it robust enough.
NETS: Final = {
    "undefended": ("undefended-", ["net.exits=false"]),
    "early exit": ("", []),
    "adversarially trained": (
        "adversarial-short-",
        [
            "defense.name=adversarial",
            "defense.options.epsilon=0.3",
            "defense.options.attack_options.steps=5",
            "training.epochs=8",
        ],
    ),
}
EPSILON: Final = 0.3
STEPS: Final = 20
AIMS: Final = {"torchattacks": 2.0, "Foolbox": 4.0, "ART": 4.0}


@click.command()
@click.option("--windows", default=250, show_default=True)
@click.option("--turns", default=3, show_default=True)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(windows: int, turns: int, runs: Path, data_dir: Path | None, results: Path) -> None:
    """Measure and write attack-speed.json."""
    logging.disable(logging.WARNING)  # ART's
    warnings.simplefilter("ignore")
    try:
        nets = {title: network(title, runs, data_folder(data_dir)) for title in NETS}
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    x, y = (torch.from_numpy(part[:windows]) for part in test_windows(data_folder(data_dir)))
    figures = {
        "epsilon": EPSILON,
        "steps": STEPS,
        "windows": len(y),
        "pgd": robust_accuracy_times(nets, x, y, turns),
        "pgd_max": [
            {"net": "FCNet, 5 exits", **pgd_max_times(nets["early exit"], x, y, turns), "aim": 3.5},
            {"net": "VGG16-1D, 5 exits", **pgd_max_times(*untrained_vgg16(), turns), "aim": 2.5},
        ],
        "deepfool": deepfool_times(nets["undefended"], x[:100], y[:100]),
        "aims": AIMS,
    }
    libraries = ("torch", "torchattacks", "foolbox", "adversarial-robustness-toolbox")
    click.echo(f"written to {write_result('attack-speed', figures, libraries=libraries, seeds=[0], folder=results)}")


def network(title: str, runs: Path, data: Path) -> Net:
    """The trained network, trained now where it is not there."""
    name, changes = NETS[title]
    recipe = load_recipe(RECIPE, changes)
    run = Run(runs / f"{RECIPE}-{name}0")
    train(recipe, dataset_from_recipe(recipe.data, data), run)
    return run.net()


def test_windows(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """The test part of the recipe's split."""
    recipe = load_recipe(RECIPE)
    dataset = dataset_from_recipe(recipe.data, data)
    split = split_from_recipe(recipe, dataset)
    return dataset.x[split.test], dataset.y[split.test]


class OneOutput(nn.Module):
    """The averaged exits as the one output that peers take, for inputs scaled from [low, high] to [0, 1]."""

    def __init__(self, net: Net, low: float, high: float) -> None:
        super().__init__()
        self.net, self.low, self.high = net, low, high

    def forward(self, x: Tensor) -> Tensor:
        """Log of the averaged probabilities (batch, classes)."""
        return ensemble_logits(self.net(self.low + x * (self.high - self.low)))


def robust_accuracy_times(nets: dict[str, Net], x: Tensor, y: Tensor, turns: int) -> dict[str, Any]:
    """Per net and tool: seconds and robust accuracy; and how many times faster ours is over all nets together."""
    rows = {title: _one_net(net, x, y, turns) for title, net in nets.items()}
    ours = sum(row["EdgeGuard"]["seconds"] for row in rows.values())
    total = {tool: sum(row[tool]["seconds"] for row in rows.values()) / ours for tool in AIMS}
    return {"nets": rows, "faster_over_all_nets": total}


def _one_net(net: Net, x: Tensor, y: Tensor, turns: int) -> dict[str, Any]:
    low, high = float(x.min()) - EPSILON, float(x.max()) + EPSILON
    model = OneOutput(net, low, high).eval()
    scaled, radius = (x - low) / (high - low), EPSILON / (high - low)
    ours = PGD(Threat(EPSILON), steps=STEPS, view="ensemble", start_share=0.0)
    tools: dict[str, Callable[[], float]] = {
        "EdgeGuard": lambda: float(robust_windows(net, ours, x.numpy(), y.numpy(), batch=len(y)).mean()),
        **{name: _peer(make(model, scaled, y, radius), model, y) for name, make in PEERS.items()},
    }
    times: dict[str, list[float]] = {name: [] for name in tools}
    robust = {}
    for _ in range(turns):
        for name, robust_accuracy in tools.items():
            began = time.perf_counter()
            robust[name] = robust_accuracy()
            times[name].append(time.perf_counter() - began)
    return {name: {"seconds": median(times[name]), "robust_accuracy": robust[name]} for name in tools}


def _peer(attack: Callable[[], Tensor], model: nn.Module, y: Tensor) -> Callable[[], float]:
    def robust_accuracy() -> float:
        x_adv = attack()
        with torch.no_grad():
            return float((model(x_adv).argmax(dim=1) == y).float().mean())

    return robust_accuracy


def _torchattacks(model: nn.Module, x: Tensor, y: Tensor, radius: float) -> Callable[[], Tensor]:
    import torchattacks

    attack = torchattacks.PGD(model, eps=radius, alpha=radius / 4, steps=STEPS, random_start=False)
    return lambda: attack(x, y)


def _foolbox(model: nn.Module, x: Tensor, y: Tensor, radius: float) -> Callable[[], Tensor]:
    import foolbox

    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
    attack = foolbox.attacks.LinfPGD(abs_stepsize=radius / 4, steps=STEPS, random_start=False)
    return lambda: attack(wrapped, x, y, epsilons=radius)[0]


def _art(model: nn.Module, x: Tensor, y: Tensor, radius: float) -> Callable[[], Tensor]:
    from art.attacks.evasion import ProjectedGradientDescentPyTorch

    attack = ProjectedGradientDescentPyTorch(
        _art_classifier(model, x),
        eps=radius,
        eps_step=radius / 4,
        max_iter=STEPS,
        num_random_init=0,
        batch_size=len(x),
        verbose=False,
    )
    return lambda: torch.from_numpy(attack.generate(x.numpy(), y.numpy()))


def _art_classifier(model: nn.Module, x: Tensor) -> Any:
    from art.estimators.classification import PyTorchClassifier

    classes = model(x[:1]).shape[1]
    return PyTorchClassifier(
        model, nn.CrossEntropyLoss(), tuple(x.shape[1:]), classes, clip_values=(0, 1), device_type="cpu"
    )


PEERS: Final = {"torchattacks": _torchattacks, "Foolbox": _foolbox, "ART": _art}


def untrained_vgg16() -> tuple[Net, Tensor, Tensor]:
    """VGG16 as for the EEG half, with windows of 2000 samples; what an attack costs does not depend on the weights."""
    torch.manual_seed(0)
    net = early_exit_net(vgg16(1), 2, "semantic", gamma=0.5).eval()
    x = torch.randn(8, 1, 2000)
    return net, x, verdicts(net(x)).detach()


def pgd_max_times(net: Net, x: Tensor, y: Tensor, turns: int) -> dict[str, float]:
    """Seconds of PGD and of PGD-MAX on the same batch, and the median ratio of a turn; no window leaves."""
    seconds: dict[str, list[float]] = {"pgd": [], "pgd_max": []}
    for _ in range(turns):
        for name, times in seconds.items():
            began = time.perf_counter()
            attack_named(name, Threat(EPSILON), {"steps": STEPS})(net, x, y)
            times.append(time.perf_counter() - began)
    ratio = median(b / a for a, b in zip(seconds["pgd"], seconds["pgd_max"], strict=True))
    return {"pgd_s": median(seconds["pgd"]), "pgd_max_s": median(seconds["pgd_max"]), "ratio": ratio}


def deepfool_times(net: Net, x: Tensor, y: Tensor) -> dict[str, Any]:
    """Seconds for the l2 distances of a batch: ours, ART's as it does by default (a window at a time), and batched."""
    steps, model = 50, OneOutput(net, 0.0, 1.0).eval()
    began = time.perf_counter()
    found = DeepFool(max_steps=steps).distances(net, x, y)
    rows = {"EdgeGuard": {"seconds": time.perf_counter() - began, **_distances(found, found)}}
    for title, batch in (("ART, one window at a time", 1), ("ART, one batch", len(x))):
        attack = _art_deepfool(model, x, steps, batch)
        began = time.perf_counter()
        x_adv = torch.from_numpy(attack.generate(x.numpy(), y.numpy()))
        seconds = time.perf_counter() - began
        with torch.no_grad():
            fooled = model(x_adv).argmax(dim=1) != y
        theirs = (x_adv - x).flatten(1).norm(dim=1).where(fooled, torch.inf)
        rows[title] = {"seconds": seconds, **_distances(theirs, found)}
    return {"windows": len(x), "tools": rows, "aim": 10.0}


def _art_deepfool(model: nn.Module, x: Tensor, steps: int, batch: int) -> Any:
    from art.attacks.evasion import DeepFool as ArtDeepFool
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(
        model, nn.CrossEntropyLoss(), tuple(x.shape[1:]), model(x[:1]).shape[1], device_type="cpu"
    )
    return ArtDeepFool(classifier, max_iter=steps, epsilon=0.02, nb_grads=10, batch_size=batch, verbose=False)


def _distances(found: Tensor, ours: Tensor) -> dict[str, float]:
    """Median distance, and the share of windows fooled; over windows that both tools moved."""
    both = found.isfinite() & ours.isfinite() & (ours > 0)
    return {"median_distance": float(found[both].median()), "fooled": float(found.isfinite().float().mean())}


if __name__ == "__main__":
    command()
