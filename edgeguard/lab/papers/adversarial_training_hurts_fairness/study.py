"""One study carried out: nets trained where they are missing, every net measured, figures made of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from functools import partial
from typing import Any, TypeVar

import numpy as np

from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.papers.adversarial_training_hurts_fairness.answers import Answers
from edgeguard.lab.papers.adversarial_training_hurts_fairness.figures import (
    Array,
    Samples,
    clean_figures,
    least_figures,
    left_out_figures,
    success_figures,
    weighted,
)
from edgeguard.lab.papers.adversarial_training_hurts_fairness.left_out import LeftOut
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import LEAST, LEFT_OUT, SUCCESS, TRANSFER
from edgeguard.lab.papers.adversarial_training_hurts_fairness.plan import Plan
from edgeguard.lab.papers.adversarial_training_hurts_fairness.rows import row_figures
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import TITLES
from edgeguard.lab.papers.progress import Ledger, Standing
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.lab.training import BatchFacts, train

Figures = dict[str, Any]
Net = tuple[str, int]  # row, seed
T = TypeVar("T")


class Study:
    """One plan carried out; what is finished already is not done again. `files` are those that hold the data."""

    def __init__(
        self, plan: Plan, dataset: Dataset, tell: Callable[[Standing], None], files: Collection[str] = ()
    ) -> None:
        self._plan, self._dataset, self._files = plan, dataset, files
        self._asking = plan.asking(dataset.signal.limits)
        split = split_from_recipe(plan.nets.base, dataset)
        self._training, self._test = len(split.train), split.test
        work = plan.work(self._training, self._attacked_at_most())
        self._ledger = Ledger(work, len(plan.rows) * len(plan.seeds), tell)

    def figures(self) -> Figures:
        """All of them, as they stand in the results file."""
        plan, dataset = self._plan, self._dataset
        nets = {row: [self._net((row, seed)) for seed in plan.seeds] for row in plan.rows}
        return {
            "title": plan.subject.title,
            "scale": plan.scale_text,
            "otherwise": " ".join(text for name, text in plan.subject.otherwise.items() if name in self._files),
            "units": dataset.signal.input_units,
            "classes": list(dataset.classes),
            "training_samples": self._training,
            "test_samples": len(self._test),
            "attacked_samples": self._attacked_at_most(),
            "radius": plan.subject.radius,
            "epsilons": list(plan.epsilons),
            "most": plan.subject.most,
            "tolerance": plan.subject.tolerance,
            "steps": plan.nets.base.evaluation.steps,
            "measures": sorted(plan.measures),
            "seeds": list(plan.seeds),
            "rows": [
                row_figures(row, found, nets[plan.rows[0]], plan.published.get(row), plan.subject.radius)
                for row, found in nets.items()
            ],
        }

    def _attacked_at_most(self) -> int:
        """Test samples that are attacked; where each seed has a split of its own, about so many."""
        counts = np.bincount(self._dataset.y[self._test])
        return int(np.minimum(counts, self._plan.size.per_class or len(self._test)).sum())

    def _net(self, net: Net) -> Figures:
        """The net trained where it is not, and all that is asked of it."""
        plan, answers = self._plan, self._answers(net)
        self._ledger.begin(net, f"{plan.subject.title}, {TITLES[net[0]]}, seed {net[1]}")
        self._train(net)
        clean = clean_figures(answers.confidences(), self._samples(answers.test))
        found: Figures = {"seed": net[1], "clean": clean, **self._attacked(net, answers)}
        if plan.left_out(net[0]):
            found["left_out"] = self._left_out(net, answers)
        return found

    def _attacked(self, net: Net, answers: Answers) -> Figures:
        """What attacks show of a net, as far as it is asked for."""
        measures, subject = self._plan.measures, self._plan.subject
        samples, shares = self._samples(answers.attacked), self._shares(answers)
        found: Figures = {}
        if SUCCESS in measures:
            found["success"] = success_figures(self._fooled(net, answers), samples, shares, subject.radius)
        if LEAST in measures:
            least = self._told((*net, LEAST), "least ε", answers, answers.least_epsilons)
            found["least"] = least_figures(least, samples, subject.most)
        if TRANSFER in measures:
            of = self._answers((self._plan.rows[0], net[1]))
            doing = "the standard net's adversarial examples"
            ask = partial(answers.right_on_those_of, of, subject.radius)
            right = self._told((*net, TRANSFER), doing, answers, ask)
            found["transferred_accuracy"] = weighted(right, samples, shares)
        return found

    def _shares(self, answers: Answers) -> Array:
        """(classes,) the share of each class among all test samples."""
        counts = np.bincount(self._dataset.y[answers.test], minlength=len(self._dataset.classes))
        return np.asarray(counts / len(answers.test))

    def _answers(self, net: Net) -> Answers:
        return Answers(Run(self._plan.runs / self._plan.nets.folder(*net)), self._dataset, self._asking)

    def _train(self, net: Net) -> None:
        row, seed = net
        item, work = (row, seed, "training"), self._plan.epoch_work(row, self._training)

        def on_batch(facts: BatchFacts) -> None:
            self._ledger.spend(item, work / facts.batches)
            self._ledger.say(f"epoch {facts.epoch} of at most {facts.epochs}, loss {facts.loss:.3f}")

        recipe, run = self._plan.nets.recipe(row, seed), Run(self._plan.runs / self._plan.nets.folder(row, seed))
        train(recipe, self._dataset, run, device=self._plan.device, on_batch=on_batch)
        self._ledger.drop(item)

    def _fooled(self, net: Net, answers: Answers) -> Mapping[float, Array]:
        return {
            epsilon: self._told(
                (*net, SUCCESS, epsilon), f"PGD at ε = {epsilon:g}", answers, partial(answers.fooled, epsilon)
            )
            for epsilon in self._plan.epsilons
        }

    def _left_out(self, net: Net, answers: Answers) -> Figures:
        """Leave-one-out unfairness, and what another seed alone does."""
        plan, count = self._plan, self._plan.left_out(net[0])
        left_out = LeftOut(plan.nets.recipe(*net), self._dataset, answers, plan.device)
        doing = f"{count} nets without one sample, {count} with another seed"
        return left_out_figures(*self._told((*net, LEFT_OUT), doing, answers, lambda: left_out.confidences(count)))

    def _told(self, item: Hashable, doing: str, answers: Answers, ask: Callable[[], T]) -> T:
        """The answer, with the ledger told of it."""
        asked = answers.kept.asked
        self._ledger.say(doing)
        found = ask()
        if answers.kept.asked > asked:
            self._ledger.spend(item, self._ledger.planned(item))
        self._ledger.drop(item)
        return found

    def _samples(self, chosen: Array) -> Samples:
        dataset, subject = self._dataset, self._plan.subject
        return Samples(
            y=dataset.y[chosen],
            classes=dataset.classes,
            groups={name: of[chosen] for name, of in dataset.groups.items()},
            wearers=None if dataset.wearers is None else dataset.wearers[chosen],
            truths=dataset.classes if subject.truths is None else subject.truths,
            fewest=subject.fewest,
        )
