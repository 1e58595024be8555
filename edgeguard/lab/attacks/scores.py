"""The class scores that an attack on decisions looks at: those of one exit, or of the averaged exits."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from edgeguard.lab.attacks.objective import ensemble_logits, exit_at
from edgeguard.lab.nets.early_exit import Net

ScoreView = Literal["last", "ensemble"] | int


def class_scores(net: Net, x: Tensor, view: ScoreView) -> Tensor:
    """Scores (batch, classes) whose largest is the verdict: logits of an exit, or the averaged exits' log softmax.

    ConfigError where the network has no such exit; no stage behind it is run.
    """
    if view == "ensemble":
        return ensemble_logits(net(x))
    return net.logits_at(x, exit_at(net, -1 if view == "last" else view))
