from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from edgeguard import files
from edgeguard.errors import ConfigError, DataError, StorageError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab import nets
from edgeguard.lab.data.dataset import Split
from edgeguard.lab.inference import logits_of
from edgeguard.lab.recipe import CalibrationTable, DataTable, NetTable, TrainingTable
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.lab.training import _batches, train
from edgeguard.lab.weights import read_tensors, write_tensors
from edgeguard.registry import Registry
from tests.lab.conftest import wave_recipe


class Stop(Exception):
    pass


def interrupted_in(epoch, folder, dataset):
    """The run of a training that was broken off during `epoch`."""

    def stop(facts):
        if facts.epoch == epoch:
            raise Stop

    with pytest.raises(Stop):
        train(wave_recipe(), dataset, Run(folder), on_batch=stop)
    return Run(folder)


def test_training_learns_and_keeps_the_best_epoch(wave_run, wave_data):
    facts = wave_run.facts()
    lines = (wave_run.folder / "log.jsonl").read_text().splitlines()
    assert len(lines) == facts.epochs == 6
    assert f'"epoch":{facts.best_epoch},' in lines[facts.best_epoch - 1]
    assert facts.windows == (200, 100, 100)
    assert not wave_run.checkpoint.exists()
    net = wave_run.net()
    accuracy = (net(torch.from_numpy(wave_data.x))[:, -1].argmax(1).numpy() == wave_data.y).mean()
    assert accuracy > 0.8


def test_same_recipe_and_seed_give_the_same_weights(tmp_path, wave_run, wave_data):
    train(wave_recipe(), wave_data, Run(tmp_path / "again"))
    assert files.sha256_of(tmp_path / "again" / "weights.safetensors") == files.sha256_of(wave_run.weights)


def test_patience_ends_the_training(tmp_path, wave_data):
    recipe = wave_recipe(training=TrainingTable(learning_rate=1e-9, batch_size=100, epochs=50, patience=2))
    assert train(recipe, wave_data, Run(tmp_path / "stuck")).epochs < 50


def test_the_undefended_twin_trains_from_the_same_recipe(tmp_path, wave_data):
    recipe = wave_recipe(net=NetTable(name="fcnet", options={"filters": 8, "kernels": [5, 3]}, exits=False))
    train(recipe, wave_data, Run(tmp_path / "twin"))
    assert Run(tmp_path / "twin").net().exits == 1


def test_progress_is_told_batch_by_batch(tmp_path, wave_data):
    told = []
    train(wave_recipe(), wave_data, Run(tmp_path / "told"), on_batch=told.append)
    assert [(f.epoch, f.batch) for f in told[:5]] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]
    assert told[0].accuracy is None
    assert told[4].accuracy > 0


KILLED = """
import os, signal, sys
from pathlib import Path
from edgeguard.lab.run import Run
from edgeguard.lab.training import train
from edgeguard.lab.weights import read_tensors, write_tensors
from tests.lab.conftest import wave_recipe, waves

def stop(facts):
    if (facts.epoch, facts.batch) == (4, 2):
        os.kill(os.getpid(), signal.SIGKILL)

train(wave_recipe(), waves(), Run(Path(sys.argv[1])), on_batch=stop)
"""


def test_training_resumes_exactly_after_kill_9(tmp_path, wave_run, wave_data):
    folder = tmp_path / "killed"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(folder)],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert Run(folder).checkpoint.exists()
    assert not Run(folder).finished
    train(wave_recipe(), wave_data, Run(folder))
    resumed, whole = load_file(folder / "weights.safetensors"), load_file(wave_run.weights)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    assert (folder / "log.jsonl").read_bytes() == (wave_run.folder / "log.jsonl").read_bytes()


def test_a_full_disk_keeps_the_last_checkpoint(tmp_path, wave_data, monkeypatch):
    run = interrupted_in(3, tmp_path / "full", wave_data)
    kept = run.checkpoint.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StorageError, match="the disk is full"):
        train(wave_recipe(), wave_data, run)
    assert run.checkpoint.read_bytes() == kept
    assert not [path for path in run.folder.iterdir() if path.name.endswith(".tmp")]


def test_a_folder_of_another_recipe_is_refused(wave_run, wave_data):
    with pytest.raises(ConfigError, match="holds a run of another recipe"):
        train(wave_recipe(seed=1), wave_data, wave_run)


def test_a_damaged_checkpoint_is_named(tmp_path, wave_data):
    run = Run(tmp_path / "damaged")
    run.write_recipe(wave_recipe())
    run.checkpoint.write_bytes(b"\x08\0\0\0\0\0\0\0{}garbage")
    with pytest.raises(DataError, match=r"cannot be read .* remove it and train again"):
        train(wave_recipe(), wave_data, run)


def test_an_unknown_device_is_named(tmp_path, wave_data):
    with pytest.raises(ConfigError, match="there is no device 'gpu9'"):
        train(wave_recipe(), wave_data, Run(tmp_path / "device"), device="gpu9")


def test_an_unfinished_run_says_how_to_finish_it(tmp_path):
    run = Run(tmp_path / "half")
    run.write_recipe(wave_recipe())
    with pytest.raises(ConfigError, match="is not finished: resume it"):
        run.net()
    with pytest.raises(ConfigError, match="is not a run"):
        Run(tmp_path).recipe()


def test_a_network_that_is_not_ours_trains_and_loads_by_its_recipe(tmp_path, wave_data, monkeypatch):
    path = "tests.lab.nets.test_early_exit:whole_network"
    monkeypatch.setattr(nets, "NETWORKS", Registry("network", {"mine": path}))
    run = Run(tmp_path / "mine")
    train(wave_recipe(net=NetTable(name="mine", taps=("1",))), wave_data, run)
    assert run.net().exits == 2


def test_a_checkpoint_of_another_version_is_named(tmp_path, wave_data):
    run = interrupted_in(2, tmp_path / "older", wave_data)
    tensors, facts = read_tensors(run.checkpoint)
    write_tensors(run.checkpoint, tensors, {"progress": facts["progress"].replace('"epoch"', '"round"', 1)})
    with pytest.raises(DataError, match="is of another version: remove it"):
        train(wave_recipe(), wave_data, run)


def drawn_by(labels, *, balance, epoch=1, seed=0):
    """How often each class is drawn in an epoch."""
    table = TrainingTable(balance=balance, batch_size=64)
    order = torch.cat(list(_batches(labels, table, seed, epoch))).numpy()
    return order, np.bincount(labels[order], minlength=3)


@pytest.mark.parametrize("balance", [0.5, 1.0])
def test_balance_draws_classes_by_a_power_of_their_size(balance):
    sizes = np.array([9000, 900, 100])
    labels = np.repeat([0, 1, 2], sizes)
    order, drawn = drawn_by(labels, balance=balance)
    shares = sizes ** (1 - balance) / (sizes ** (1 - balance)).sum()
    assert len(order) == 10_000
    assert np.abs(drawn / 10_000 - shares).max() < 5 * np.sqrt(0.25 / 10_000)


def test_without_balance_every_window_is_drawn_once():
    labels = np.repeat([0, 1, 2], [90, 9, 1])
    order, _ = drawn_by(labels, balance=0.0)
    assert sorted(order) == list(range(100))


def test_draws_follow_from_seed_and_epoch_alone():
    labels = np.repeat([0, 1, 2], [90, 9, 1])
    first, again, other_epoch, other_seed = (
        drawn_by(labels, balance=0.5, epoch=epoch, seed=seed)[0].tolist()
        for epoch, seed in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert first == again
    assert first not in (other_epoch, other_seed)


def test_with_balance_validation_weighs_classes_as_training_draws_them(tmp_path, wave_data):
    rare = np.flatnonzero((wave_data.y == 0) | (np.arange(400) % 10 == 0))
    few = dataclasses.replace(wave_data, x=wave_data.x[rare], y=wave_data.y[rare])
    table = TrainingTable(learning_rate=1e-9, batch_size=50, epochs=1, balance=1.0)
    recipe = wave_recipe(training=table, calibration=CalibrationTable(false_alarm_rate=0.1))
    run = Run(tmp_path / "balanced")
    train(recipe, few, run)
    split = split_from_recipe(recipe, few)
    y = few.y[split.validation]
    right = ensemble(probabilities(logits_of(run.net(), few.x[split.validation]))).argmax(axis=1) == y
    weights = (1.0 / np.bincount(few.y[split.train]))[y]
    logged = json.loads((run.folder / "log.jsonl").read_text())["accuracy"]
    assert logged == pytest.approx((right * weights).sum() / weights.sum())


def test_the_published_split_is_taken_as_it_is(wave_data):
    published = Split(np.arange(200), np.arange(200, 300), np.arange(300, 400))
    recipe = wave_recipe(data=DataTable(name="waves", split="published"))
    assert split_from_recipe(recipe, dataclasses.replace(wave_data, published=published)) is published
    with pytest.raises(ConfigError, match=r"waves has no published split: give data\.split three shares"):
        split_from_recipe(recipe, wave_data)


def test_an_epoch_may_be_part_of_the_windows_and_draws_them_anew():
    labels, table = np.zeros(300, dtype=np.int64), TrainingTable(epoch_windows=100, batch_size=64)
    first, second = (torch.cat(list(_batches(labels, table, 0, epoch))).tolist() for epoch in (1, 2))
    assert len(first) == len(set(first)) == 100
    assert first != second
