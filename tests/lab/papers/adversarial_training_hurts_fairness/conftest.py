"""Studies as a results file has them, made of random answers of nets that were never trained."""

from __future__ import annotations

import numpy as np
import pytest

from edgeguard.lab.papers.adversarial_training_hurts_fairness.figures import (
    Samples,
    clean_figures,
    least_figures,
    left_out_figures,
    success_figures,
)
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import PUBLISHED
from edgeguard.lab.papers.adversarial_training_hurts_fairness.rows import row_figures
from edgeguard.metrics.unfairness import Sampling

MOST = 1.0
QUICK = Sampling(resamples=30, permutations=19)


def samples_of(classes, per_class=10, groups=(), **changes):
    y = np.repeat(np.arange(len(classes)), per_class)
    found = {name: np.array(values)[np.arange(len(y)) % len(values)] for name, values in groups}
    return Samples(
        **{
            "y": y,
            "classes": classes,
            "groups": found,
            "wearers": None,
            "truths": classes,
            "fewest": 2,
            "sampling": QUICK,
            **changes,
        }
    )


def confidences_of(samples, rng, sure=2.0):
    """Softmax of noise that leans to the true class."""
    logits = rng.standard_normal((len(samples.y), len(samples.classes)))
    logits[np.arange(len(samples.y)), samples.y] += sure
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def net_of(seed, samples, epsilons, *, radius, left_out=0, sure=2.0):
    """What `Study` finds of one net."""
    rng = np.random.default_rng(seed)
    clean = confidences_of(samples, rng, sure)
    shares = np.full(len(samples.classes), 1 / len(samples.classes))
    hard = (samples.y + 1) / (len(samples.classes) + 1)
    fooled = {epsilon: rng.random(len(samples.y)) < hard for epsilon in epsilons}
    net = {
        "seed": seed,
        "clean": clean_figures(clean, samples),
        "success": success_figures(fooled, samples, shares, radius),
        "least": least_figures(rng.random(len(samples.y)) * (samples.y + 1), samples, MOST),
        "transferred_accuracy": 0.5 + 0.01 * seed,
    }
    if left_out:
        others = np.stack([confidences_of(samples, rng, sure) for _ in range(left_out)])
        net["left_out"] = left_out_figures(clean, others, others[::-1], QUICK)
    return net


@pytest.fixture(scope="session")
def study():
    """A study by its key and rows."""

    def make(key, rows, classes, *, epsilons, groups=(), seeds=(0, 1), left_out=0, **changes):
        samples = samples_of(classes, groups=groups)
        of = [
            [net_of(seed, samples, epsilons, radius=epsilons[0], left_out=left_out, sure=sure) for seed in seeds]
            for sure in (2.0, 1.0)
        ]
        nets = {row: of[min(number, 1)] for number, row in enumerate(rows)}
        published = PUBLISHED.get(key, {})
        found = [row_figures(row, nets[row], nets[rows[0]], published.get(row), epsilons[0]) for row in rows]
        facts = {"title": key, "scale": "full", "otherwise": "", "units": "units", "classes": list(classes)}
        facts |= {"training_samples": 9, "test_samples": 9, "attacked_samples": 9, "radius": epsilons[0], "steps": 20}
        facts |= {"epsilons": list(epsilons), "most": MOST, "tolerance": 0.01, "measures": [], "seeds": list(seeds)}
        return {**facts, "rows": found, **changes}

    return make


@pytest.fixture(scope="session")
def adult(study):
    races = ("White", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Black", "Other")
    groups = (("sex", ("Female", "Male")), ("race", races))
    classes, epsilons = ("<=50K", ">50K"), (10.0, 15.0, 20.0)
    return study("adult", ("standard", "robust"), classes, epsilons=epsilons, groups=groups, left_out=3)


@pytest.fixture(scope="session")
def cifar10(study):
    classes = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    return study("cifar10", ("standard", "robust", "on-the-fly"), classes, epsilons=(0.01, 0.012, 0.014), left_out=100)


@pytest.fixture(scope="session")
def exits(study):
    rows = ("undefended", "exits", "exits-decorrelated", "adversarial", "exits-adversarial")
    return study("ecg5000", rows, ("Normal", "Abnormal"), epsilons=(0.1, 0.2, 0.3), seeds=(0, 1, 2))
