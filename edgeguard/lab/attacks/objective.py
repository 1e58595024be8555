"""What an attack raises: one loss per window, from the logits of the exits it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Net

LossName = Literal["cross_entropy", "margin", "dlr", "dlr_targeted"]
View = Literal["last", "average", "ensemble"] | int


class Raised(Protocol):
    """What the ascent knows of an objective."""

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of each window (batch,), to be raised, and the logits (batch, exits seen, classes) it came from."""
        ...


@dataclass(frozen=True)
class Objective:
    """A loss of the class scores that a view of the exits gives.

    Attributes:
        loss: ``cross_entropy``, ``margin`` (Carlini & Wagner) or ``dlr`` (Croce & Hein), which for attacks toward a
            class is ``dlr_targeted``.
        view: ``last``: the backbone's own exit (Eq. 6). ``average``: the mean of the loss over all exits (Eq. 7).
            ``ensemble``: the loss of the averaged probabilities, whose logarithms serve as logits. A number: that
            exit alone; no stage behind it is run.
        whole: Run the stages behind it all the same, for whoever asks what all exits say.
    """

    loss: LossName = "cross_entropy"
    view: View = "last"
    whole: bool = False

    def __call__(self, net: Net, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of each window, and the logits it came from: of all exits unless the view is one early exit."""
        loss = LOSSES[self.loss]
        last = exit_at(net, self.view) if isinstance(self.view, int) else -1
        if not self.whole and 0 <= last < net.exits - 1:
            logits = net.logits_at(x, last)
            return loss(logits, y), logits[:, None]
        logits = net(x)
        if self.view == "average":
            return torch.stack([loss(exit_logits, y) for exit_logits in logits.unbind(1)]).mean(dim=0), logits
        return loss(ensemble_logits(logits) if self.view == "ensemble" else logits[:, last], y), logits


def exit_at(net: Net, index: int) -> int:
    """`index` counted from the first exit; ConfigError where the network has no such exit."""
    if not -net.exits <= index < net.exits:
        raise ConfigError(f"there is no exit {index}: the network has {net.exits}, counted from 0")
    return index % net.exits


def ensemble_logits(logits: Tensor) -> Tensor:
    """Log of the averaged softmax (Eq. 2): logits (batch, exits, classes) to (batch, classes)."""
    return logits.log_softmax(dim=-1).logsumexp(dim=1)


def verdicts(logits: Tensor) -> Tensor:
    """The class (batch,) that the averaged exits predict."""
    return ensemble_logits(logits).argmax(dim=-1) if logits.shape[1] > 1 else logits[:, 0].argmax(dim=-1)


def cross_entropy(logits: Tensor, y: Tensor) -> Tensor:
    """−log softmax of the true class."""
    return F.cross_entropy(logits, y, reduction="none")


def margin(logits: Tensor, y: Tensor) -> Tensor:
    """Max over other classes of their logit, minus the true one's: above 0 where the window is fooled."""
    return _best_other(logits, y) - _own(logits, y)


def difference_of_logits_ratio(logits: Tensor, y: Tensor) -> Tensor:
    """DLR: the margin over the gap of the largest to the third largest logit, so that scale does not matter."""
    if logits.shape[1] < 3:
        raise ConfigError(f"the DLR loss needs 3 classes, the network has {logits.shape[1]}: take cross_entropy")
    largest = logits.topk(3, dim=1).values
    return margin(logits, y) / (largest[:, 0] - largest[:, 2] + 1e-12)


def targeted_ratio(logits: Tensor, target: Tensor) -> Tensor:
    """DLR toward a class, to be lowered: as DLR, over the gap of the largest logit to the mean of third and fourth.

    Croce & Hein take the target's logit against the true class's, we against the largest other one's: below 0 where
    the target is reached. DLR itself has no slope where the target's logit is the third largest. With 3 classes the
    gap is to the mean of second and third.
    """
    if logits.shape[1] < 3:
        raise ConfigError(f"the DLR loss needs 3 classes, the network has {logits.shape[1]}: take cross_entropy")
    largest = logits.topk(min(4, logits.shape[1]), dim=1).values
    return margin(logits, target) / (largest[:, 0] - largest[:, -2:].mean(dim=1) + 1e-12)


LOSSES: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "cross_entropy": cross_entropy,
    "margin": margin,
    "dlr": difference_of_logits_ratio,
    "dlr_targeted": targeted_ratio,
}


def _own(logits: Tensor, y: Tensor) -> Tensor:
    return logits.gather(1, y[:, None])[:, 0]


def _best_other(logits: Tensor, y: Tensor) -> Tensor:
    return logits.scatter(1, y[:, None], -torch.inf).amax(dim=1)
