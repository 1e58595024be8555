"""The whole line on a small model: train, evaluate, export, sign, run, attack, alarm."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from edgeguard.bundle import signature
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.data.facts import FACTS, Facts
from edgeguard.lab.evaluation import evaluate
from edgeguard.lab.export import export_run
from edgeguard.lab.inference import logits_of
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.lab.training import train
from edgeguard.telemetry.messages import Alert, State, Summary, decode
from tests.brokers import eventually
from tests.lab.conftest import wave_recipe, waves


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A signed bundle, and a stream: the clean test windows, then the same under PGD; scores as the lab sees them."""
    folder = tmp_path_factory.mktemp("line")
    recipe, data, run = wave_recipe(), waves(), Run(folder / "run")
    train(recipe, data, run)
    split = split_from_recipe(recipe, data)
    evaluation = evaluate(run.net(), recipe, data, split)
    run.write_figures(evaluation.figures)
    signature.make_key_pair(folder / "maker.key", folder / "maker.pub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FACTS, "waves", Facts("waves of two speeds", "none", "They are no heartbeats."))
        export_run(run, data, run.figures(), folder / "waves.zip", signature.load_private_key(folder / "maker.key"))
    x_adv, _ = perturb(run.net(), PGD(Threat(0.5), steps=10), data.x[split.test], data.y[split.test])
    np.savez(folder / "stream.npz", x=np.concatenate([data.x[split.test], x_adv]))
    logits = np.concatenate([evaluation.logits, logits_of(run.net(), x_adv)])
    return folder, evaluation.calibration, logits


def test_what_the_lab_foretells_arrives_over_mqtt(made, mosquitto_for, listen, tmp_path):
    folder, calibration, logits = made
    broker = mosquitto_for().start()
    ears = listen(broker.port, "edgeguard/v1/ward/w1/#")
    (folder / "device.toml").write_text("[alarms]\nclear_windows = 1\ndrift_windows = 0\nmax_per_hour = 1000\n")
    words = [
        "run",
        "waves.zip",
        "--config",
        "device.toml",
        "--source",
        "replay:stream.npz",
        "--speed",
        "max",
        "--key",
        "maker.pub",
        "--quiet",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "edgeguard", *words, "--broker", broker.url, "--device", "w1", "--fleet", "ward"],
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    alarms = calibration.scores(logits) > calibration.threshold
    eventually(lambda: [decode(state, State).status for state in ears.payloads("state")] == ["online", "stopped"])
    alerts = [alert for payload in ears.payloads("alert") if (alert := decode(payload, Alert)).raised]
    tallies = [decode(payload, Summary).tally for payload in ears.payloads("telemetry")]
    assert sum(tally.windows for tally in tallies) == len(logits) == 200
    begin = alarms & ~np.append(False, alarms[:-1])  # an alarm lasts while its windows follow each other
    assert [alert.window_start for alert in alerts] == (32 * np.flatnonzero(begin)).tolist()
    assert sum(tally.alarms for tally in tallies) == alarms.sum() > begin.sum() > 0
    assert done.stdout.startswith(f"200 windows, {alarms.sum()} alarms, 0 rejected, 0 gaps")
    predicted = calibration.verdict(logits).argmax(axis=1)
    assert sum(tally.predictions.get("fast", 0) for tally in tallies) == (predicted == 1).sum()


def test_the_alarm_tells_the_attacked_half_from_the_clean(made):
    _, calibration, logits = made
    alarms = calibration.scores(logits) > calibration.threshold
    assert alarms[100:].mean() > alarms[:100].mean() + 0.05
