"""Time until a fresh process has done its first thing: ``edgeguard --help``, and importing what a device runs.

``python -m benchmarks.start_up``

Each is a process of its own, taking turns with ``python -c pass``, which is what any Python program pays.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

import click

from benchmarks import RESULTS
from edgeguard.record import write_result

WORDS: Final = {
    "python": ["-c", "pass"],
    "help": ["-m", "edgeguard", "--help"],
    "device_import": ["-c", "import edgeguard.device.assembly, edgeguard.device.engines.onnx_runtime"],
}
AIM: Final = {"help_s": 0.3}


@click.command()
@click.option("--runs", default=20, show_default=True, help="Processes of each kind.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(runs: int, results: Path) -> None:
    """Measure and write start-up.json."""
    times: dict[str, list[float]] = {name: [] for name in WORDS}
    for _ in range(runs + 1):
        for name, words in WORDS.items():
            times[name].append(seconds(words))
    figures = {f"{name}_s": median(values[1:]) for name, values in times.items()}  # the first filled the caches
    libraries = ("click", "numpy", "onnxruntime")
    path = write_result("start-up", {"runs": runs, **figures, "aim": AIM}, libraries=libraries, folder=results)
    for name, value in figures.items():
        click.echo(f"{name:<16}{value:7.3f}")
    click.echo(f"written to {path}")


def seconds(words: list[str]) -> float:
    """Wall time of one Python process with these arguments."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    command()
