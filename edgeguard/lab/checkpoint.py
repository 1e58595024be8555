"""A training's state in one file: whole or not there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from edgeguard.errors import DataError
from edgeguard.lab.weights import read_tensors, write_tensors


@dataclass(frozen=True)
class Checkpoint:
    """What a training needs besides the network and the optimizer: its progress, and the best weights so far."""

    progress: dict[str, Any]
    best: dict[str, Tensor]


def copied(net: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights of `net`, on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in net.state_dict().items()}


def save_checkpoint(path: Path, checkpoint: Checkpoint, net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write progress, best and current weights and the optimizer's state to `path`, replacing what was there."""
    moments = {
        f"{index}/{name}": value
        for index, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }
    groups = {"net": copied(net), "best": checkpoint.best, "optimizer": moments}
    tensors = {f"{group}/{name}": tensor for group, part in groups.items() for name, tensor in part.items()}
    write_tensors(path, tensors, {"progress": json.dumps(checkpoint.progress)})


def load_checkpoint(path: Path, net: nn.Module, optimizer: torch.optim.Optimizer) -> Checkpoint | None:
    """Put the state in `path` back into `net` and `optimizer`; None where there is no checkpoint.

    Raises:
        DataError: the file is damaged or belongs to another network.
    """
    if not path.is_file():
        return None
    tensors, facts = read_tensors(path)
    try:
        progress = json.loads(facts["progress"])
        net.load_state_dict(_group(tensors, "net"))
        _load_moments(optimizer, _group(tensors, "optimizer"))
    except (RuntimeError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no checkpoint of this recipe: remove it to train from the start") from error
    return Checkpoint(progress, _group(tensors, "best"))


def _group(tensors: dict[str, Tensor], group: str) -> dict[str, Tensor]:
    return {name.partition("/")[2]: tensor for name, tensor in tensors.items() if name.startswith(f"{group}/")}


def _load_moments(optimizer: torch.optim.Optimizer, moments: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in moments.items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
