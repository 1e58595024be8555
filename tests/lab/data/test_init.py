from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeguard.errors import ConfigError
from edgeguard.lab.data import data_folder, load_dataset


def test_options_reach_the_loader():
    dataset = load_dataset("synthetic_ecg", Path(), {"windows": 40, "wearers": 2, "classes": "binary"})
    assert (len(dataset.y), dataset.classes) == (40, ("normal", "abnormal"))


def test_unknown_option_names_the_near_match():
    message = r"data set synthetic_ecg has no option 'windws' \(did you mean 'windows'\?\); there are: wearers, windows"
    with pytest.raises(ConfigError, match=message):
        load_dataset("synthetic_ecg", Path(), {"windws": 40})


def test_folder_is_the_given_one_then_the_environment_then_the_cache(monkeypatch):
    monkeypatch.setenv("EDGEGUARD_DATA", "/from/environment")
    assert data_folder("/given") == Path("/given")
    assert data_folder() == Path("/from/environment")
    monkeypatch.delenv("EDGEGUARD_DATA")
    assert data_folder() == Path.home() / ".cache" / "edgeguard" / "data"


def test_knowing_the_data_sets_imports_no_loader_and_no_torch():
    code = "import sys, edgeguard.lab.data.facts, edgeguard.lab.data as d; d.DATASETS.names(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "scipy", "edgeguard.lab.data.ecg5000", "edgeguard.lab.data.synthetic_ecg"} & set(loaded)
