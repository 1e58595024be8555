"""Replays MIT-BIH through the daemon under random faults, and accounts for every message; then without, for its memory.

``python -m benchmarks.device_faults``

All 48 records, 24 hours of signal dealt out over several wearables, as fast as the daemon takes them, against a real
Mosquitto. docs/results.md says what a fault is; `benchmarks.faults` is how each is carried out. The exit code is 1
where anything was lost, doubled or left unsaid.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from benchmarks import RESULTS
from benchmarks.faults.chaos import draw
from benchmarks.faults.clock import LIBFAKETIME
from benchmarks.faults.rig import Rig
from benchmarks.faults.track import Track, mit_bih_tracks
from benchmarks.faults.trial import replay, stop_and_look
from edgeguard.record import write_result
from edgeguard.released import bundle_path

AIM: Final = {"idle_cpu_share": 0.01}
_RECORDS: Final = 48
_LIBRARIES: Final = ("numpy", "onnxruntime", "paho-mqtt", "wfdb")


@click.command()
@click.option("--bundle", default="mitbih-fcnet", show_default=True, help="A bundle, by path or released name.")
@click.option("--data", type=click.Path(path_type=Path), envvar="EDGEGUARD_DATA", required=True, help="With mitdb.")
@click.option("--records", default=_RECORDS, show_default=True, help="How many of the 48, from the first.")
@click.option("--sources", default=4, show_default=True, help="Wearables that the records are dealt out to.")
@click.option("--faults", default=50, show_default=True, help="How many faults.")
@click.option("--seed", default=0, show_default=True, help="Of the faults.")
@click.option("--idle", default=60.0, show_default=True, help="Seconds of silence in which the CPU is measured.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(  # noqa: PLR0913 - options are arguments
    *,
    bundle: str,
    data: Path,
    records: int,
    sources: int,
    faults: int,
    seed: int,
    idle: float,
    results: Path,
) -> None:
    """Replay, and write device-faults.json."""
    folder = data / "mitdb"
    names = sorted(path.stem for path in folder.glob("*.hea"))[:records]
    tracks = mit_bih_tracks(folder, sources, records=names)
    path = bundle_path(bundle).resolve()
    with tempfile.TemporaryDirectory() as place:
        faulty = under_faults(Path(place) / "faulty", path, tracks, faults, seed)
        calm = undisturbed(Path(place) / "calm", path, tracks, idle)
    figures = {
        "bundle": bundle,
        "sources": sources,
        "hours_of_signal": round(sum(track.seconds for track in tracks) / 3600, 2),
        "under_faults": faulty,
        "undisturbed": calm,
        "aim": AIM,
    }
    scale = "full" if (records, faults) == (_RECORDS, 50) else f"reduced: {len(names)} records, {faults} faults"
    written = write_result("device-faults", figures, libraries=_LIBRARIES, scale=scale, seeds=[seed], folder=results)
    click.echo(f"written to {written}")
    complaints = [*faulty["complaints"], *calm["complaints"]]
    for complaint in complaints:
        click.echo(complaint, err=True)
    raise SystemExit(bool(complaints))


def under_faults(folder: Path, bundle: Path, tracks: Sequence[Track], count: int, seed: int) -> dict[str, Any]:
    """The replay with its faults."""
    folder.mkdir()
    chance, began = random.Random(seed), time.monotonic()
    with Rig(folder, bundle, tracks) as rig:
        outcome = replay(rig, draw(count, rig.all_hours, chance), chance, click.echo)
        return {
            "seconds": round(time.monotonic() - began, 1),
            "disk_filled_by": rig.disk.means,
            "clock_set_by": None if LIBFAKETIME is None else "libfaketime",
            "network_cuts": rig.proxy.cuts,
            "broker_starts": rig.broker.starts,
            "wearable_connections": sum(feeder.connections for feeder in rig.feeders.values()),
            "bad_input": {name: feeder.bad for name, feeder in rig.feeders.items()},
            **outcome.figures(),
        }


def undisturbed(folder: Path, bundle: Path, tracks: Sequence[Track], idle_s: float) -> dict[str, Any]:
    """Without faults: memory of one process from the first hour to the end, and CPU once there is silence."""
    folder.mkdir()
    began = time.monotonic()
    with Rig(folder, bundle, tracks, jumping_clock=False) as rig:
        daemon = rig.daemon
        daemon.start_until_ready()
        rss_mb, cpu_s = {"start": daemon.rss_mb()}, daemon.cpu_s()
        for hours in sorted({min(hours, rig.all_hours) for hours in (1, 6, 12, 18, rig.all_hours)}):
            rig.play_until(hours)
            rss_mb[f"after {hours:.0f} h"] = daemon.rss_mb()
        rig.wait_delivered()
        seconds, cpu_s = time.monotonic() - began, daemon.cpu_s() - cpu_s
        click.echo(f"{rig.all_hours:.1f} h of signal in {seconds:.0f} s; now silence for {idle_s:g} s")
        idle_cpu_share = cpu_share(daemon.cpu_s, idle_s)
        rss_mb["after the silence"] = daemon.rss_mb()
        return {
            "seconds": round(seconds, 1),
            "rss_mb": {name: round(value, 1) for name, value in rss_mb.items()},
            "cpu_s_per_hour_of_signal": round(cpu_s / rig.all_hours, 2),
            "idle_cpu_share": round(idle_cpu_share, 5),
            **stop_and_look(rig, []).figures(),
        }


def cpu_share(cpu_s: Callable[[], float], seconds: float) -> float:
    """Share of one core that is taken in `seconds`."""
    before = cpu_s()
    time.sleep(seconds)
    return (cpu_s() - before) / seconds


if __name__ == "__main__":
    command()
