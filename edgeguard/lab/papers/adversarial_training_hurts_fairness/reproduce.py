"""An order for this paper carried out, written down, drawn and put into tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from edgeguard import files
from edgeguard.lab.accelerator import accelerator_name
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import answer_tables
from edgeguard.lab.papers.adversarial_training_hurts_fairness.asked import OWN, Asked
from edgeguard.lab.papers.adversarial_training_hurts_fairness.drawings import drawn, exit_bars
from edgeguard.lab.papers.adversarial_training_hurts_fairness.figure_tables import figure_table
from edgeguard.lab.papers.adversarial_training_hurts_fairness.page import Shown, render_page
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import FIGURES, TABLES
from edgeguard.lab.papers.adversarial_training_hurts_fairness.plan import Plan
from edgeguard.lab.papers.adversarial_training_hurts_fairness.study import Study
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import REDUCED
from edgeguard.lab.papers.adversarial_training_hurts_fairness.tables import paper_table
from edgeguard.lab.papers.progress import Standing
from edgeguard.lab.papers.reproduction import Order, Reproduced
from edgeguard.lab.run import dataset_from_recipe
from edgeguard.record import write_result

NAME: Final = "adversarial-training-hurts-fairness"
_LIBRARIES: Final = ("torch", "numpy", "fairlearn", "lightning-fabric")

Studies = Mapping[str, dict[str, Any]]


def reproduce(order: Order, tell: Callable[[Standing], None]) -> Reproduced:
    """Tables and figures asked for, ours beside the paper's; ConfigError where the order makes no sense.

    Writes ``adversarial-training-hurts-fairness.json``, an HTML page of the same name, and a PNG for each figure; their
    names end in the recipe's where the order names one, and in the scale where it is not full.
    """
    asked = Asked(order)
    plans = asked.plans()
    studies = _studies(plans, order.data, tell)
    shown = [*_shown_tables(asked, studies), *_shown_figures(asked, studies)]
    written = _written(asked, plans, studies, shown)
    return Reproduced(tuple(table for part in shown for table in part.tables), tuple(written))


def _studies(plans: Mapping[str, Plan], data: Path, tell: Callable[[Standing], None]) -> Studies:
    """The figures of each study by key; a data set that is missing shows before anything is trained."""
    datasets = {key: dataset_from_recipe(plan.nets.base.data, data) for key, plan in plans.items()}
    return {
        key: Study(plan, datasets[key], tell, _files(plan.nets.base.data.name, data)).figures()
        for key, plan in plans.items()
    }


def _files(name: str, data: Path) -> list[str]:
    """Names of the files that a data set is read from, where it has any."""
    found = FACTS[name].find(data) if name in FACTS else None
    return [path.name for path in found or ()]


def _shown_tables(asked: Asked, studies: Studies) -> Iterable[Shown]:
    for key in asked.tables:
        if key == OWN:
            yield from (_exits(name, study) for name, study in studies.items() if asked.answers(name))
        else:
            found = [studies[name] for name in TABLES[key].studies if name in studies]
            yield Shown(TABLES[key].title, tuple(paper_table(study, key) for study in found))


def _exits(name: str, study: dict[str, Any]) -> Shown:
    title = f"{TABLES[OWN].title} {study['title']}"
    drawing = exit_bars(study) if len(study["rows"]) > 1 else None
    return Shown(title, tuple(answer_tables(study)), drawing, f"fairness-exits-{name}")


def _shown_figures(asked: Asked, studies: Studies) -> Iterable[Shown]:
    for key in asked.figures:
        (name,) = FIGURES[key].studies
        table, drawing = figure_table(studies[name], key), drawn(studies[name], key)
        yield Shown(FIGURES[key].title, (table,), drawing, f"fairness-figure-{key}")


def _written(asked: Asked, plans: Mapping[str, Plan], studies: Studies, shown: list[Shown]) -> list[Path]:
    order = asked.order
    end = ("-" + "-".join(plans) if order.recipe else "") + ("-reduced" if asked.scale_name == REDUCED else "")
    result = write_result(
        f"{NAME}{end}",
        studies,
        libraries=_LIBRARIES,
        scale=" / ".join(dict.fromkeys(plan.scale_text for plan in plans.values())),
        seeds=sorted({seed for plan in plans.values() for seed in plan.seeds}),
        accelerator=accelerator_name(order.device),
        folder=order.results,
    )
    page = order.results / f"{NAME}{end}.html"
    files.write_text(page, render_page(list(studies.values()), shown))
    scale = "-reduced" if asked.scale_name == REDUCED else ""
    drawings = {order.results / f"{part.file}{scale}.png": part.drawing for part in shown if part.drawing}
    for path, png in drawings.items():
        files.write_bytes(path, png)
    return [result, page, *drawings]
