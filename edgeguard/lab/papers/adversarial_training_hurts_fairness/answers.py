"""What was measured of a run, sample by sample, each answer kept beside its weights as soon as it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.accelerator import fabric_on
from edgeguard.lab.attacking import perturb, robust_windows
from edgeguard.lab.attacks import Attack, attack_named
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.data.dataset import Dataset, Labels
from edgeguard.lab.inference import logits_of
from edgeguard.lab.least_epsilon import least_epsilons
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.lab.weights import read_tensors, write_tensors

Array = NDArray[Any]

ATTACK: Final = "pgd_avg"  # all exits at once; with one exit it is PGD


@dataclass(frozen=True)
class Asking:
    """How every net of a study is measured.

    Attributes:
        steps: Of PGD.
        bounds: Smallest and largest value of the input, where it has any.
        per_class: Test samples of each class that are attacked, at most; None for all.
        most: Largest ε that is tried for the least one.
        tolerance: Of the least ε.
        device: Where torch computes.
    """

    steps: int
    bounds: tuple[float, float] | None
    per_class: int | None
    most: float
    tolerance: float
    device: str

    def attack(self, epsilon: float) -> Attack:
        """PGD on the averaged exits within ε."""
        return attack_named(ATTACK, Threat(epsilon, self.bounds), {}, steps=self.steps)


class Kept:
    """Arrays by question in a folder; a question that was asked with other options is another one.

    Attributes:
        folder: Where they lie.
        asked: How many questions had no answer yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, 0

    def known(self, what: str, options: Mapping[str, Any]) -> Array | None:
        """The answer, where it was given before; DataError where it cannot be read."""
        path = self._path(what, options)
        return np.asarray(read_tensors(path)[0]["answer"].numpy()) if path.is_file() else None

    def answer(self, what: str, options: Mapping[str, Any], ask: Callable[[], Array]) -> Array:
        """The answer known, or else the one that `ask` gives, kept at once."""
        found = self.known(what, options)
        if found is None:
            self.asked += 1
            found = ask()
            tensor = torch.from_numpy(np.ascontiguousarray(found))
            write_tensors(self._path(what, options), {"answer": tensor}, {"question": _key(what, options)})
        return found

    def _path(self, what: str, options: Mapping[str, Any]) -> Path:
        digest = hashlib.sha256(_key(what, options).encode()).hexdigest()
        return self.folder / f"{what}-{digest[:12]}.safetensors"


def _key(what: str, options: Mapping[str, Any]) -> str:
    return msgspec.json.encode({"what": what, **options}, order="deterministic").decode()


class Answers:
    """A trained run, and what its test samples tell."""

    def __init__(self, run: Run, dataset: Dataset, asking: Asking) -> None:
        self._run, self._dataset, self._asking = run, dataset, asking
        self.kept = Kept(run.folder / "answers")

    @cached_property
    def test(self) -> NDArray[np.int64]:
        """Indices of the test samples."""
        return split_from_recipe(self._run.recipe(), self._dataset).test

    @cached_property
    def attacked(self) -> NDArray[np.int64]:
        """Indices of those that are attacked."""
        return self.test[evenly(self._dataset.y[self.test], self._asking.per_class)]

    def confidences(self) -> NDArray[np.float32]:
        """(n, classes) of the averaged exits on the test samples."""
        return self.kept.answer("clean", {}, lambda: averaged(self.net, self._dataset.x[self.test]))

    def fooled(self, epsilon: float) -> NDArray[np.bool_]:
        """(attacked,) which samples are wrong clean, or somewhere on the way of PGD within ε."""
        return self.kept.answer("success", self.success_question(epsilon), lambda: ~self._withstand(epsilon))

    def least_epsilons(self) -> NDArray[np.float64]:
        """(attacked,) least ε within which PGD misleads; 0 where the clean sample is wrong already."""
        return self.kept.answer("least", self.least_question(), self._least)

    def right_on_those_of(self, other: Answers, epsilon: float) -> NDArray[np.bool_]:
        """(attacked,) which adversarial examples, made within ε for another net, this one gets right."""
        question = {**self.success_question(epsilon), "of": other.weights_sha256}
        return self.kept.answer("transfer", question, lambda: self._right(other.examples(epsilon)))

    def examples(self, epsilon: float) -> NDArray[np.float32]:
        """Adversarial examples of the attacked samples for this net."""
        return perturb(self.net, self._asking.attack(epsilon), *self.part(self.attacked))[0]

    def success_question(self, epsilon: float) -> dict[str, Any]:
        """What `fooled` is kept under."""
        asking = self._asking
        return {"epsilon": epsilon, "steps": asking.steps, "bounds": asking.bounds, "per_class": asking.per_class}

    def least_question(self) -> dict[str, Any]:
        """What `least_epsilons` is kept under."""
        return {**self.success_question(self._asking.most), "tolerance": self._asking.tolerance}

    @property
    def weights_sha256(self) -> str:
        """What tells this net from another."""
        return hashlib.sha256(self._run.weights.read_bytes()).hexdigest()

    @cached_property
    def net(self) -> Net:
        """The trained net, where it is computed."""
        return self._run.net().to(fabric_on(self._asking.device).device)

    def part(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.float32], Labels]:
        """Samples and their classes."""
        return self._dataset.x[chosen], self._dataset.y[chosen]

    def _withstand(self, epsilon: float) -> NDArray[np.bool_]:
        return robust_windows(self.net, self._asking.attack(epsilon), *self.part(self.attacked))

    def _right(self, x: NDArray[np.float32]) -> NDArray[np.bool_]:
        right: NDArray[np.bool_] = averaged(self.net, x).argmax(axis=1) == self._dataset.y[self.attacked]
        return right

    def _least(self) -> NDArray[np.float64]:
        asking = self._asking
        return least_epsilons(
            self.net,
            *self.part(self.attacked),
            most=asking.most,
            tolerance=asking.tolerance,
            attack=ATTACK,
            steps=asking.steps,
            bounds=asking.bounds,
        )


def averaged(net: Net, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, classes) confidences of the averaged exits, without temperature."""
    return ensemble(probabilities(logits_of(net, x))).astype(np.float32)


def evenly(y: Labels, per_class: int | None) -> NDArray[np.int64]:
    """Indices of at most so many samples of each class, the same for every net; all for None."""
    if per_class is None:
        return np.arange(len(y))
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(y == label) for label in np.unique(y)]
    return np.sort(np.concatenate([rng.permutation(one)[:per_class] for one in members]))
