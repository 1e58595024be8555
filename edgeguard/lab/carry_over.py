"""Why an attack on the last exit fools the others too: how alike the exits' input gradients are, and how long."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.inference import Floats
from edgeguard.lab.nets.early_exit import Net


def loss_gradients(net: Net, x: Floats, y: Labels, batch_size: int = 250) -> Floats:
    """Gradients (n, exits, values) by the input of each exit's cross-entropy, for x (n, channels, time…), y (n,)."""
    device = next(net.parameters()).device
    batches = zip(*(torch.split(torch.from_numpy(part), batch_size) for part in (x, y)), strict=True)
    found = []
    with attacked(net):
        for windows, labels in batches:
            at = windows.to(device).requires_grad_()
            losses = [F.cross_entropy(logits, labels.to(device), reduction="sum") for logits in net.exit_logits(at)]
            by_exit = [torch.autograd.grad(loss, at, retain_graph=True)[0].flatten(1) for loss in losses]
            found.append(torch.stack(by_exit, dim=1).cpu())
    return np.asarray(torch.cat(found).numpy(), dtype=np.float32)


def alignment(gradients: Floats) -> list[float | None]:
    """Mean cosine of each earlier exit's gradient with the last one's, from (n, exits, values).

    Windows where one of the two is zero have no cosine and are left out; None where that leaves none.
    """
    unit = gradients.astype(np.float64)
    lengths = np.linalg.norm(unit, axis=-1)
    np.divide(unit, lengths[..., None], out=unit, where=lengths[..., None] > 0)
    cosines = (unit[:, :-1] * unit[:, -1:]).sum(axis=-1)
    return [
        _mean(cosines[:, exit_], (lengths[:, exit_] > 0) & (lengths[:, -1] > 0)) for exit_ in range(cosines.shape[1])
    ]


def mean_l1(gradients: Floats) -> list[float]:
    """Mean L1 norm of each exit's gradient (n, exits, values): what a step of ε in every sample adds to its loss."""
    return [float(norm) for norm in np.abs(gradients).sum(axis=-1, dtype=np.float64).mean(axis=0)]


def transfer_rates(clean: Floats, under_attack: Floats, y: Labels) -> list[float | None]:
    """Of the windows that an attack makes the last exit get wrong, the share that each earlier exit gets wrong too.

    Counted over windows that both exits get right without the attack; None where none of them fools the last exit.

    Args:
        clean: Logits (n, exits, classes) of the clean windows.
        under_attack: Of the same windows, attacked.
        y: Their classes (n,).
    """
    right, wrong = (clean.argmax(axis=-1) == y[:, None]), (under_attack.argmax(axis=-1) != y[:, None])
    fooled = right[:, -1] & wrong[:, -1]
    return [_mean(wrong[:, exit_], fooled & right[:, exit_]) for exit_ in range(clean.shape[1] - 1)]


def _mean(values: NDArray[np.generic], counted: NDArray[np.bool_]) -> float | None:
    return float(values[counted].mean()) if counted.any() else None
