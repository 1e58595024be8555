"""One HTML page of all that was asked for, with its drawings inside."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeguard import __version__
from edgeguard.lab.page import html_page
from edgeguard.lab.papers.table import Table


@dataclass(frozen=True)
class Shown:
    """A table or figure of the paper as it goes on the page, and where its drawing is kept.

    Attributes:
        title: Of the section.
        tables: In numbers.
        drawing: PNG, where there is one.
        file: Name of the drawing's file.
    """

    title: str
    tables: tuple[Table, ...]
    drawing: bytes | None = None
    file: str = ""


def render_page(studies: Sequence[dict[str, Any]], shown: Sequence[Shown]) -> str:
    """The page as HTML that needs no other file."""
    parts = [
        {
            "title": part.title,
            "tables": part.tables,
            "drawing": base64.b64encode(part.drawing).decode() if part.drawing else "",
        }
        for part in shown
    ]
    return html_page(
        "papers/adversarial_training_hurts_fairness/page.html.j2",
        studies=studies,
        parts=parts,
        version=__version__,
    )
