"""The demo's lab half: a trained, exported, signed model, and a stream that is clean first and then attacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgeguard import files
from edgeguard.bundle.manifest import Manifest
from edgeguard.bundle.signature import load_private_key, make_key_pair
from edgeguard.cli.console import training_progress
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.data import load_dataset
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.export import export_run
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.report import render_report
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.lab.training import train

Floats = NDArray[np.float32]

# data set -> recipe, what makes it small enough for two minutes on two cores, and the attack's ε in the model's input,
# z-scores: where exits begin to fall, and not all at once; within a larger one the synthetic net's alarm finds nothing
RECIPES: Final = {
    "synthetic": ("synthetic-ecg", (), 0.1),
    "ecg5000": (
        "ecg5000-fcnet-quarter",
        ("training.epochs=8", "evaluation.epsilons=[0.1, 0.3, 0.5]", "evaluation.steps=10"),
        0.5,
    ),
}
STREAM_WINDOWS: Final = 400  # half of them attacked


@dataclass(frozen=True)
class Prepared:
    """What the device half needs.

    Attributes:
        bundle: Path of the signed bundle.
        public_key: The key that it must be signed by.
        stream: A recording (.npz) of windows laid end to end.
        windows: Number of windows in the stream.
        attack_start: Index of the first attacked sample.
        manifest: The bundle's.
        report: The evaluation's HTML page.
    """

    bundle: Path
    public_key: Path
    stream: Path
    windows: int
    attack_start: int
    manifest: Manifest
    report: Path


def prepare(
    data: str, folder: Path, data_folder: Path, tell: Callable[[str], None], *, quiet: bool = False
) -> Prepared:
    """Train (unless that was done), evaluate, export and sign a model of `data` in `folder`, and write the stream.

    Args:
        data: A key of `RECIPES`.
        folder: Of the demo.
        data_folder: Where real data sets lie.
        tell: Is told each step before it begins.
        quiet: No progress bar.
    """
    name, changes, epsilon = RECIPES[data]
    recipe = load_recipe(name, changes)
    run = Run(folder / f"run-{data}")
    dataset = dataset_from_recipe(recipe.data, data_folder)
    split = split_from_recipe(recipe, dataset)
    tell(f"train    {recipe.net.name} with early exits on {dataset.name}: {len(split.train)} windows")
    with training_progress(quiet=quiet) as on_batch:
        train(recipe, dataset, run, on_batch=on_batch)
    tell(f"evaluate {len(split.test)} held-out windows, clean and under PGD")
    evaluation = evaluate(run.net(), recipe, dataset, split)
    run.write_figures(evaluation.figures)
    report = run.folder / "report.html"
    files.write_text(report, render_report(evaluation, recipe, dataset.signal, dataset.classes))
    tell("export   one ONNX graph and its stages, parity with torch checked, signed with a new ed25519 key")
    private, public = folder / "demo.key", folder / "demo.pub"
    if not private.exists():
        make_key_pair(private, public)
    bundle = export_run(run, dataset, evaluation.figures, folder / f"{data}.zip", load_private_key(private))
    raw = load_dataset(recipe.data.name, data_folder, recipe.data.options).x
    chosen = np.random.default_rng(recipe.seed).permutation(split.test)[:STREAM_WINDOWS]
    stream = folder / f"stream-{data}.npz"
    half = _write_stream(stream, run, dataset, raw, chosen, epsilon)
    start = half * bundle.manifest.signal.window
    return Prepared(folder / f"{data}.zip", public, stream, 2 * half, start, bundle.manifest, report)


def _write_stream(
    path: Path, run: Run, dataset: Dataset, raw: Floats, chosen: NDArray[np.int64], epsilon: float
) -> int:
    """The `chosen` windows as the wearable would send them, the second half under PGD; returns the size of a half."""
    half = len(chosen) // 2
    clean, victims = chosen[:half], chosen[half : 2 * half]
    x = dataset.x[victims]
    x_adv, _ = perturb(run.net(), PGD(Threat(epsilon)), x, dataset.y[victims])
    attacked = raw[victims] + played_back(x_adv - x, raw[victims], x)
    with files.replacing(path) as beside, beside.open("wb") as stream:
        np.savez(stream, x=np.concatenate([raw[clean], attacked]))
    return half


def played_back(perturbation: Floats, raw: Floats, x: Floats) -> Floats:
    """A perturbation of the model's input x in the unit of the raw signal, before per-window scaling."""
    scale = raw.std(axis=-1, keepdims=True) / np.maximum(x.std(axis=-1, keepdims=True), 1e-6)
    return np.asarray(perturbation * scale, dtype=np.float32)
