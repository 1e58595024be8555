"""One row of a study over seeds: every figure beside the paper's, and held against the reference row's nets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgeguard.lab.papers.adversarial_training_hurts_fairness.differences import paired
from edgeguard.lab.papers.adversarial_training_hurts_fairness.measures import (
    ACCURACY,
    CAU,
    CRU_EPSILON,
    LUF,
    ROBUST_ACCURACY,
    TRANSFERRED,
    cru_s,
    eou,
    figures_of,
)
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import Published
from edgeguard.lab.papers.adversarial_training_hurts_fairness.subjects import TITLES
from edgeguard.lab.papers.beside import beside

Net = Mapping[str, Any]


def row_figures(
    row: str, nets: Sequence[Net], reference: Sequence[Net], published: Published | None, radius: float
) -> dict[str, Any]:
    """What stands in the results file of one row.

    ``figures``: ours over seeds, the paper's and the difference, by name; ``differences``: against the reference row;
    ``nets``: each seed's, with intervals, p-values and groups.
    """
    ours, theirs = ([figures_of(net, radius) for net in found] for found in (nets, reference))
    paper = published_figures(published) if published else {}
    names = list(dict.fromkeys(name for net in ours for name in net))
    figures, differences = {}, {}
    for name in names:
        values = [net.get(name) for net in ours]
        defined = [value for value in values if value is not None]
        if defined:
            figures[name] = beside(defined, paper.get(name))
        if found := paired(values, [net.get(name) for net in theirs]):
            differences[name] = found
    return {
        "row": row,
        "title": TITLES[row],
        "figures": figures,
        "differences": {} if nets is reference else differences,
        "nets": list(nets),
    }


def published_figures(published: Published) -> dict[str, float]:
    """The paper's figures of one net by our names; EOU from its table of mean confidences."""
    found = {
        ACCURACY: published.accuracy,
        ROBUST_ACCURACY: published.robust_accuracy,
        TRANSFERRED: published.robust_accuracy,
        CAU: published.class_gap,
        **{cru_s(epsilon): gap for epsilon, gap in published.success_gaps.items()},
    }
    if published.least_epsilon_gap is not None:
        found[CRU_EPSILON] = published.least_epsilon_gap
    if published.left_out is not None:
        found |= dict(zip(LUF, published.left_out, strict=True))
    for (attribute, truth), means in published.confidences.items():
        found[eou(attribute, truth)] = max(means.values()) - min(means.values())
    return found
