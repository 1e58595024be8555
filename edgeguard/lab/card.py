"""The model card: what the model is, what it was measured to do, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files as package_files
from typing import Any, Final

import jinja2

from edgeguard.bundle.manifest import Manifest
from edgeguard.exits.disagreement import in_words
from edgeguard.lab.data.facts import FACTS, Facts
from edgeguard.lab.figure_tables import figure_tables
from edgeguard.lab.recipe import Recipe
from edgeguard.lab.run import RunFacts

UNKNOWN_DATA: Final = Facts(
    summary="a data set from another package",
    terms="see that package",
    caution="What the windows stand for, and for whom, is known to the package that holds the data set.",
)


def render_card(manifest: Manifest, recipe: Recipe, facts: RunFacts, figures: Mapping[str, Any]) -> str:
    """The card as Markdown; every figure in it is one of `figures`, the run's metrics.json."""
    environment = jinja2.Environment(
        autoescape=False,  # noqa: S701 - Markdown, not HTML: nothing is to be escaped
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = in_words
    environment.filters["share"] = lambda share: f"{100 * share:.1f} %"
    template = environment.from_string(package_files("edgeguard.lab").joinpath("card.md.j2").read_text("utf-8"))
    data = FACTS.get(recipe.data.name, UNKNOWN_DATA)
    attacks = {"pgd": figures["pgd"], **figures["attacks"]}
    return template.render(
        manifest=manifest,
        recipe=recipe,
        run=facts,
        figures=figures,
        data=data,
        attacks=attacks,
        tables=figure_tables(figures),
    )
