"""Tensors by name in one safetensors file: whole or not there, never pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from edgeguard import files
from edgeguard.errors import DataError


def write_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str] | None = None) -> None:
    """Write `tensors` and what is to be known of them to `path`; StorageError where the disk is full."""
    content = {name: tensor.contiguous().cpu() for name, tensor in tensors.items()}
    files.write_bytes(path, save(content, dict(facts) if facts else None))  # save_file hides why a disk fails


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """What `write_tensors` wrote; DataError where the file is missing or damaged."""
    try:
        with safe_open(path, framework="pt") as stored:
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 - not a dict
            return tensors, stored.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}): remove it and train again") from error
