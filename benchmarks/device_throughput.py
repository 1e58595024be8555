"""Speed of the device: latency, windows a second, processor time, start-up and memory, beside bare onnxruntime.

``python -m benchmarks.device_throughput``

Bare onnxruntime runs the same graph with the same session options on one thread, in the same run, taking turns with the
daemon. The daemon has its verdict log and its spool, but no broker. Its sources lie in memory; they send as the
device's own recordings do: a quarter of a second at a time at real time, four seconds when as fast as possible.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import click

from benchmarks import RESULTS
from benchmarks.throughput.bare import Bare
from benchmarks.throughput.latency import from_sample_to_verdict
from benchmarks.throughput.rates import as_fast_as_possible, at_the_pace_of_wearables
from benchmarks.throughput.start import start_up
from edgeguard.bundle.reader import Bundle
from edgeguard.device.sources.pacing import CHUNK_S, UNPACED_CHUNK_S
from edgeguard.errors import EdgeGuardError
from edgeguard.record import write_result
from edgeguard.released import bundle_path

AIM: Final = {"of_bare_at_64_sources_and_beyond": 0.9, "added_us": 100, "ready_s": 1.5, "rss_mb": 150}
_BUNDLES: Final = ("ecg5000-fcnet", "mitbih-fcnet")
_FULL: Final = {"sources": (1, 8, 64, 512), "windows": 3000, "turns": 3, "seconds": 10.0, "starts": 10}


@click.command()
@click.option("--bundle", "bundles", multiple=True, default=_BUNDLES, show_default=True, help="By path or name.")
@click.option("--sources", multiple=True, default=_FULL["sources"], show_default=True, help="How many at once.")
@click.option("--windows", default=_FULL["windows"], show_default=True, help="Through the daemon in each turn.")
@click.option("--turns", default=_FULL["turns"], show_default=True, help="Of daemon and bare onnxruntime.")
@click.option("--seconds", default=_FULL["seconds"], show_default=True, help="At the pace of wearables.")
@click.option("--starts", default=_FULL["starts"], show_default=True, help="Fresh processes of each kind.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(bundles: tuple[str, ...], results: Path, **scale: Any) -> None:
    """Measure and write device-throughput.json."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        figures = {bundle: measure(bundle_path(bundle).resolve(), **scale) for bundle in bundles}
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    written = {"aim": AIM, "bundles": figures}
    label = "full" if scale == _FULL else f"reduced: {scale['windows']} windows, {scale['turns']} turns"
    libraries = ("numpy", "onnxruntime", "scipy")
    path = write_result("device-throughput", written, libraries=libraries, scale=label, folder=results)
    click.echo(f"written to {path}")


def measure(
    path: Path, *, sources: tuple[int, ...], windows: int, turns: int, seconds: float, starts: int
) -> dict[str, Any]:
    """All figures of one bundle."""
    bundle = Bundle.open(path)
    signal, bare = bundle.manifest.signal, Bare(bundle)
    figures: dict[str, Any] = {
        "bundle": f"{bundle.manifest.name} {bundle.manifest.version}",
        "bundle_sha256": bundle.sha256,
        "window": list(signal.shape),
        "best_batch": bare.best_batch,
    }
    figures["latency"] = _told(from_sample_to_verdict(path, signal, bare, windows))
    figures["rates"] = [
        _told(as_fast_as_possible(path, signal, bare, sources=n, chunk_s=chunk_s, windows=windows, turns=turns))
        for chunk_s in (CHUNK_S, UNPACED_CHUNK_S)
        for n in sources
    ]
    figures["real_time"] = [
        _told(at_the_pace_of_wearables(path, signal, bare, sources=n, seconds=seconds)) for n in sources
    ]
    figures["start"] = _told(start_up(path, starts))
    return figures


def _told(figures: dict[str, Any]) -> dict[str, Any]:
    click.echo(str(figures))
    return figures


if __name__ == "__main__":
    command()
