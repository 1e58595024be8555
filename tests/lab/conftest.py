"""A small problem that trains in seconds: two classes of noisy waves, and a run trained on it."""

from __future__ import annotations

import numpy as np
import pytest

from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.recipe import CalibrationTable, DataTable, EvaluationTable, NetTable, Recipe, TrainingTable
from edgeguard.lab.run import Run
from edgeguard.lab.training import train
from edgeguard.signals.spec import SignalSpec


def waves(windows=400, samples=32, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, windows)
    time = np.linspace(0, 2 * np.pi, samples)
    phase = rng.uniform(0, 2 * np.pi, (windows, 1))
    x = np.sin((1 + 3 * y[:, None]) * time + phase) + 0.3 * rng.standard_normal((windows, samples))
    signal = SignalSpec(channels=("ECG",), units="mV", window=samples, hop=samples, rate_hz=32.0)
    return Dataset("waves", x[:, None].astype(np.float32), y.astype(np.int64), ("slow", "fast"), signal)


def wave_recipe(**changes):
    tables = {
        "name": "waves",
        "data": DataTable(name="waves", split=(0.5, 0.25, 0.25)),
        "net": NetTable(name="fcnet", options={"filters": 8, "kernels": [5, 3]}),
        "training": TrainingTable(learning_rate=0.02, batch_size=50, epochs=6, patience=6),
        "evaluation": EvaluationTable(epsilons=(0.1, 1.0), steps=5),
        "calibration": CalibrationTable(accuracy_loss=0.05),
    }
    return Recipe(**{**tables, **changes})


@pytest.fixture(scope="session")
def wave_data():
    return waves()


@pytest.fixture(scope="session")
def wave_run(tmp_path_factory, wave_data):
    run = Run(tmp_path_factory.mktemp("runs") / "waves")
    train(wave_recipe(), wave_data, run)
    return run
