"""Time to make synthetic ECG: ours against neurokit2's ECGSYN, which solves the same model step by step.

``python -m benchmarks.synthetic_ecg``

Ours includes noise, baseline wander and abnormal beats; neurokit2 runs without its noise.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import neurokit2

from benchmarks import RESULTS
from edgeguard.record import write_result
from edgeguard.signals.synthetic import draw_wearer, synthesize

RATES_HZ = (250, 1000)  # a wearable's, and neurokit2's default
SECONDS = (60, 600)
REPEATS = 3


def best_s(make: Callable[[], object]) -> float:
    """The shortest of `REPEATS` runs."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        make()
        seconds.append(time.perf_counter() - begun)
    return round(min(seconds), 4)


def ours(rate_hz: int, seconds: int) -> float:
    """Seconds that our generator takes."""
    wearer = draw_wearer(0)
    return best_s(lambda: synthesize(wearer, rate_hz=rate_hz, seconds=seconds, seed=0))


def peer(rate_hz: int, seconds: int) -> float:
    """Seconds that neurokit2 takes."""
    return best_s(lambda: neurokit2.ecg_simulate(duration=seconds, sampling_rate=rate_hz, noise=0, random_state=0))


def main() -> None:
    """Measure both, write synthetic-ecg.json and print it."""
    figures = {
        f"{seconds} s at {rate_hz} Hz": {"ours_s": ours(rate_hz, seconds), "peer_s": peer(rate_hz, seconds)}
        for rate_hz in RATES_HZ
        for seconds in SECONDS
    }
    path = write_result(
        "synthetic-ecg",
        {"peer": "neurokit2.ecg_simulate(method='ecgsyn')", **figures},
        scale=f"full, best of {REPEATS}",
        seeds=[0],
        libraries=["numpy", "scipy", "neurokit2"],
        folder=RESULTS,
    )
    print(path.read_text())


if __name__ == "__main__":
    main()
