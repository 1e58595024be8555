"""runs/<name>/: the recipe used, weights, figures, log and report of one training."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomli_w

from edgeguard import config, files
from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import load_dataset
from edgeguard.lab.data.dataset import Dataset, Split, stratified_split, wearer_split
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import DataTable, Recipe
from edgeguard.lab.weights import read_tensors, write_tensors
from edgeguard.signals.inputs import input_spec_hook, require_signal
from edgeguard.signals.preprocessing import preprocess
from edgeguard.signals.spec import InputSpec

T = TypeVar("T")


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """run.json: what the recipe does not say and later steps need.

    Attributes:
        signal: The model input.
        classes: Class names in the order of the logits.
        data_sha256: Hash of windows and labels as they were trained on.
        windows: Number of windows in train, validation and test.
        best_epoch: The epoch whose weights were kept, from 1.
        epochs: Epochs trained.
        seconds: Wall time of the training, all its resumptions together.
        libraries: Versions that a second training should use.
    """

    signal: InputSpec
    classes: tuple[str, ...]
    data_sha256: str
    windows: tuple[int, int, int]
    best_epoch: int
    epochs: int
    seconds: float
    libraries: dict[str, str]


def run_name(recipe: Recipe) -> str:
    """The folder that a training of `recipe` goes to unless told."""
    return f"{recipe.name}-{'' if recipe.net.exits else 'undefended-'}{recipe.seed}"


class Run:
    """The folder of one training; files are written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def weights(self) -> Path:
        """Weights of the best epoch."""
        return self.folder / "weights.safetensors"

    @property
    def checkpoint(self) -> Path:
        """State to resume from; gone once the training is finished."""
        return self.folder / "checkpoint.safetensors"

    @property
    def metrics(self) -> Path:
        """The figures of its evaluation."""
        return self.folder / "metrics.json"

    @property
    def finished(self) -> bool:
        """Whether training came to its end."""
        return (self.folder / "run.json").is_file() and self.weights.is_file()

    @property
    def _recipe(self) -> Path:
        return self.folder / "recipe.toml"

    def require_same_recipe(self, recipe: Recipe) -> None:
        """ConfigError where the folder holds a run of another recipe."""
        if self._recipe.is_file() and self.recipe() != recipe:
            raise ConfigError(f"{self.folder} holds a run of another recipe: choose another folder, or remove it")

    def write_recipe(self, recipe: Recipe) -> None:
        """Keep the recipe used."""
        files.write_text(self._recipe, tomli_w.dumps(_without_none(msgspec.to_builtins(recipe))))

    def recipe(self) -> Recipe:
        """The recipe used; ConfigError where `folder` is no run."""
        path = self._recipe
        if not path.is_file():
            raise ConfigError(f"{self.folder} is not a run (it has no recipe.toml): train one first")
        return config.record_from(config.read_toml(path), Recipe, str(path))

    def facts(self) -> RunFacts:
        """run.json; ConfigError where the training did not finish."""
        if not self.finished:
            raise ConfigError(
                f"{self.folder} is not finished: resume it with edgeguard train {self._recipe} --out {self.folder}"
            )
        return _decoded(self.folder / "run.json", RunFacts, "train again")

    def write_facts(self, facts: RunFacts) -> None:
        """Write run.json; from then on the run counts as finished."""
        files.write_bytes(self.folder / "run.json", msgspec.json.format(msgspec.json.encode(facts)) + b"\n")

    def write_log(self, epochs: list[dict[str, float]]) -> None:
        """Write log.jsonl, one line per epoch."""
        files.write_bytes(self.folder / "log.jsonl", msgspec.json.Encoder().encode_lines(epochs))

    def write_weights(self, net: Net) -> None:
        """Keep the weights of a network."""
        write_tensors(self.weights, net.state_dict())

    def net(self) -> Net:
        """The trained network, on the CPU and in evaluation mode."""
        facts = self.facts()
        recipe = self.recipe()
        net = net_from_recipe(recipe.net, facts.signal, len(facts.classes), recipe.seed)
        try:
            net.load_state_dict(read_tensors(self.weights)[0])
        except RuntimeError as error:
            raise DataError(f"{self.weights} does not hold the weights of its recipe: train again") from error
        return net.eval()

    def require_same_data(self, dataset: Dataset) -> None:
        """DataError where `dataset` is not what this run was trained on."""
        if (found := dataset.sha256()) != (wanted := self.facts().data_sha256):
            raise DataError(
                f"{self.folder} was trained on data {wanted[:12]}…, this is {found[:12]}…: give the same --data-dir"
            )

    def write_figures(self, figures: dict[str, Any]) -> None:
        """Write metrics.json."""
        files.write_json(self.metrics, figures)

    def figures(self) -> dict[str, Any]:
        """What `edgeguard.lab.evaluation.evaluate` measured; ConfigError says what to do where it did not yet."""
        self.facts()
        if not self.metrics.is_file():
            raise ConfigError(f"{self.folder} is not evaluated: run edgeguard evaluate {self.folder} first")
        figures = _decoded(self.metrics, dict[str, Any], f"run edgeguard evaluate {self.folder} again")
        if missing := {"clean", "calibration", "agreement", "split", "pgd", "attacks"} - figures.keys():
            raise DataError(f"{self.metrics} lacks {', '.join(sorted(missing))}: evaluate the run again")
        return figures


def _without_none(tables: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: what is not set is not written."""
    inner = {key: _without_none(value) if isinstance(value, dict) else value for key, value in tables.items()}
    return {key: value for key, value in inner.items() if value is not None}


def _decoded(path: Path, kind: type[T], advice: str) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind, dec_hook=input_spec_hook)
    except (OSError, msgspec.DecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}): {advice}") from error


def dataset_from_recipe(table: DataTable, folder: Path) -> Dataset:
    """The recipe's data set with its per-window preprocessing done, and written down in its signal.

    ConfigError for preprocessing of what is no signal.
    """
    dataset = load_dataset(table.name, folder, table.options)
    if not table.preprocessing:
        return dataset
    before = require_signal(dataset.signal, "data.preprocessing is for")
    signal = msgspec.structs.replace(before, preprocessing=(*before.preprocessing, *table.preprocessing))
    return dataclasses.replace(dataset, x=preprocess(dataset.x, table.preprocessing), signal=signal)


def split_from_recipe(recipe: Recipe, dataset: Dataset) -> Split:
    """The recipe's split of its data set: seeded, or the published one; ConfigError where the set has none."""
    if recipe.data.split == "published":
        if recipe.data.split_by != "windows":
            raise ConfigError(f"the published split of {dataset.name} is as it is: leave data.split_by out")
        if dataset.published is None:
            raise ConfigError(f"{dataset.name} has no published split: give data.split three shares")
        return dataset.published
    if recipe.data.split_by == "wearers":
        if dataset.wearers is None:
            raise ConfigError(f"{dataset.name} does not tell its wearers apart: set data.split_by = 'windows'")
        return wearer_split(dataset.y, dataset.wearers, recipe.data.split, recipe.seed)
    return stratified_split(dataset.y, recipe.data.split, recipe.seed)
