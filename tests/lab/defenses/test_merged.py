from __future__ import annotations

import msgspec
import numpy as np
import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.defenses import defense_from_recipe, training_part
from edgeguard.lab.defenses.merged import Merged
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.recipe import DefenseTable
from edgeguard.lab.run import Run
from edgeguard.lab.training import train
from edgeguard.lab.weights import read_tensors
from tests.lab.conftest import wave_recipe


@pytest.fixture
def merged(wave_run):
    return Merged(2, run=str(wave_run.folder), epsilon=0.5, attack_options={"steps": 3})


def test_the_training_part_is_followed_by_itself_attacked_through_the_finished_run(merged, wave_run, wave_data):
    x, y = wave_data.x[:30], wave_data.y[:30]
    fresh = net_from_recipe(wave_recipe().net, wave_data.signal, 2, seed=9)
    both, labels = training_part(merged, fresh, x, y)
    expected, _ = perturb(wave_run.net(), PGD(Threat(0.5), steps=3), x, y)
    np.testing.assert_array_equal(both, np.concatenate([x, expected]))
    np.testing.assert_array_equal(labels, np.concatenate([y, y]))


def test_the_loss_and_what_early_stopping_sees_are_those_of_clean_training(merged, wave_run, wave_data):
    net, x, y = wave_run.net(), torch.from_numpy(wave_data.x[:20]), torch.from_numpy(wave_data.y[:20])
    standard = Standard(net.exits)
    torch.testing.assert_close(
        Merged(net.exits, run=str(wave_run.folder), epsilon=1.0).loss(net, x, y), standard.loss(net, x, y)
    )
    assert merged.seen(net, x, y) is x


def test_other_defenses_train_on_the_training_part_itself(wave_run, wave_data):
    x, y = training_part(Standard(2), wave_run.net(), wave_data.x, wave_data.y)
    assert x is wave_data.x
    assert y is wave_data.y


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path, wave_run, wave_data):
    table = DefenseTable(name="merged", options={"run": str(wave_run.folder), "epsilon": 0.5})
    recipe = wave_recipe(defense=table, training=msgspec.structs.replace(wave_recipe().training, epochs=3))
    whole, broken = Run(tmp_path / "whole"), Run(tmp_path / "broken")
    train(recipe, wave_data, whole)

    def stop(facts):
        if (facts.epoch, facts.batch) == (2, facts.batches - 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe, wave_data, broken, on_batch=stop)
    seen = []
    train(recipe, wave_data, broken, on_batch=seen.append)
    assert (seen[0].epoch, seen[0].batches) == (2, 8)  # 400 windows in batches of 50
    for name, weights in read_tensors(whole.weights)[0].items():
        torch.testing.assert_close(read_tensors(broken.weights)[0][name], weights, rtol=0, atol=0)


def test_wrong_options_show_before_anything_is_trained(tmp_path, wave_run):
    with pytest.raises(ConfigError, match=r"is not a run|is not finished"):
        defense_from_recipe(DefenseTable(name="merged", options={"run": str(tmp_path), "epsilon": 0.1}), 2)
    with pytest.raises(ConfigError, match="no attack is called 'pdg'"):
        Merged(2, run=str(wave_run.folder), epsilon=0.1, attack="pdg")


def test_a_run_of_other_classes_is_refused(merged, wave_data):
    three = net_from_recipe(wave_recipe().net, wave_data.signal, 3, seed=0)
    with pytest.raises(ConfigError, match="the twin knows 2 classes, the network 3"):
        merged.enlarged(three, wave_data.x[:5], wave_data.y[:5])
