"""One way to write down what was measured: where, when, on what, with which code."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgeguard import files


def write_result(
    subject: str,
    figures: Mapping[str, Any],
    *,
    libraries: Sequence[str] = ("numpy",),
    scale: str = "full",
    seeds: Sequence[int] = (),
    accelerator: str | None = None,
    folder: Path,
) -> Path:
    """Write `figures` with the facts of this machine and commit to ``<folder>/<subject>.json``.

    Args:
        subject: File name without suffix.
        figures: Numbers by name, units in the names; ``ours`` beside ``paper`` or ``peer`` where there is one.
        libraries: Packages whose versions the figures depend on.
        scale: ``full``, or what was reduced.
        seeds: Of every random choice.
        accelerator: Name of the GPU used, None where the CPU alone was.
        folder: Where results lie.
    """
    path = folder / f"{subject}.json"
    files.write_json(
        path,
        {
            "command": " ".join(_command()),
            "commit": _commit(),
            "date": datetime.now(timezone.utc).date().isoformat(),
            "machine": _machine(libraries, accelerator),
            "scale": scale,
            "seeds": list(seeds),
            "figures": dict(figures),
        },
    )
    return path


def _command() -> list[str]:
    """What was typed, without where Python lies."""
    if Path(sys.argv[0]).name == "edgeguard" or sys.argv[0].endswith("edgeguard/__main__.py"):
        return ["edgeguard", *sys.argv[1:]]
    return ["python", *sys.orig_argv[1:]]


def _machine(libraries: Sequence[str], accelerator: str | None) -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "accelerator": accelerator,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in libraries},
    }


def _processor() -> str:
    """The model's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit checked out, with ``+changes`` where the tree differs from it; None outside a checkout."""
    here = Path(__file__).resolve().parent
    if not (here.parent / "pyproject.toml").is_file():
        return None
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 (git lies wherever PATH says)
            cwd=here,
            capture_output=True,
            text=True,
            check=True,
        )
        status = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results"],  # noqa: S607 (as above)
            cwd=here.parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("+changes" if status.stdout.strip() else "")
