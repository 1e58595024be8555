from __future__ import annotations

import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.attacking import robust_windows
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.defenses import defense_from_recipe
from edgeguard.lab.defenses.adversarial import Adversarial
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.recipe import DefenseTable
from edgeguard.lab.run import Run
from edgeguard.lab.training import train
from tests.lab.conftest import wave_recipe


@pytest.fixture
def net():
    torch.manual_seed(0)
    return early_exit_net(fcnet(1, filters=4, kernels=(3, 3)), classes=2)


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(6, 1, 20), torch.randint(0, 2, (6,))


def test_loss_is_equation_1_on_windows_attacked_in_evaluation_mode(net, batch):
    defense = Adversarial(net.exits, epsilon=0.2)
    torch.manual_seed(3)
    loss = defense.loss(net.train(), *batch)
    torch.manual_seed(3)
    attack = PGD(Threat(0.2), steps=10, seed=int(torch.randint(2**31, ())))
    fresh = early_exit_net(fcnet(1, filters=4, kernels=(3, 3)), classes=2)
    fresh.load_state_dict(net.state_dict())
    for name, statistic in fresh.named_buffers():  # those of before: only the attack itself may not move them
        statistic.fill_(1.0 if name.endswith("var") else 0.0)
    x_adv = attack(fresh, *batch).x_adv
    torch.testing.assert_close(loss, Standard(net.exits).loss(fresh.train(), x_adv, batch[1]))


def test_a_mixture_weighs_clean_and_attacked_loss(net, batch):
    net.eval()
    torch.manual_seed(3)
    mixed = Adversarial(net.exits, epsilon=0.2, clean=0.3).loss(net, *batch)
    torch.manual_seed(3)
    attacked = Adversarial(net.exits, epsilon=0.2).loss(net, *batch)
    torch.testing.assert_close(mixed, 0.7 * attacked + 0.3 * Standard(net.exits).loss(net, *batch))


def test_any_attack_and_radius_comes_from_the_recipe(net, batch):
    options = {"epsilon": "20 dB", "attack": "pgd_avg", "attack_options": {"steps": 1}, "norm": "l2"}
    defense = defense_from_recipe(DefenseTable(name="adversarial", options=options), net.exits)
    moved = (defense.seen(net, *batch) - batch[0]).flatten(1).norm(dim=1)
    limits = 0.1 * (batch[0] - batch[0].mean(dim=2, keepdim=True)).flatten(1).norm(dim=1)
    assert (moved <= limits * 1.001).all()
    assert (moved > 0.2 * limits).all()


def test_every_call_starts_from_another_point(net, batch):
    defense = Adversarial(net.exits, epsilon=0.2, attack_options={"steps": 1})
    assert not torch.equal(defense.seen(net, *batch), defense.seen(net, *batch))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "defense adversarial needs the option 'epsilon'"),
        ({"epsilon": 0}, "epsilon must be positive, not 0"),
        ({"epsilon": 0.1, "clean": 1}, r"must be in \[0, 1\), not 1"),
        ({"epsilon": 0.1, "attack": "pdg"}, r"no attack is called 'pdg' \(did you mean 'pgd'\?\)"),
        ({"epsilon": 0.1, "attack_options": {"step": 3}}, "attack pgd has no option 'step'"),
        ({"epsilon": 0.1, "norm": "l0"}, "no norm is called 'l0'"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ConfigError, match=message):
        defense_from_recipe(DefenseTable(name="adversarial", options=options), exits=3)


@pytest.fixture(scope="module")
def robust_run(tmp_path_factory, wave_data):
    options = {"epsilon": 0.5, "attack_options": {"steps": 5}}
    run = Run(tmp_path_factory.mktemp("runs") / "robust")
    train(wave_recipe(defense=DefenseTable(name="adversarial", options=options)), wave_data, run)
    return run


def test_it_makes_the_network_more_robust(robust_run, wave_run, wave_data):
    attack, x, y = PGD(Threat(0.5), steps=10), wave_data.x[-100:], wave_data.y[-100:]
    plain, robust = (robust_windows(run.net(), attack, x, y).mean() for run in (wave_run, robust_run))
    assert robust > plain + 0.1


def test_early_stopping_looks_at_attacked_windows(robust_run, wave_data):
    lines = (robust_run.folder / "log.jsonl").read_text().splitlines()
    verdict = ensemble(probabilities(logits_of(robust_run.net(), wave_data.x)))
    clean = (verdict.argmax(axis=1) == wave_data.y).mean()
    assert len(lines) == robust_run.facts().epochs
    assert max(float(line.split('"accuracy":')[1].split(",")[0]) for line in lines) < clean
