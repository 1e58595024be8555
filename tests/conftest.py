"""Shared fixtures: where the real data sets lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real data sets; the test skips without it, but fails on CI."""
    folder = Path(os.environ.get("EDGEGUARD_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        message = f"real data sets are not at {folder}: set EDGEGUARD_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder
