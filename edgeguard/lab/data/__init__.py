"""Data sets by name, imported when asked for.

A loader is a function of the data folder and the recipe's options that returns a `Dataset`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from edgeguard.lab.data.dataset import Dataset
from edgeguard.registry import Registry, call_with_options

Loader = Callable[..., Dataset]

DATASETS: Final[Registry[Loader]] = Registry(
    "data set",
    {
        "adult": "edgeguard.lab.data.adult:load",
        "cifar10": "edgeguard.lab.data.cifar10:load",
        "ecg5000": "edgeguard.lab.data.ecg5000:load",
        "luab_eeg": "edgeguard.lab.data.luab_eeg:load",
        "mitbih": "edgeguard.lab.data.mitbih:load",
        "muse_blinks": "edgeguard.lab.data.muse_blinks:load",
        "recordings": "edgeguard.lab.data.recordings.load:load",
        "synthetic_ecg": "edgeguard.lab.data.synthetic_ecg:load",
        "tuh_artifact": "edgeguard.lab.data.tuh_artifact:load",
    },
)


def data_folder(given: str | Path | None = None) -> Path:
    """Where data sets lie: `given`, else ``EDGEGUARD_DATA``, else ``~/.cache/edgeguard/data``."""
    return Path(given or os.environ.get("EDGEGUARD_DATA") or Path.home() / ".cache" / "edgeguard" / "data")


def load_dataset(name: str, folder: Path, options: Mapping[str, Any]) -> Dataset:
    """The data set `name` read from `folder` with the recipe's `options`.

    Raises:
        ConfigError: no such data set or option.
        DataError: a file is missing, cut short or malformed.
    """
    return call_with_options(f"data set {name}", DATASETS.load(name), options, folder)
