from __future__ import annotations

import pytest
import torch

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.quiet import Quiet
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.attacks.transfer import Transfer
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.run import Run

THREAT = Threat(0.5)


@pytest.fixture
def ours():
    torch.manual_seed(7)
    return early_exit_net(fcnet(1, filters=4), classes=2)


@pytest.fixture
def windows(wave_data):
    return torch.from_numpy(wave_data.x[:20]), torch.from_numpy(wave_data.y[:20])


def knowledge(windows, wave_data, threshold=0.1):
    return Knowledge(*windows, wave_data.signal, "mutual_information", threshold)


def test_it_is_the_attack_on_the_twin(wave_run, wave_data, ours, windows):
    attack = attack_named("transfer", THREAT, {"run": str(wave_run.folder), "options": {"steps": 3, "view": 0}})
    expected = PGD(THREAT, steps=3, view=0)(wave_run.net(), *windows)
    for ready in (attack, prepared(attack, ours, knowledge(windows, wave_data))):
        result = ready(ours, *windows)
        torch.testing.assert_close(result.x_adv, expected.x_adv)
        assert result.checks == expected.checks
        assert result.fooled is None


def test_a_network_can_be_the_twin_and_both_are_left_as_they_were(wave_run, ours, windows):
    twin = wave_run.net().train()
    ours.train()
    expected = PGD(THREAT, view="ensemble", leave=True)(twin, *windows, 1 - windows[1])
    attack = Transfer(THREAT, twin=twin, options={"view": "ensemble", "leave": True})
    result = attack(ours, *windows, 1 - windows[1])
    torch.testing.assert_close(result.x_adv, expected.x_adv)
    assert result.fooled is None
    assert twin.training
    assert ours.training


def test_the_twins_attack_learns_what_the_attacker_knows(wave_run, wave_data, ours, windows):
    attack = Transfer(THREAT, run=str(wave_run.folder), attack="quiet", options={"steps": 3})
    with pytest.raises(ConfigError, match="needs a threshold"):
        attack(ours, *windows)
    x_adv = prepared(attack, ours, knowledge(windows, wave_data, 0.3))(ours, *windows).x_adv
    assert torch.equal(x_adv, Quiet(THREAT, steps=3, threshold=0.3)(wave_run.net(), *windows).x_adv)


def test_loading_a_twin_leaves_torchs_random_numbers_alone(wave_run, ours, windows):
    torch.manual_seed(0)
    expected = torch.randn(3)
    torch.manual_seed(0)
    Transfer(THREAT, run=str(wave_run.folder), options={"steps": 1})(ours, *windows)
    assert torch.equal(torch.randn(3), expected)


def test_a_twin_of_other_windows_or_classes_is_refused(wave_run, ours, windows):
    x, y = windows
    attack = Transfer(THREAT, run=str(wave_run.folder))
    with pytest.raises(ConfigError, match=r"takes windows of shape \[1, 32\], not \[1, 31\]"):
        attack(ours, x[..., 1:], y)
    five = early_exit_net(fcnet(1, filters=2), classes=5)
    with pytest.raises(ConfigError, match="the twin knows 2 classes, the network 5"):
        attack(five, x, y)
    with pytest.raises(ConfigError, match=r"cannot read windows of shape \[1, 32\]"):
        Transfer(THREAT, twin=early_exit_net(fcnet(3, filters=2), classes=2))(ours, x, y)


def test_a_run_that_is_no_run_is_refused(tmp_path, wave_run, ours, windows):
    with pytest.raises(ConfigError, match="is not finished"):
        Transfer(THREAT, run=str(tmp_path))(ours, *windows)
    broken = Run(tmp_path)
    broken.write_recipe(wave_run.recipe())
    broken.write_facts(wave_run.facts())
    broken.weights.write_bytes(b"nothing")
    with pytest.raises(DataError, match="weights"):
        Transfer(THREAT, run=str(tmp_path))(ours, *windows)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "transfer needs one twin: give the option run"),
        ({"run": "runs/x", "attack": "pdg"}, "no attack is called 'pdg' .did you mean 'pgd'"),
        ({"run": "runs/x", "options": {"step": 3}}, "attack pgd has no option 'step' .did you mean 'steps'"),
        ({"twin": "runs/x"}, "option 'twin': Expected Net, got str"),
    ],
)
def test_wrong_options_show_at_once(options, message):
    with pytest.raises(ConfigError, match=message):
        attack_named("transfer", THREAT, options)
