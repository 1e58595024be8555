"""Time of 100 leave-outs of the Adult MLP: trained together in processes, against one after the other.

``python -m benchmarks.leave_one_out --data-dir DATA``

One after the other is timed on a few networks, with torch's own threads on every core and with one thread, and the
faster of the two is multiplied. Starting the processes is in the time of those trained together.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
import numpy as np
import torch

from benchmarks import RESULTS
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.lab.leave_one_out import Retraining
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import load_recipe
from edgeguard.lab.run import dataset_from_recipe, split_from_recipe
from edgeguard.lab.stacked_training import NOTHING, Member, Rows, Schedule, trained_alone
from edgeguard.record import write_result

RECIPE: Final = "adult-mlp"
AIM: Final = 5.0


@click.command()
@click.option("--networks", default=100, show_default=True)
@click.option("--timed", default=3, show_default=True, help="Networks trained one after the other.")
@click.option("--epochs", type=int, help="The recipe's, unless told.")
@click.option("--together", default=25, show_default=True)
@click.option("--precision", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@click.option("--jobs", default=os.cpu_count(), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(  # noqa: PLR0913, PLR0917 (options are arguments)
    networks: int,
    timed: int,
    epochs: int | None,
    together: int,
    precision: str,
    jobs: int,
    data_dir: Path | None,
    results: Path,
) -> None:
    """Measure and write leave-one-out.json."""
    try:
        retraining = adult(data_folder(data_dir), epochs, together, jobs)
        retraining = replace(retraining, x=retraining.x.astype(precision), test=retraining.test.astype(precision))
        figures = measured(retraining, networks, timed)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    scale = "full" if networks == 100 and epochs is None else f"reduced: {networks} networks, {epochs} epochs"
    path = write_result(
        "leave-one-out", figures, libraries=("torch", "numpy", "joblib"), scale=scale, seeds=[0], folder=results
    )
    click.echo(f"{figures['faster']:.1f} times faster; written to {path}")


def adult(data: Path, epochs: int | None, together: int, jobs: int) -> Retraining:
    """The recipe's data, network and schedule; copies of a row leave with it."""
    recipe = load_recipe(RECIPE)
    dataset = dataset_from_recipe(recipe.data, data)
    split, table = split_from_recipe(recipe, dataset), recipe.training

    def make_net(seed: int) -> Net:
        return net_from_recipe(recipe.net, dataset.signal, len(dataset.classes), seed)

    return Retraining(
        make_net,
        dataset.x[split.train],
        dataset.y[split.train],
        dataset.x[split.test],
        Schedule(epochs or table.epochs, table.batch_size, table.learning_rate),
        samples=split.train,
        together=together,
        jobs=jobs,
    )


def measured(retraining: Retraining, networks: int, timed: int) -> dict[str, Any]:
    """Seconds of both sides, and how far their confidences are apart."""
    samples = retraining.samples
    assert samples is not None
    left_out = np.random.default_rng(0).choice(np.unique(samples), networks - 1, replace=False).tolist()
    alone: dict[str, list[float]] = {"all cores": [], "one thread": []}
    began = time.perf_counter()
    together = retraining.leave_one_out([NOTHING, *left_out], seed=0)
    together_s, apart = time.perf_counter() - began, []
    for number in range(timed):
        for title, threads in (("all cores", os.cpu_count() or 1), ("one thread", 1)):
            seconds, confidences = seconds_alone(retraining, left_out[number], threads)
            alone[title].append(seconds)
            apart.append(float(np.abs(confidences - together[number + 1]).mean()))
    one_s = {threads: median(seconds) for threads, seconds in alone.items()}
    moved = float(np.abs(together[1:] - together[0]).mean())
    return {
        "networks": networks,
        "rows": len(retraining.y),
        "epochs": retraining.schedule.epochs,
        "precision": retraining.x.dtype.name,
        "together": retraining.together,
        "processes": retraining.jobs,
        "together_s": together_s,
        "one_after_the_other": {
            "networks_timed": timed,
            "one_network_s": one_s,
            "extrapolated_s": networks * min(one_s.values()),
        },
        "faster": networks * min(one_s.values()) / together_s,
        "aim": AIM,
        "mean_confidence_apart": {"from_one_after_the_other": max(apart), "without_a_sample": moved},
    }


def seconds_alone(retraining: Retraining, sample: int, threads: int) -> tuple[float, np.ndarray]:
    """One network trained by itself, and its confidences."""
    before, began = torch.get_num_threads(), time.perf_counter()
    torch.set_num_threads(threads)
    rows = Rows(*(torch.from_numpy(part) for part in (retraining.x, retraining.y, retraining.samples)))
    net = trained_alone(retraining.make_net, Member(0, sample), rows, retraining.schedule)
    with torch.no_grad():
        confidences = net(torch.from_numpy(retraining.test)).softmax(dim=-1).mean(dim=1).numpy()
    seconds = time.perf_counter() - began
    torch.set_num_threads(before)
    return seconds, confidences


if __name__ == "__main__":
    command()
