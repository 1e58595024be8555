"""Which nets are studied on which data: the paper's two, and the exits' on ECG; and how much each scale does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from edgeguard.errors import ConfigError
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import ADULT, CIFAR10, ROBUST, STANDARD
from edgeguard.lab.recipe import Recipe

ON_THE_FLY: Final = "on-the-fly"
UNDEFENDED: Final = "undefended"
EXITS_ALONE: Final = "exits"
DECORRELATED: Final = "exits-decorrelated"
ADVERSARIAL: Final = "adversarial"
EXITS_ADVERSARIAL: Final = "exits-adversarial"

PAPER_ROWS: Final = {
    STANDARD: "standard",
    ROBUST: "robust (adversarial examples merged in)",
    ON_THE_FLY: "robust (each batch attacked anew)",
}
EXIT_ROWS: Final = {
    UNDEFENDED: "undefended",
    EXITS_ALONE: "early-exit ensemble",
    DECORRELATED: "exits, decorrelated",
    ADVERSARIAL: "adversarial training",
    EXITS_ADVERSARIAL: "exits, adversarial training",
}
TITLES: Final[Mapping[str, str]] = {**PAPER_ROWS, **EXIT_ROWS}
FIVE_SEEDS: Final = (0, 1, 2, 3, 4)  # where three leave intervals are too wide to tell anything


@dataclass(frozen=True)
class Size:
    """How much one scale does.

    Attributes:
        text: What is reduced, for the reader; empty where nothing is.
        changes: To the recipe.
        epochs: Of training on clean samples, at most; None leaves it to the recipe.
        attacked_epochs: Of training against an attack, at most.
        per_class: Test samples of each class that are attacked, at most; None for all.
        left_out: Nets that are each trained without one sample.
    """

    text: str = ""
    changes: tuple[str, ...] = ()
    epochs: int | None = None
    attacked_epochs: int | None = None
    per_class: int | None = None
    left_out: int = 100

    def without_changes(self) -> Size:
        """The same epochs for another recipe."""
        text = f"at most {self.epochs} epochs, {self.attacked_epochs} in adversarial training"
        return replace(self, text=text, changes=())


@dataclass(frozen=True)
class Subject:
    """Nets on one data set; the first row is what the others are held against.

    Attributes:
        title: For the reader.
        source: Released name or path of the base recipe.
        rows: Keys of the nets.
        radius: ε of adversarial training and of the robust accuracy, l∞ in the unit of the network's input.
        epsilons: Those of the success rates.
        most: Largest ε that is tried for the least one.
        tolerance: Of the least ε.
        bounds: Smallest and largest value of the input, where it has any.
        sizes: By scale.
        seeds: Unless told.
        truths: The true classes within which groups are compared; None for all.
        fewest: A class with fewer test samples is not compared.
        otherwise: What is not as in the paper where a file of this name is read, by the name.
    """

    title: str
    source: str
    rows: tuple[str, ...]
    radius: float
    epsilons: tuple[float, ...]
    most: float
    tolerance: float
    sizes: Mapping[str, Size]
    seeds: tuple[int, ...] = (0, 1, 2)
    bounds: tuple[float, float] | None = None
    truths: tuple[str, ...] | None = None
    fewest: int = 2
    otherwise: Mapping[str, str] = field(default_factory=dict)


def subject_of(source: str, recipe: Recipe) -> Subject:
    """A study of one's own recipe, in the way of the exits' studies; ConfigError where its radii are no numbers."""
    radii = sorted({epsilon for epsilon in recipe.evaluation.epsilons if isinstance(epsilon, float)})
    if len(radii) < len(set(recipe.evaluation.epsilons)):
        raise ConfigError(f"{source}: this study needs evaluation.epsilons that are numbers, not lists or dB")
    return Subject(
        title=recipe.name,
        source=source,
        rows=tuple(EXIT_ROWS),
        radius=radii[len(radii) // 2],
        epsilons=tuple(radii),
        most=16 * radii[-1],
        tolerance=radii[0] / 20,
        sizes={FULL: Size(), REDUCED: SUBJECTS["ecg5000"].sizes[REDUCED].without_changes()},
        seeds=FIVE_SEEDS,
    )


FULL: Final = "full"
REDUCED: Final = "reduced"
SUBJECTS: Final[Mapping[str, Subject]] = {
    ADULT: Subject(
        title="Adult – MLP",
        source="adult-mlp",
        rows=tuple(PAPER_ROWS),
        radius=10.0,
        epsilons=(10.0, 15.0, 20.0),
        most=320.0,
        tolerance=0.05,
        sizes={FULL: Size(), REDUCED: Size()},
    ),
    "ecg5000": Subject(
        title="ECG5000 – FCNet",
        source="ecg5000-fcnet",
        rows=tuple(EXIT_ROWS),
        seeds=FIVE_SEEDS,
        radius=0.2,
        epsilons=(0.1, 0.2, 0.3),
        most=4.0,
        tolerance=0.005,
        sizes={
            FULL: Size(),
            REDUCED: Size(
                "32 filters instead of 128, at most 30 epochs, 10 in adversarial training",
                ("net.options.filters=32",),
                epochs=30,
                attacked_epochs=10,
            ),
        },
    ),
    CIFAR10: Subject(
        title="CIFAR-10 – CNN",
        source="cifar10-cnn",
        rows=tuple(PAPER_ROWS),
        radius=0.01,
        epsilons=(0.01, 0.012, 0.014),
        most=0.5,
        tolerance=1e-4,
        bounds=(0.0, 1.0),
        sizes={
            FULL: Size(),
            REDUCED: Size(
                "5000 images to learn from and 1000 to test on, at most 8 epochs, 4 where each batch is attacked anew, "
                "50 test images of each class attacked, 2 images left out",
                ("data.options.subset=500",),
                epochs=8,
                attacked_epochs=4,
                per_class=50,
                left_out=2,
            ),
        },
        otherwise={
            "cifar10_jpeg.npz": "The images are not as published: they were stored as JPEG, which blurs them, so that "
            "accuracies and radii are not the paper's."
        },
    ),
    "mitbih": Subject(
        title="MIT-BIH – FCNet",
        source="mitbih-fcnet",
        rows=tuple(EXIT_ROWS),
        radius=0.1,
        epsilons=(0.05, 0.1, 0.2),
        most=4.0,
        tolerance=0.005,
        sizes={
            FULL: Size(),
            REDUCED: Size(
                "16 filters instead of 32, epochs of 8000 beats instead of 40800, at most 8 of them, 4 in adversarial "
                "training, 200 test beats of each class attacked",
                ("net.options.filters=16", "training.epoch_windows=8000"),
                epochs=8,
                attacked_epochs=4,
                per_class=200,
            ),
        },
        truths=("N",),
        fewest=20,
    ),
}
