"""A recipe: everything that makes a run, as one TOML file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edgeguard import config, released
from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import score_named
from edgeguard.lab.radius import radius_from

Name = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]  # of folders too
Positive = Annotated[int, msgspec.Meta(gt=0)]
_FINITE = sys.float_info.max
PositiveFloat = Annotated[float, msgspec.Meta(gt=0, le=_FINITE)]
NotNegativeFloat = Annotated[float, msgspec.Meta(ge=0, le=_FINITE)]
Epsilon = PositiveFloat | tuple[PositiveFloat, ...] | str
Fraction = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class DataTable(_Table, frozen=True, kw_only=True):
    """[data]: which set, its loader's options, the split and the per-window preprocessing.

    Attributes:
        name: Registered data set.
        options: Passed to its loader.
        split: Shares of train, validation and test, drawn with the seed; or ``published``, where the set has one.
        split_by: What is drawn: single ``windows``, or whole ``wearers``, so that the test is on other people.
        preprocessing: Names of per-window steps, applied in order.
    """

    name: str
    options: dict[str, Any] = {}
    split: tuple[float, float, float] | Literal["published"] = (0.8, 0.1, 0.1)
    split_by: Literal["windows", "wearers"] = "windows"
    preprocessing: tuple[str, ...] = ()


class NetTable(_Table, frozen=True, kw_only=True):
    """[net]: which backbone, its options, and its exits.

    Attributes:
        name: Registered backbone or network.
        options: Passed to the backbone.
        exits: False trains the undefended twin: the same backbone with its own head alone.
        taps: For a network that is not made of our blocks: its submodules that get an exit; see `with_exits`.
        placement: ``blockwise``: an exit after every block; ``semantic``: one at the end of each group of
            blocks, of which the last one's is the backbone's own head.
        gamma: Capacity factor of the exit heads (Eq. 3); 0 is one linear layer.
        detached: The early heads learn from the features as they are: their losses do not train the backbone.
    """

    name: str
    options: dict[str, Any] = {}
    exits: bool = True
    taps: tuple[str, ...] = ()
    placement: Literal["blockwise", "semantic"] = "blockwise"
    gamma: NotNegativeFloat = 0.0
    detached: bool = False


class DefenseTable(_Table, frozen=True, kw_only=True):
    """[defense]: which way of training, and its options."""

    name: str = "standard"
    options: dict[str, Any] = {}


class TrainingTable(_Table, frozen=True, kw_only=True):
    """[training]: the optimizer, which windows it sees how often, and when to stop.

    Attributes:
        learning_rate: Of Adam.
        batch_size: Windows in a batch.
        epochs: At most.
        patience: Epochs without a better validation accuracy after which training stops.
        weight_decay: Of Adam.
        epoch_windows: Windows after which an epoch ends, drawn anew for each; all of them where it is not given.
        balance: 0: every window once an epoch. Above: as many windows as there are, drawn with replacement and with a
            probability ∝ (windows of their class)^-balance, so that 1 shows all classes alike; the validation windows
            then weigh as much as training windows of their class.
    """

    learning_rate: PositiveFloat = 1e-3
    batch_size: Positive = 128
    epochs: Positive = 100
    patience: Positive = 5
    weight_decay: NotNegativeFloat = 0.0
    epoch_windows: Positive | None = None
    balance: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0


class EvaluationTable(_Table, frozen=True, kw_only=True):
    """[evaluation]: what is measured after training.

    Attributes:
        ece_bins: Bins of the calibration error.
        epsilons: Radii of the attacks: numbers in the unit of the network's input, lists of one per channel, or ratios
            of signal to noise (``"20 dB"``).
        norm: Of the ball.
        bounds: Smallest and largest value of the input; not given: those of the data, where it has any.
        steps: Of every attack that takes steps and whose options do not say.
        attacked_windows: About how many test windows are attacked, drawn with the seed: each class with its share, but
            at least one; all where it is not given.
        least_epsilons: Search for the least ε that misleads each attacked window, up to the largest of `epsilons`.
        intersections: Unfairness also over every two attributes as one.
        attacks: Attacks by name with their options, beside the naive PGD that is always measured; ``pgd`` sets its own.
    """

    ece_bins: Positive = 15
    epsilons: Annotated[tuple[Epsilon, ...], msgspec.Meta(min_length=1)] = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
    norm: Literal["linf", "l2"] = "linf"
    bounds: tuple[float, float] | None = None
    steps: Positive = 20
    attacked_windows: Positive | None = None
    least_epsilons: bool = False
    intersections: bool = False
    attacks: dict[str, dict[str, Any]] = {}


class CalibrationTable(_Table, frozen=True, kw_only=True):
    """[calibration]: the alarm rule, and what early stopping may cost.

    Attributes:
        score: The disagreement score that raises the alarm.
        false_alarm_rate: Promised for clean windows.
        accuracy_loss: Largest share of windows that all exits get right and the policy ``agree`` may get wrong; 0: the
            policy is not offered.
    """

    score: str = "combined"
    false_alarm_rate: Fraction = 0.01
    accuracy_loss: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.01


class Recipe(_Table, frozen=True, kw_only=True):
    """All of a recipe.toml; the same recipe and seed give the same split and the same metrics on the same machine."""

    name: Name
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 0
    description: str = ""
    data: DataTable
    net: NetTable
    defense: DefenseTable = DefenseTable()
    training: TrainingTable = TrainingTable()
    evaluation: EvaluationTable = EvaluationTable()
    calibration: CalibrationTable = CalibrationTable()


def load_recipe(name_or_path: str | Path, assignments: Sequence[str] = ()) -> Recipe:
    """A released recipe by name, or one by path, with ``table.key=value`` assignments on top; ConfigError if wrong."""
    path = released.recipe_path(str(name_or_path))
    tables = config.set_values(config.read_toml(path), assignments)
    return _checked(config.record_from(tables, Recipe, str(path)))


def evaluated_as(recipe: Recipe, assignments: Sequence[str], attacks: Sequence[str] = ()) -> Recipe:
    """A trained run's recipe with other [evaluation] keys and more attacks; ConfigError for keys that training used."""
    for assignment in assignments:
        if not assignment.strip().startswith("evaluation."):
            raise ConfigError(f"{assignment!r}: the run is trained, only evaluation.* can change: train another run")
    tables = config.set_values(msgspec.to_builtins(recipe), assignments)
    chosen: dict[str, Any] = {name: {} for name in attacks if name not in tables["evaluation"]["attacks"]}
    tables["evaluation"]["attacks"] = {**tables["evaluation"]["attacks"], **chosen}
    return _checked(config.record_from(tables, Recipe, "the recipe of the run"))


def _checked(recipe: Recipe) -> Recipe:
    """What types cannot say must not show only after the training."""
    score_named(recipe.calibration.score)
    for epsilon in recipe.evaluation.epsilons:
        if not isinstance(radius_from(epsilon), float) and recipe.evaluation.least_epsilons:
            raise ConfigError(f"evaluation.least_epsilons takes epsilons that are numbers, not {epsilon!r}")
    return recipe
