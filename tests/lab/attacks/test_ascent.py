from __future__ import annotations

import pytest
import torch

from edgeguard.lab.attacks.attacked import attacked
from edgeguard.lab.attacks.objective import Objective, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.pgd_avg import PGDAverage
from edgeguard.lab.attacks.threat import Threat


def test_folding_changes_no_logits_and_is_undone(net, batch):
    before = net(batch[0])
    modules = list(net.modules())
    with attacked(net):
        assert sum(isinstance(module, torch.nn.BatchNorm1d) for module in net.modules()) == 0
        torch.testing.assert_close(net(batch[0]), before, rtol=1e-4, atol=1e-5)
    assert all(a is b for a, b in zip(net.modules(), modules, strict=True))
    assert torch.equal(net(batch[0]), before)


def test_the_network_is_restored_when_an_attack_breaks(net):
    modules = list(net.modules())
    net.train()
    with pytest.raises(ZeroDivisionError), attacked(net):
        _ = 1 / 0
    assert all(a is b for a, b in zip(net.modules(), modules, strict=True))
    assert all(module.training for module in net.modules())


def test_windows_that_are_fooled_leave_and_no_fewer_are_fooled(net, batch):
    x, y = batch
    attack = PGD(Threat(0.3), steps=10, view="ensemble")
    stayed, left = attack(net, x, y), PGD(Threat(0.3), steps=10, view="ensemble", leave=True)(net, x, y)
    fooled = verdicts(net(left.x_adv)) != y
    assert torch.equal(left.fooled, fooled)
    assert fooled.sum() >= (verdicts(net(stayed.x_adv)) != y).sum() > 5
    torch.testing.assert_close(left.x_adv[:5], x[:5])  # wrong before: not attacked
    same = ~fooled
    torch.testing.assert_close(left.x_adv[same], stayed.x_adv[same], rtol=0, atol=1e-5)


def test_leaving_windows_are_not_computed_any_more(net, batch):
    x, y = batch
    sizes = []
    net.stages[0].register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    PGD(Threat(3.0), steps=20, view="ensemble", leave=True)(net, x, y)
    assert sizes[0] == 40
    assert sizes[1] == 35
    assert sizes[-1] < 35
    assert sizes == sorted(sizes, reverse=True)


def test_a_target_is_approached(net, batch):
    x, y = batch
    target = (y + 1) % 3
    x_adv = PGD(Threat(0.5), view="ensemble")(net, x, y, target).x_adv
    assert (verdicts(net(x_adv)) == target).sum() > (verdicts(net(x)) == target).sum() + 5
    before, after = (Objective(view="ensemble")(net, at, target)[0] for at in (x, x_adv))
    assert (after < before).float().mean() > 0.9


def test_average_attack_raises_the_average_loss_more_than_the_naive_one(net, batch):
    x, y = batch
    average = Objective(view="average")
    losses = [average(net, attack(Threat(0.2))(net, x, y).x_adv, y)[0].mean() for attack in (PGD, PGDAverage)]
    assert losses[1] > losses[0]


def test_checks_are_dropped_where_nobody_asks(net, batch):
    checks = PGD(Threat(0.1), steps=2, check=False)(net, *batch).checks
    assert checks.loss_fell_share is None
    assert checks.warnings() == []


def test_saturated_logits_are_reported(net, batch):
    for parameter in net.heads[-1].parameters():
        parameter.data *= 1e5
    x = batch[0]
    checks = PGD(Threat(0.1), steps=2)(net, x, net(x)[:, -1].argmax(-1)).checks
    assert checks.saturated_share > 0.5
    assert any("saturated" in warning for warning in checks.warnings())
