"""Where torch computes: the CPU, or a GPU by the name that Lightning Fabric gives it."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric

from edgeguard.errors import ConfigError


def fabric_on(device: str) -> Fabric:
    """Fabric on one device, ``cpu``, ``cuda``, ``mps`` or ``auto``; ConfigError where there is none such here."""
    try:
        return Fabric(accelerator=device, devices=1)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ConfigError(f"there is no device {device!r} for torch here ({error}): try --device cpu") from error


def accelerator_name(device: str) -> str | None:
    """What a results file calls the accelerator, None where the CPU computes."""
    found = fabric_on(device).device
    if found.type == "cpu":
        return None
    return torch.cuda.get_device_name(found) if found.type == "cuda" else found.type
