"""The one visible training loop: recipe in, run directory out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeguard.errors import ConfigError, DataError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.exits.threshold import require_windows
from edgeguard.lab.accelerator import fabric_on
from edgeguard.lab.attacking import attacks_at
from edgeguard.lab.checkpoint import Checkpoint, copied, load_checkpoint, save_checkpoint
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.defenses import Defense, defense_from_recipe, training_part
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import Recipe, TrainingTable
from edgeguard.lab.run import Run, RunFacts, split_from_recipe
from edgeguard.metrics.calibration import negative_log_likelihood
from edgeguard.metrics.classification import accuracy


@dataclass(frozen=True)
class BatchFacts:
    """Where a training stands after one batch; accuracy is the last epoch's on the validation part."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    accuracy: float | None


@dataclass
class Progress:
    """All that changes from epoch to epoch besides weights: what a checkpoint must hold to resume exactly."""

    epoch: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float = float("inf")
    seconds: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)

    def improved_by(self, figures: dict[str, float]) -> bool:
        """Whether these validation figures of the current epoch are the best so far; if so, remember them."""
        better = (figures["accuracy"], -figures["loss"]) > (self.best_accuracy, -self.best_loss)
        if better:
            self.best_epoch, self.best_accuracy, self.best_loss = self.epoch, figures["accuracy"], figures["loss"]
        return better


def train(
    recipe: Recipe,
    dataset: Dataset,
    run: Run,
    *,
    device: str = "cpu",
    on_batch: Callable[[BatchFacts], None] = lambda _: None,
) -> RunFacts:
    """Train the recipe's network on `dataset` and keep it in `run`; resumes exactly where it was interrupted.

    Adam, early stopping on the validation accuracy of the ensemble (attacked where the defense attacks) with the
    recipe's patience; of equal accuracies the one with the lower loss is better. Weights of the best epoch. Every
    epoch's batches and random draws follow from the seed and the epoch's number alone, so a resumed training ends with
    the same weights.

    Raises:
        ConfigError: the folder holds another recipe's run, there is no such device, the validation part is too small
            for the promised false-alarm rate, or the loss grows without bound.
        DataError: the checkpoint is damaged, or the finished run was trained on other data.
        StorageError: the disk is full; the last checkpoint stays.
    """
    run.require_same_recipe(recipe)
    if run.finished:
        run.require_same_data(dataset)
        return run.facts()
    fabric = fabric_on(device)
    split = split_from_recipe(recipe, dataset)
    require_windows(len(split.validation), recipe.calibration.false_alarm_rate)
    net = net_from_recipe(recipe.net, dataset.signal, len(dataset.classes), recipe.seed)
    attacks_at(recipe.evaluation, recipe.evaluation.epsilons[0])  # a wrong name must not show only after the training
    defense = defense_from_recipe(recipe.defense, net.exits)
    table = recipe.training
    adam = torch.optim.Adam(net.parameters(), lr=table.learning_rate, weight_decay=table.weight_decay)
    wrapped, optimizer = fabric.setup(net, adam)
    windows, labels = training_part(defense, net, dataset.x[split.train], dataset.y[split.train])
    x, y = (fabric.to_device(torch.from_numpy(part)) for part in (windows, labels))

    checkpoint = load_checkpoint(run.checkpoint, net, adam)
    progress = _progress(run, checkpoint)
    best = checkpoint.best if checkpoint else copied(net)
    run.write_recipe(recipe)
    while progress.epoch < table.epochs and progress.epoch - progress.best_epoch < table.patience:
        started = time.perf_counter()
        progress.epoch += 1
        net.train()
        losses = []
        for number, batch in enumerate(_batches(labels, table, recipe.seed, progress.epoch)):
            loss = defense.loss(wrapped, x[batch], y[batch])
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
            losses.append(_finite(loss, progress.epoch))
            on_batch(_batch_facts(progress, table, number, min(len(x), table.epoch_windows or len(x)), losses[-1]))
        figures = _validation(net, defense, dataset, split, table.balance)
        defense.end_epoch(figures)
        if progress.improved_by(figures):
            best = copied(net)
        progress.seconds += time.perf_counter() - started
        progress.log.append({"epoch": progress.epoch, "training_loss": float(np.mean(losses)), **figures})
        save_checkpoint(run.checkpoint, Checkpoint(asdict(progress), best), net, adam)
        run.write_log(progress.log)
    return _finish(run, net, best, _facts(dataset, split, progress))


def _progress(run: Run, checkpoint: Checkpoint | None) -> Progress:
    try:
        return Progress(**checkpoint.progress) if checkpoint else Progress()
    except TypeError as error:
        raise DataError(f"{run.checkpoint} is of another version: remove it to train from the start") from error


def _batches(labels: Labels, table: TrainingTable, seed: int, epoch: int) -> Iterator[Tensor]:
    """The epoch's batches of window numbers; also seeds the draws that losses and dropout make during it."""
    epoch_seed = int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint32)[0])
    torch.manual_seed(epoch_seed)
    generator = torch.Generator().manual_seed(epoch_seed)
    if table.balance == 0:
        order = torch.randperm(len(labels), generator=generator)
    else:
        shares = torch.from_numpy(_weights_like(labels, labels, table.balance))
        order = torch.multinomial(shares, len(labels), replacement=True, generator=generator)
    yield from torch.split(order[: table.epoch_windows], table.batch_size)


def _weights_like(trained: Labels, labels: Labels, balance: float) -> NDArray[np.float64]:
    """(n,) weights of `labels`: (training windows of the class)^-balance, of a class without any as if it had one."""
    counts = np.bincount(trained, minlength=labels.max() + 1)
    return np.asarray(np.maximum(counts, 1.0)[labels] ** -balance)


def _finite(loss: Tensor, epoch: int) -> float:
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ConfigError(f"the loss is {value} in epoch {epoch}: lower training.learning_rate")
    return value


def _batch_facts(progress: Progress, table: TrainingTable, number: int, windows: int, loss: float) -> BatchFacts:
    last = progress.log[-1]["accuracy"] if progress.log else None
    return BatchFacts(progress.epoch, table.epochs, number + 1, -(-windows // table.batch_size), loss, last)


def _validation(net: Net, defense: Defense, dataset: Dataset, split: Split, balance: float) -> dict[str, float]:
    """Accuracy and loss of the ensemble on the validation windows as the defense trains on them."""
    y = dataset.y[split.validation]
    device = next(net.parameters()).device
    batches = zip(*(torch.split(torch.from_numpy(part), 500) for part in (dataset.x[split.validation], y)), strict=True)
    seen = [defense.seen(net, windows.to(device), labels.to(device)).cpu() for windows, labels in batches]
    verdict = ensemble(probabilities(logits_of(net, torch.cat(seen).numpy())))
    weights = _weights_like(dataset.y[split.train], y, balance) if balance else None
    return {"accuracy": accuracy(verdict, y, weights), "loss": negative_log_likelihood(verdict, y, weights)}


def _facts(dataset: Dataset, split: Split, progress: Progress) -> RunFacts:
    return RunFacts(
        signal=dataset.signal,
        classes=dataset.classes,
        data_sha256=dataset.sha256(),
        windows=(len(split.train), len(split.validation), len(split.test)),
        best_epoch=progress.best_epoch,
        epochs=progress.epoch,
        seconds=round(progress.seconds, 1),
        libraries={name: version(name) for name in ("torch", "numpy", "lightning-fabric")},
    )


def _finish(run: Run, net: Net, best: dict[str, Tensor], facts: RunFacts) -> RunFacts:
    net.load_state_dict(best)
    run.write_weights(net)
    run.write_facts(facts)
    run.checkpoint.unlink(missing_ok=True)
    return facts
