"""Shared fixtures: where the real data sets lie."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

if platform.machine() in {"x86_64", "AMD64"}:  # the same instructions on each: training magnifies the last bit
    os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
settings.register_profile("repeatable", derandomize=True, deadline=None)  # the same examples on every machine
settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # benchmarks/ is tested too, and is not installed

from tests.browser import chromium  # noqa: E402, F401 - a fixture; here, for a process can start one browser only


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


@pytest.fixture(autouse=True)
def no_loop_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """Between calls Playwright leaves its event loop marked as running, and asyncio.run refuses to begin beside it."""
    if "chromium" in request.fixturenames:
        yield
        return
    marked = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(marked)
