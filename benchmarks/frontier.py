"""The frontier of clean against robust F1 for all defenses of exits, attack by attack.

``python -m benchmarks.frontier``; ``--recipe`` and ``--set`` take another network and data set; its defenses then keep
the options they have on ECG5000 as multiples of ε. Finished runs and answers are used again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import click
import msgspec

from benchmarks import RESULTS
from benchmarks.ecg5000_fcnet import spread
from benchmarks.frontier_drawing import draw
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.papers.early_exit_ensembles.measured import MeasuredRun, Question
from edgeguard.lab.recipe import DefenseTable, Recipe, load_recipe
from edgeguard.lab.run import Run, dataset_from_recipe
from edgeguard.lab.training import train
from edgeguard.record import write_result

AIM_F1: Final = 0.33  # of the undefended net under PGD, as in the paper's Table I
UNDEFENDED: Final = "undefended"


@dataclass(frozen=True)
class Row:
    """A way of training.

    Attributes:
        title: As the table has it.
        defense: What its [defense] is for a radius ε, by name and options; None is clean training.
        exits: Whether there are early exits.
        examples: Whether adversarial examples are made for its training.
    """

    title: str
    defense: Mapping[str, Any] = field(default_factory=dict)
    exits: bool = True
    examples: bool = False


def apart(share: float, **options: float) -> dict[str, Any]:
    """[defense] of exits trained apart, its radius as a share of ε."""
    return {"name": "decorrelated", "share": share, "options": options}


def attacked(attack: str, loss: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """[defense] of adversarial training within ε."""
    options: dict[str, Any] = {"attack": attack, "attack_options": {"steps": 10}}
    return {"name": "adversarial", "share": 1.0, "options": options, "loss": loss}


ROWS: Final = {
    UNDEFENDED: Row("undefended", exits=False),
    "exits": Row("exits"),
    "growth": Row("exits, short gradients alone", apart(0.5, alignment=0.0)),
    "alignment": Row("exits, unaligned gradients alone", apart(0.5, growth=0.0, alignment=3.0)),
    "apart": Row("exits trained apart", apart(0.5)),
    "at": Row("adversarial training, no exits", attacked("pgd"), exits=False, examples=True),
    "at-avg": Row("exits, adversarial training (PGD-AVG)", attacked("pgd_avg"), examples=True),
    "at-apart": Row(
        "exits trained apart, adversarial training (PGD-AVG)", attacked("pgd_avg", apart(0.5)), examples=True
    ),
}
# attack -> its options; those of the paper end where PGD ends, the others where the averaged exits are fooled
STEPPED: Final[dict[str, dict[str, Any]]] = {"pgd": {}, "pgd_avg": {}, "pgd_max": {}}
OTHERS: Final[dict[str, dict[str, Any]]] = {
    "apgd_ce": {"steps": 30, "view": "ensemble", "leave": True},
    "pgd_margin": {"steps": 20, "view": "ensemble", "leave": True},
    "square": {"queries": 300, "leave": True},
    "transfer": {"attack": "pgd", "options": {"steps": 20}},
    "quiet": {"steps": 15, "rounds": 3, "leave": True},
}
OF_EXITS: Final = frozenset({"pgd_avg", "pgd_max", "quiet"})


@dataclass(frozen=True)
class Study:
    """Where nets are trained and measured.

    Attributes:
        source: Released name or path of the base recipe.
        assignments: Changes to it for every net.
        attacked_epochs: Of training on adversarial examples, at most.
        attacks: Those that nets are measured under; all where there are none.
        windows: About how many test windows are measured; all where it is None.
    """

    source: str
    assignments: tuple[str, ...]
    attacked_epochs: int
    attacks: tuple[str, ...]
    windows: int | None
    runs: Path
    data: Path

    def recipe(self, key: str, seed: int, epsilon: float) -> Recipe:
        """The recipe of one net; trained within ε where its defense has a radius."""
        row = ROWS[key]
        base = load_recipe(self.source, [*self.assignments, f"seed={seed}", f"net.exits={str(row.exits).lower()}"])
        if not row.defense:
            return msgspec.structs.replace(base, defense=DefenseTable())
        training = base.training
        if row.examples:
            training = msgspec.structs.replace(training, epochs=min(training.epochs, self.attacked_epochs))
        return msgspec.structs.replace(base, defense=_defense(row.defense, epsilon), training=training)

    def measured(self, key: str, seed: int, epsilon: float, dataset: Dataset) -> MeasuredRun:
        """One net, trained now where it is not there."""
        run, recipe = Run(self.folder(key, seed, epsilon)), self.recipe(key, seed, epsilon)
        train(recipe, dataset, run)
        return MeasuredRun(run, dataset, "cpu", self.windows)

    def folder(self, key: str, seed: int, epsilon: float) -> Path:
        """Of one net's run."""
        name = Path(self.source).stem if self.source.endswith(".toml") else self.source
        return self.runs / f"{name}-{key}{f'-{epsilon:g}' if ROWS[key].defense else ''}-{seed}"

    def questions(self, key: str, seed: int, epsilon: float) -> dict[str, Question]:
        """What is asked of one net at ε; the transfer attack has the undefended twin of the same windows."""
        steps = {name: {**options, "steps": 20} for name, options in STEPPED.items()}
        twin = {"transfer": {**OTHERS["transfer"], "run": str(self.folder(UNDEFENDED, seed, epsilon))}}
        asked = {**steps, **OTHERS, **twin}
        if key == UNDEFENDED:
            del asked["transfer"]
        row, wanted = ROWS[key], self.attacks or tuple(asked)
        return {
            name: Question(name, options, epsilon, 15)
            for name, options in asked.items()
            if name in wanted and (row.exits or name not in OF_EXITS)
        }


def _defense(defense: Mapping[str, Any], epsilon: float) -> DefenseTable:
    options = {**defense["options"], "epsilon": round(defense["share"] * epsilon, 4)}
    if defense.get("loss"):
        options["loss"] = msgspec.to_builtins(_defense(defense["loss"], epsilon))
    return DefenseTable(name=defense["name"], options=options)


@click.command()
@click.option("--recipe", default="ecg5000-fcnet", show_default=True)
@click.option("--set", "assignments", multiple=True, metavar="TABLE.KEY=VALUE", help="Change the recipe.")
@click.option("--epsilon", type=float, default=0.22, show_default=True, help="Of defenses and attacks.")
@click.option("--curve", default="0.1,0.3", show_default=True, help="Further radii for PGD on the last exit.")
@click.option("--rows", default=",".join(ROWS), show_default=True)
@click.option("--seeds", default="0,1,2,3,4", show_default=True)
@click.option("--attacked-epochs", default=8, show_default=True)
@click.option("--attacks", default="", help="Some of the attacks; all unless given.")
@click.option("--windows", type=int, help="About so many test windows are measured; all unless given.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs/frontier"), show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--scale", default="full", show_default=True, help="What was reduced, for the table's caption.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(  # noqa: PLR0913, PLR0917 - its options
    recipe: str,
    assignments: tuple[str, ...],
    epsilon: float,
    curve: str,
    rows: str,
    seeds: str,
    attacked_epochs: int,
    attacks: str,
    windows: int | None,
    runs: Path,
    data_dir: Path | None,
    scale: str,
    results: Path,
) -> None:
    """Train, attack and write frontier-RECIPE.json."""
    numbers, radii = [int(seed) for seed in seeds.split(",")], [float(word) for word in curve.split(",") if word]
    keys = [UNDEFENDED, *(key for key in rows.split(",") if key != UNDEFENDED)]
    try:
        asked = tuple(word for word in attacks.split(",") if word)
        study = Study(recipe, assignments, attacked_epochs, asked, windows, runs, data_folder(data_dir))
        answers = {key: [_asked(study, key, seed, epsilon, radii) for seed in numbers] for key in keys}
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    figures = {
        "epsilon": epsilon,
        "aim_f1": AIM_F1,
        "rows": [{"row": key, **row_figures(ROWS[key], answers[key])} for key in keys],
    }
    path = write_result(
        f"frontier-{Path(recipe).stem}", figures, libraries=("torch",), scale=scale, seeds=numbers, folder=results
    )
    picture = path.with_suffix(".svg")
    draw(figures, picture)
    click.echo(f"written to {path} and {picture}")


def _asked(study: Study, key: str, seed: int, epsilon: float, curve: Sequence[float]) -> dict[str, Any]:
    """All answers about one net, by attack; ``curve`` by radius."""
    recipe = study.recipe(key, seed, epsilon)
    net = study.measured(key, seed, epsilon, dataset_from_recipe(recipe.data, study.data))
    clean = _answer(net, Question(None, {}, None, 15))
    found = {name: _answer(net, question) for name, question in study.questions(key, seed, epsilon).items()}
    radii = {f"{radius:g}": _answer(net, Question("pgd", {"steps": 20}, radius, 15)) for radius in curve}
    shown = {name: round(answer["f1"], 3) for name, answer in found.items()}
    click.echo(f"{key} {seed}: clean {clean['f1']:.3f} {shown}")
    return {"clean": clean, "attacks": found, "curve": radii}


def _answer(net: MeasuredRun, question: Question) -> dict[str, Any]:
    return net.known(question) or net.answer(question)


def row_figures(row: Row, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread over seeds of every figure, and how much stronger than PGD the strongest other attack is."""
    attacks = list(answers[0]["attacks"])
    f1 = {name: [answer["attacks"][name]["f1"] for answer in answers] for name in attacks}
    stronger = {name: fmean(f1["pgd"]) - fmean(values) for name, values in f1.items() if name in OTHERS}
    return {
        "title": row.title,
        "exits": row.exits,
        "adversarial_examples": row.examples,
        "clean": spread([answer["clean"]["f1"] for answer in answers]),
        "attacks": {name: spread(values) for name, values in f1.items()},
        "curve": {radius: spread([one["curve"][radius]["f1"] for one in answers]) for radius in answers[0]["curve"]},
        "strongest_other": max(stronger, key=stronger.__getitem__, default=""),
        "stronger_by": max(stronger.values(), default=0.0),
    }


if __name__ == "__main__":
    command()
