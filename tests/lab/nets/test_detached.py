from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.nets import net_from_recipe, with_exits
from edgeguard.lab.recipe import NetTable
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("I", "II"), units="mV", window=40, hop=40)


def foreign(detached):
    torch.manual_seed(0)
    blocks = nn.Sequential(nn.Conv1d(2, 6, 3), nn.BatchNorm1d(6), nn.ReLU(), nn.Conv1d(6, 8, 3), nn.ReLU())
    backbone = nn.Sequential(*blocks, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3))
    return with_exits(backbone, ["2", "4"], 0.5, detached=detached, example=torch.zeros(2, *SIGNAL.shape))


def ours(detached):
    table = NetTable(name="fcnet", options={"filters": 6}, gamma=0.5, detached=detached)
    return net_from_recipe(table, SIGNAL, 3, seed=0)


@pytest.fixture(params=[ours, foreign])
def pair(request):
    """The same net, with its early heads detached and not."""
    return request.param(True), request.param(False)


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(8, *SIGNAL.shape), torch.randint(3, (8,))


def weight_gradients(net, loss):
    """Those of the heads of the early exits, and those of all the rest but the last head."""
    gradients = dict(
        zip(
            dict(net.named_parameters()),
            torch.autograd.grad(loss, list(net.parameters()), allow_unused=True),
            strict=True,
        )
    )
    early = [f"heads.{index}." for index in range(net.exits - 1)]
    heads = {name: g for name, g in gradients.items() if name.startswith(tuple(early))}
    return heads, {name: g for name, g in gradients.items() if name not in heads}


def test_early_exits_do_not_train_the_backbone(pair, batch):
    x, y = batch
    for net, reaches in zip(pair, (False, True), strict=True):
        early = sum(nn.functional.cross_entropy(logits, y) for logits in net.train().exit_logits(x)[:-1])
        heads, backbone = weight_gradients(net, early)
        assert all(g.abs().sum() > 0 for g in heads.values())
        assert any(g is not None for g in backbone.values()) == reaches


def test_one_early_exit_alone_does_not_train_it_either(pair, batch):
    net, x = pair[0].train(), batch[0]
    _, backbone = weight_gradients(net, net.logits_at(x, 0).square().sum())
    assert all(g is None for g in backbone.values())


def test_the_last_exit_trains_the_backbone_as_ever(pair, batch):
    x, y = batch
    found = [weight_gradients(net, nn.functional.cross_entropy(net.train()(x)[:, -1], y))[1] for net in pair]
    for name, gradient in found[0].items():
        torch.testing.assert_close(gradient, found[1][name])


def test_logits_are_the_same_in_both_modes(pair, batch):
    for training in (False, True):
        detached, plain = (copy.deepcopy(net).train(training)(batch[0]) for net in pair)
        torch.testing.assert_close(detached, plain, rtol=0, atol=0)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("view", [0, "average"])
def test_attacks_see_the_same_input_gradients(pair, batch, view, training):
    attack = PGD(Threat(0.1), steps=3, view=view)
    found = [attack(net.train(training), *batch).x_adv for net in pair]
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=0)
    assert not torch.equal(found[0], batch[0])


def test_a_step_of_training_moves_backbone_weights_by_the_last_exit_alone(batch):
    x, y = batch
    detached, plain = ours(True).train(), ours(False).train()
    Standard(detached.exits).loss(detached, x, y).backward()
    nn.functional.cross_entropy(plain(x)[:, -1], y).backward()
    for own, other in zip(detached.stages.parameters(), plain.stages.parameters(), strict=True):
        torch.testing.assert_close(own.grad, other.grad)
