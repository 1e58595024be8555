"""Processor time of both ends of the wearable's wire, beside a plain loop over `struct`, in the same run.

``python -m benchmarks.bridge_codec``

An hour of synthetic ECG at 250 Hz on 8 channels, in 16 bits at 1 µV a step and in 24 bits at 0.0481 µV, packed and as
differences. Ours encodes a minute at a time and decodes pieces of 4096 bytes to int32 arrays, with CRC and COBS; the
peer does without both (`benchmarks.bridge.struct_loop`). They take turns; the median counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import RESULTS
from benchmarks.bridge import struct_loop
from edgeguard.errors import EdgeGuardError
from edgeguard.record import write_result
from edgeguard.signals.synthetic import draw_wearer, synthesize
from firmware_bridge.coding import values_of
from firmware_bridge.decoder import Decoder
from firmware_bridge.frames import Samples
from firmware_bridge.stream import Origin, cuts, encode_stream

AIM: Final = {"cpu_s_of_each_end_for_one_hour": 1.0}
RATE_HZ: Final = 250
CHANNELS: Final = 8
CHUNK: Final = 4096
STEP_UV: Final = {2: 1.0, 3: 0.0481}
_FULL: Final = {"minutes": 60, "turns": 3}


@click.command()
@click.option("--minutes", default=_FULL["minutes"], show_default=True, help="Of signal.")
@click.option("--turns", default=_FULL["turns"], show_default=True, help="Of ours and the peer.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(results: Path, **scale: int) -> None:
    """Measure and write bridge-codec.json."""
    cases = [measure(width, delta=delta, **scale) for width in STEP_UV for delta in (False, True)]
    figures = {"aim": AIM, "rate_hz": RATE_HZ, "channels": CHANNELS, "minutes": scale["minutes"], "cases": cases}
    label = "full" if scale == _FULL else f"reduced: {scale['minutes']} minutes, {scale['turns']} turns"
    libraries = ("numpy", "cobs", "google-crc32c")
    try:
        path = write_result("bridge-codec", figures, libraries=libraries, scale=label, seeds=[0], folder=results)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"written to {path}")


def measure(width: int, *, delta: bool, minutes: int, turns: int) -> dict[str, Any]:
    """Seconds of processor time of one case, ours and the peer's, and what goes over the wire."""
    signal = ecg(width, minutes)
    parts = [cuts(minute, width, delta=delta) for minute in signal]
    times: dict[str, list[float]] = {}
    for _ in range(turns):
        wire = timed(times, "encode_cpu_s", lambda: ours_encoded(signal, width, delta=delta))
        values = timed(times, "decode_cpu_s", lambda wire=wire: ours_decoded(wire))
        bodies = timed(times, "peer_encode_cpu_s", lambda: peer_encoded(signal, parts))
        others = timed(times, "peer_decode_cpu_s", lambda bodies=bodies: struct_loop.decoded(bodies))
        if not all(np.array_equal(np.concatenate(found, axis=1), np.hstack(signal)) for found in (values, others)):
            raise RuntimeError("what was decoded is not what was encoded")
    found = {name: median(seconds) for name, seconds in times.items()}
    frames = sum(map(len, parts))
    return {
        "width_bits": 8 * width,
        "delta": delta,
        "frames": frames,
        "wire_bytes_per_value": len(wire) / (CHANNELS * 60 * RATE_HZ * minutes),
        "ours": {name: found[name] for name in ("encode_cpu_s", "decode_cpu_s")},
        "peer": {name: found[f"peer_{name}"] for name in ("encode_cpu_s", "decode_cpu_s")},
    }


def ecg(width: int, minutes: int) -> list[NDArray[np.int32]]:
    """(channels, n) for each minute: the same beats in leads that see them more or less, noise of their own."""
    beats_uv = synthesize(draw_wearer(0), rate_hz=RATE_HZ, seconds=60, seed=0).signal_mv * 1000
    leads_uv = np.linspace(-0.8, 1.5, CHANNELS)[:, None] * beats_uv
    noise = np.random.default_rng(0)
    return [
        np.rint((leads_uv + noise.normal(0, 2, leads_uv.shape)) / STEP_UV[width]).astype(np.int32)
        for _ in range(minutes)
    ]


def ours_encoded(signal: list[NDArray[np.int32]], width: int, *, delta: bool) -> bytes:
    """The wire, a minute at a time."""
    sent: list[bytes] = []
    for minute, values in enumerate(signal):
        index = minute * values.shape[1]
        origin = Origin(7, len(sent) & 0xFFFF, index, index * 1e6 / RATE_HZ, 1e6 / RATE_HZ)
        sent += encode_stream(values, width, origin, delta=delta)
    return b"".join(sent)


def ours_decoded(wire: bytes) -> list[NDArray[np.int32]]:
    """The values of each frame."""
    decoder, found = Decoder(), []
    for at in range(0, len(wire), CHUNK):
        found += [values_of(frame) for frame in decoder.feed(wire[at : at + CHUNK]) if isinstance(frame, Samples)]
    return found


def peer_encoded(signal: list[NDArray[np.int32]], parts: list[Any]) -> list[bytes]:
    """The bodies, a minute at a time."""
    return [body for values, found in zip(signal, parts, strict=True) for body in struct_loop.encoded(values, found)]


def timed(times: dict[str, list[float]], name: str, done: Callable[[], Any]) -> Any:
    """What `done` gives; its processor time goes to `times`."""
    start = time.process_time()
    found = done()
    times.setdefault(name, []).append(time.process_time() - start)
    return found


if __name__ == "__main__":
    command()
