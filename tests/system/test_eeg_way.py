"""EEG from the lab to the device: the window that a model has learned is the window that it is given."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgeguard.bundle.reader import Bundle
from edgeguard.lab.data import luab_eeg
from edgeguard.lab.data.recordings.description import Description, LabelsTable, RecordingsTable, SignalTable
from edgeguard.lab.data.recordings.reading import read
from edgeguard.lab.data.recordings.windows import windows_of
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.export import export_run
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.recipe import CalibrationTable, DataTable, EvaluationTable, NetTable, Recipe, TrainingTable
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.signals.eeg import EEG_FILTERS
from edgeguard.signals.spec import QualitySpec
from tests.cli.conftest import edgeguard  # noqa: F401 - a fixture
from tests.edf_files import with_gaps
from tests.eeg_recordings import CHANNELS, CHOSEN, frontal, write_eeg

QUALITY = {"flat": 0.5, "flat_s": 1.0, "saturation": 900.0}
UNSETTLED_S, WINDOW_S = 4, 8  # of the windows that begin every second
DESCRIBED = Description(
    name="eyes",
    classes=luab_eeg.CLASSES,
    channels={"Fp1": CHANNELS[:1], "Fp2": CHANNELS[1:]},
    signal=SignalTable(
        units="uV", rate_hz=250.0, window=2000, hop=250, filters=EEG_FILTERS, quality=QualitySpec(**QUALITY)
    ),
    recordings=RecordingsTable(files=("*.edf",)),
    labels=LabelsTable(source="annotations", map={"blink": "eye_movement"}),
)


@dataclass(frozen=True)
class Eyes:
    """A released model's whole way in small."""

    bundle: Path
    net: Net


@pytest.fixture(scope="module")
def eyes(tmp_path_factory):
    """A thin VGG16, one epoch long on recordings of six people, evaluated and exported."""
    folder = tmp_path_factory.mktemp("eyes")
    signals = [frontal(250, 40, seed=seed, blinks_s=(12, 26)).T for seed in range(6)]
    np.savez(
        folder / "luab_fp1fp2.npz",
        x=np.concatenate(signals),
        offsets=np.arange(7) * 10_000,
        subject=np.arange(6),
        eyes_closed=[0, 1] * 3,
        blink_rec=np.repeat(np.arange(6), 2),
        blink_sample=[3000, 6500] * 6,
    )
    recipe = Recipe(
        name="eyes",
        data=DataTable(name="luab_eeg", options={"quality": QUALITY}, split=(0.5, 0.25, 0.25)),
        net=NetTable(name="vgg16", options={"width": 0.05}, placement="semantic", gamma=0.5),
        training=TrainingTable(batch_size=50, epochs=1),
        evaluation=EvaluationTable(epsilons=(1.0,), steps=1),
        calibration=CalibrationTable(false_alarm_rate=0.1),
    )
    data, run = luab_eeg.load(folder, quality=QualitySpec(**QUALITY)), Run(folder / "run")
    train(recipe, data, run)
    run.write_figures(evaluate(run.net(), recipe, data, split_from_recipe(recipe, data)).figures)
    export_run(run, data, run.figures(), folder / "eyes.zip")
    return Eyes(folder / "eyes.zip", run.net())


@pytest.fixture
def device(edgeguard, eyes, tmp_path):  # noqa: F811 - the fixture
    """Run the device over recordings; its last line, and what its log says of each window."""

    def run(*sources):
        words = [word for source in sources for word in ("--source", source)]
        command = ("run", str(eyes.bundle), *words, "--speed", "max", "--log", "log.jsonl", "--quiet")
        status, out, err = edgeguard(*command)
        assert status == 0, err
        return out, [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]

    return run


def lab_sees(path):
    """The windows that the lab would take of a recording, and how many it would not, by reason."""
    recording, left_out = read(path, DESCRIBED), Counter()
    windows = windows_of(recording.values, recording.rate_hz, [], DESCRIBED.spec(), left_out)
    return np.stack([values for values, _ in windows]), left_out


def test_the_model_takes_what_a_description_of_ones_own_files_says(eyes):
    assert Bundle.open(eyes.bundle).manifest.signal == DESCRIBED.spec()


@pytest.mark.parametrize(("rate_hz", "unit"), [(256, "uV"), (512, "mV")])
def test_a_recording_is_judged_as_the_lab_would(eyes, device, tmp_path, rate_hz, unit):
    path = write_eeg(tmp_path / "r.edf", frontal(rate_hz, 24, seed=9, blinks_s=(14,)), rate_hz, unit=unit)
    windows, _ = lab_sees(path)
    logits = logits_of(eyes.net, windows[:-1])  # the last one ends with the file, which a stream does not foresee
    _, log = device(f"r.edf,channels={CHOSEN}")
    judged = [line for line in log if "class" in line]
    assert [line["start"] for line in judged] == [rate_hz * second for second in range(UNSETTLED_S, 24 - WINDOW_S)]
    probabilities = np.array([line["exit_probabilities"] for line in judged])
    odds = np.log(probabilities[..., 1] / probabilities[..., 0])
    np.testing.assert_allclose(odds, logits[..., 1] - logits[..., 0], rtol=1e-4, atol=1e-4)
    assert np.ptp(odds) > 1e-3


def test_what_the_lab_leaves_out_is_rejected_for_the_same_reasons(device, tmp_path):
    values = frontal(256, 60, seed=3)
    values[0, 20 * 256 : 22 * 256] = 3.0
    values[:, 45 * 256 : 45 * 256 + 30] = 990.0
    windows, left_out = lab_sees(write_eeg(tmp_path / "r.edf", values, 256))
    _, log = device(f"r.edf,channels={CHOSEN}")
    rejected = Counter(line.get("rejected") for line in log)
    assert rejected == left_out + Counter({None: len(windows) - 1})
    assert set(rejected) == {None, "settling", "flat", "saturated or lead off"}


def test_behind_a_gap_everything_settles_anew_and_no_window_lies_across_it(device, tmp_path):
    path = write_eeg(tmp_path / "r.edf", frontal(256, 32), 256)
    with_gaps(path, [*range(16), *range(20, 36)])
    out, log = device(f"r.edf,channels={CHOSEN}")
    found = {line["start"] / 256: line.get("rejected") for line in log}
    assert {start for start, reason in found.items() if reason} == {0, 1, 2, 3, 20, 21, 22, 23}
    assert {start for start, reason in found.items() if not reason} == {4, 5, 6, 7, 24, 25, 26, 27}
    assert out == f"16 windows, {out.split()[2]} alarms, 8 rejected, 1 gaps, 0 faults\n"
