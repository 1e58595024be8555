"""What an EEG model takes of a device: latency, processor time and memory, for one wearer and for eight.

``python -m benchmarks.eeg_device``

``edgeguard run`` replays real EEG from BDF files at real time, a window of 8 s a second and wearer. All wearers'
windows fall due at the same moment, which is the worst case for their latency. Bare onnxruntime runs the same graph
with the same session options, in turns with the daemon.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final

import click

from benchmarks import RESULTS
from benchmarks.eeg.bare import bare
from benchmarks.eeg.recordings import write_recordings
from benchmarks.eeg.served import served
from edgeguard.bundle.reader import Bundle
from edgeguard.errors import EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.record import write_result
from edgeguard.released import bundle_path

_SPARE_S: Final = 60  # of recording: the first window, the filters' settling, and that none ends before it is stopped
_PAUSE_S: Final = 0.2
_CASES: Final = ((250, 1, "all"), (250, 1, "agree"), (250, 8, "all"), (250, 8, "agree"), (512, 8, "all"))
_FULL: Final = {"seconds": 60.0, "speed": 1.0}


@click.command()
@click.option("--bundle", default="eeg-vgg16-quarter", show_default=True, help="By path or name.")
@click.option("--seconds", default=_FULL["seconds"], show_default=True, help="Of signal, in each case.")
@click.option("--speed", default=_FULL["speed"], show_default=True, help="Times faster than real time.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where luab_eeg lies; else EDGEGUARD_DATA.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(bundle: str, data_dir: Path | None, results: Path, **scale: float) -> None:
    """Measure and write eeg-device.json."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        figures = measure(bundle_path(bundle).resolve(), data_folder(data_dir), **scale)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    label = "full" if scale == _FULL else f"reduced: {scale['seconds']:g} s at {scale['speed']:g} times real time"
    path = write_result("eeg-device", figures, libraries=("numpy", "onnxruntime"), scale=label, folder=results)
    click.echo(f"written to {path}")


def measure(path: Path, data: Path, *, seconds: float, speed: float) -> dict[str, Any]:
    """All figures of one bundle; with the policy ``agree`` only where it was calibrated for it."""
    bundle = Bundle.open(path)
    signal = bundle.manifest.signal
    figures: dict[str, Any] = {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}",
        "bundle_sha256": bundle.sha256,
        "window": list(signal.shape),
        "hop": signal.hop,
        "seconds": seconds,
        "speed": speed,
        "daemon": [],
        "onnxruntime": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        length = round(seconds + _SPARE_S * speed)
        for rate_hz, streams, policy in _CASES:
            if policy == "agree" and bundle.manifest.agreement is None:
                continue
            paths = write_recordings(data, Path(folder), count=streams, rate_hz=rate_hz, seconds=length)
            figures["onnxruntime"].append(_told(bare(bundle, windows=round(seconds), pause_s=_PAUSE_S)))
            row = served(path, paths, policy=policy, speed=speed, seconds=seconds)
            figures["daemon"].append(_told({"rate_hz": rate_hz, "streams": streams, "policy": policy, **row}))
    return figures


def _told(figures: dict[str, Any]) -> dict[str, Any]:
    click.echo(str(figures))
    return figures


if __name__ == "__main__":
    command()
