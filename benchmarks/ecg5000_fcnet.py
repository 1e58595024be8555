"""ECG5000, Normal against Abnormal: the early-exit FCNet and its undefended twin, clean and under PGD, over seeds.

``python -m benchmarks.ecg5000_fcnet --data-dir DATA``

Each seed has its own split, weights and batches. What is trained and evaluated already in ``--runs`` is not done again,
so an interrupted benchmark goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, Final

import click
from rich.console import Console

from benchmarks import RESULTS
from edgeguard.cli.console import training_progress
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.accelerator import fabric_on
from edgeguard.lab.data import data_folder
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe, run_name, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.record import write_result

RECIPE: Final = "ecg5000-fcnet"
NETS: Final = {"early_exit": (), "undefended": ("net.exits=false",)}
# Table I of Qendro & Mascolo; its PGD is at an epsilon of "10 mV", which z-normalized beats do not have
PAPER: Final = {
    "early_exit": {"f1": 0.99, "ece": 0.01, "pgd_f1": 0.77},
    "undefended": {"f1": 0.98, "ece": 0.01, "pgd_f1": 0.33},
}


@click.command()
@click.option("--seeds", default="0,1,2", show_default=True)
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--device", default="cpu", show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(seeds: str, runs: Path, data_dir: Path | None, device: str, results: Path) -> None:
    """Train, evaluate and write ecg5000-fcnet.json."""
    numbers = [int(seed) for seed in seeds.split(",")]
    try:
        measured = {
            net: [figures_of(seed, changes, runs, data_folder(data_dir), device) for seed in numbers]
            for net, changes in NETS.items()
        }
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    figures = {net: {**summary(rows), "paper": PAPER[net]} for net, rows in measured.items()}
    path = write_result("ecg5000-fcnet", figures, libraries=("torch", "numpy"), seeds=numbers, folder=results)
    click.echo(f"written to {path}")


def figures_of(seed: int, changes: Sequence[str], runs: Path, data: Path, device: str) -> dict[str, Any]:
    """metrics.json of one seed, trained and evaluated now where it is not there."""
    recipe = load_recipe(RECIPE, [f"seed={seed}", *changes])
    run = Run(runs / run_name(recipe))
    dataset = dataset_from_recipe(recipe.data, data)
    with training_progress(quiet=not Console().is_terminal) as on_batch:
        train(recipe, dataset, run, device=device, on_batch=on_batch)
    if not run.metrics.is_file():
        split = split_from_recipe(recipe, dataset)
        run.write_figures(evaluate(run.net().to(fabric_on(device).device), recipe, dataset, split).figures)
    return run.figures()


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean, spread and single values over seeds: clean, false alarms, and for each epsilon of PGD."""
    clean = [row["clean"]["ensemble"] for row in rows]
    return {
        "clean": {name: spread([row[name] for row in clean]) for name in ("f1", "ece", "ece_uncalibrated")},
        "false_alarm_rate": spread([row["calibration"]["observed_false_alarm_rate"] for row in rows]),
        "pgd": [_attacked([row["pgd"][index] for row in rows]) for index in range(len(rows[0]["pgd"]))],
    }


def _attacked(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    scores = list(rows[0]["detection"])
    return {
        "epsilon": rows[0]["epsilon"],
        "f1": spread([row["ensemble"]["f1"] for row in rows]),
        "f1_last_exit": spread([row["exits"][-1]["f1"] for row in rows]),
        "alarm_rate": spread([row["alarm_rate"] for row in rows]),
        "auroc": {name: spread([row["detection"][name]["auroc"] for row in rows]) for name in scores},
        "tpr_at_1_fpr": {name: spread([row["detection"][name]["tpr_at_1_fpr"] for row in rows]) for name in scores},
    }


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Mean, standard deviation over seeds (0 for one), and the values themselves."""
    return {"mean": mean(values), "std": stdev(values) if len(values) > 1 else 0.0, "values": list(values)}


if __name__ == "__main__":
    command()
