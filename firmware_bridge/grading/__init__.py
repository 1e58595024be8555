"""What a wearable's firmware and link are worth, from what `firmware_bridge.examination` observed of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firmware_bridge.grading.answers import of_answers
from firmware_bridge.grading.clocks import of_clocks
from firmware_bridge.grading.findings import Finding
from firmware_bridge.grading.observations import Observations
from firmware_bridge.grading.stream import of_stream


@dataclass(frozen=True)
class Report:
    """All findings, and what they come to.

    Attributes:
        grade: ``good``: all is as it should be; ``fair``: some findings are notes; ``poor``: something is wrong.
        findings: In the order in which things are best mended.
        figures: What was measured, by name, with its unit in the name.
    """

    grade: Literal["good", "fair", "poor"]
    findings: tuple[Finding, ...]
    figures: dict[str, float]


def grade(seen: Observations) -> Report:
    """Grade what was seen; checks for which nothing was seen are left out."""
    figures: dict[str, float] = {}
    findings = (*of_answers(seen, figures), *of_stream(seen, figures), *of_clocks(seen, figures))
    kinds = {one.kind for one in findings}
    return Report("poor" if "wrong" in kinds else "fair" if "note" in kinds else "good", findings, figures)
