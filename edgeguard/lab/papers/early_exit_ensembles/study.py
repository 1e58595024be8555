"""The paper's study on one recipe: nets trained where they are missing, ε chosen, every net attacked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.papers.beside import beside
from edgeguard.lab.papers.early_exit_ensembles.measured import MeasuredRun, Question
from edgeguard.lab.papers.early_exit_ensembles.paper import AIM_F1, COLUMNS, PGD, ROWS, UNDEFENDED
from edgeguard.lab.papers.early_exit_ensembles.plan import Asked, Plan
from edgeguard.lab.papers.early_exit_ensembles.recipes import options_of, training_steps
from edgeguard.lab.papers.progress import Ledger, Standing
from edgeguard.lab.recipe import Recipe
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.lab.training import BatchFacts, train

Answer = dict[str, Any]


class Study:
    """One plan carried out; what is finished already is not done again."""

    def __init__(self, plan: Plan, dataset: Dataset, tell: Callable[[Standing], None]) -> None:
        self._plan, self._dataset, self._table = plan, dataset, plan.nets.base.evaluation
        split = split_from_recipe(plan.nets.base, dataset)
        self._training, self._testing = len(split.train), len(split.test)
        work = plan.work(self._training, self._testing)
        self._ledger = Ledger(work, len(plan.trained) * len(plan.seeds), tell)

    def figures(self) -> dict[str, Any]:
        """All of them, as they stand in the results file."""
        plan = self._plan
        epsilon, f1 = self._chosen_epsilon()
        found = {row: self._answers(row, epsilon, plan.attacks_on(row, epsilon)) for row in plan.rows}
        return {
            "title": plan.published.title if plan.published else plan.nets.base.name,
            "scale": plan.scale_text,
            "otherwise": plan.published.otherwise if plan.published else "",
            "units": self._dataset.signal.input_units,
            "training_windows": self._training,
            "test_windows": self._testing,
            "epsilons": list(plan.nets.epsilons),
            "epsilon": epsilon,
            "epsilon_f1": f1,
            "epsilon_aim_f1": self._aim_f1,
            "steps": self._table.steps,
            "training_steps": training_steps(plan.nets.base),
            "rows": [self._row(row, epsilon, answers) for row, answers in found.items()],
            "warnings": [
                warning for row, answers in found.items() for warning in self._warnings(row, epsilon, answers)
            ],
        }

    @property
    def _aim_f1(self) -> float:
        aim = self._plan.paper(UNDEFENDED, PGD, "f1")
        return AIM_F1 if aim is None else aim

    def _chosen_epsilon(self) -> tuple[float, dict[str, Any]]:
        """ε*, and the undefended nets' F1 there."""
        epsilons = self._plan.nets.epsilons
        answers = self._answers(UNDEFENDED, None, [(PGD, epsilon) for epsilon in epsilons])
        f1 = [beside([answer["f1"] for answer in over_seeds]) for over_seeds in zip(*answers, strict=True)]
        return min(zip(epsilons, f1, strict=True), key=lambda pair: abs(pair[1]["ours"]["mean"] - self._aim_f1))

    def _answers(self, row: str, epsilon: float | None, asked: Sequence[Asked]) -> list[list[Answer]]:
        """For each seed: the net trained where it is not, and its figures in the order asked."""
        plan, answers = self._plan, []
        for seed in plan.seeds:
            recipe = plan.nets.recipe(row, seed, epsilon)
            run = Run(plan.runs / plan.nets.folder(row, recipe))
            self._ledger.begin((row, seed), f"{ROWS[row].title}, seed {seed}")
            self._train(row, recipe, run)
            measured = MeasuredRun(run, self._dataset, plan.device)
            answers.append([self._answer(measured, (row, seed, key), *(key, radius)) for key, radius in asked])
        return answers

    def _train(self, row: str, recipe: Recipe, run: Run) -> None:
        item, work = (row, recipe.seed, "training"), self._plan.epoch_work(row, self._training)

        def on_batch(facts: BatchFacts) -> None:
            self._ledger.spend(item, work / facts.batches)
            self._ledger.say(f"epoch {facts.epoch} of at most {facts.epochs}, loss {facts.loss:.3f}")

        train(recipe, self._dataset, run, device=self._plan.device, on_batch=on_batch)
        self._ledger.drop(item)

    def _answer(self, measured: MeasuredRun, item: tuple[str, int, str], key: str, epsilon: float | None) -> Answer:
        column, work = COLUMNS[key], self._plan.attack_work(key, self._testing)
        question = Question(column.attack, options_of(column, self._table.steps), epsilon, self._table.ece_bins)
        if (known := measured.known(question)) is not None:
            self._ledger.drop(item, work)
            return known
        self._ledger.say(_attack_text(key, epsilon))
        answer = measured.answer(question)
        self._ledger.spend(item, work)
        return answer

    def _row(self, row: str, epsilon: float, answers: Sequence[Sequence[Answer]]) -> dict[str, Any]:
        """One net over seeds: a cell for each attack and ε; the paper's figures stand at its own ε, so at ε*."""
        cells = []
        for (key, radius), found in zip(self._plan.attacks_on(row, epsilon), zip(*answers, strict=True), strict=True):
            in_paper = radius in {None, epsilon}
            figures = {
                name: beside([one[name] for one in found], self._plan.paper(row, key, name) if in_paper else None)
                for name in ("f1", "ece")
            }
            last = {"f1_last_exit": beside([one["f1_last_exit"] for one in found])}
            cells.append({"attack": key, "epsilon": radius, **figures, **last})
        return {"row": row, "title": ROWS[row].title, "attacks": cells}

    def _warnings(self, row: str, epsilon: float, answers: Sequence[Sequence[Answer]]) -> list[str]:
        """What the attacks' self-checks say."""
        asked = self._plan.attacks_on(row, epsilon)
        return [
            f"{ROWS[row].title}, seed {seed}, {_attack_text(*attack)}: {warning}"
            for seed, found in zip(self._plan.seeds, answers, strict=True)
            for attack, answer in zip(asked, found, strict=True)
            for warning in answer["warnings"]
        ]


def _attack_text(key: str, epsilon: float | None) -> str:
    return COLUMNS[key].title + ("" if epsilon is None else f" at ε = {epsilon:g}")
