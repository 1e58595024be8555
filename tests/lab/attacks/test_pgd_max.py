from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.pgd_max import PGDMax
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import early_exit_net, undefended_net
from edgeguard.lab.nets.fcnet import fcnet
from tests.lab.attacks.lively_net import lively_net


@pytest.fixture
def net():
    return lively_net((2, 30), classes=3)


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(24, 2, 30), torch.randint(0, 3, (24,))


def losses_of_all_exits(net, x, y):
    """Cross-entropy (batch,) summed over the exits."""
    with torch.no_grad():
        return sum(F.cross_entropy(logits, y, reduction="none") for logits in net(x).unbind(1))


def plain_pgd_max(net, x, y, epsilon, steps, seed):
    """Eq. 8 as it is written: whole forwards, every candidate kept, nothing folded."""
    candidates = []
    for index in range(net.exits):
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
        x_adv = x + epsilon / 2 * noise.sign()
        for _ in range(steps):
            x_adv.requires_grad_()
            (gradient,) = torch.autograd.grad(F.cross_entropy(net(x_adv)[:, index], y, reduction="sum"), x_adv)
            x_adv = torch.clamp(x_adv.detach() + epsilon / 4 * gradient.sign(), x - epsilon, x + epsilon)
        candidates.append(x_adv)
    return torch.stack([losses_of_all_exits(net, x_adv, y) for x_adv in candidates]).amax(dim=0)


@pytest.mark.parametrize("seed", [0, 1])
def test_losses_equal_those_of_the_plain_reference(net, batch, seed):
    x, y = batch
    x_adv = PGDMax(Threat(0.2), steps=5, seed=seed)(net, x, y).x_adv
    expected = plain_pgd_max(net, x, y, 0.2, 5, seed)
    torch.testing.assert_close(losses_of_all_exits(net, x_adv, y), expected, rtol=1e-4, atol=1e-5)


def test_toward_a_target_the_candidate_nearest_to_it_is_kept(net, batch):
    x, y = batch
    target, threat = (y + 1) % 3, Threat(0.3)
    candidates = [PGD(threat, steps=4, view=index)(net, x, y, target).x_adv for index in range(net.exits)]
    smallest = torch.stack([losses_of_all_exits(net, x_adv, target) for x_adv in candidates]).amin(dim=0)
    x_adv = PGDMax(threat, steps=4)(net, x, y, target).x_adv
    torch.testing.assert_close(losses_of_all_exits(net, x_adv, target), smallest)


def test_no_stage_runs_for_an_exit_before_it(net, batch):
    runs = [0] * net.exits
    for index, stage in enumerate(net.stages):
        stage.register_forward_hook(lambda *_, index=index: runs.__setitem__(index, runs[index] + 1))
    PGDMax(Threat(0.1), steps=3)(net, *batch)
    looks = 1 + net.exits  # the clean windows, and each exit's candidates
    assert runs == [3 * (net.exits - index) + looks for index in range(net.exits)]


def verdicts(net, x):
    """What the averaged exits say (Eq. 2)."""
    return net(x).softmax(dim=-1).mean(dim=1).argmax(dim=1)


def test_windows_that_are_fooled_leave_and_are_told(net, batch):
    x = batch[0]
    y = verdicts(net, x)
    y[:6] = (y[:6] + 1) % 3
    result = PGDMax(Threat(0.15), steps=5, leave=True)(net, x, y)
    assert torch.equal(result.fooled, verdicts(net, result.x_adv) != y)
    assert 6 < result.fooled.sum() < len(y)
    assert torch.equal(result.x_adv[:6], x[:6])
    stayed = PGDMax(Threat(0.15), steps=5)(net, x, y).x_adv
    assert result.fooled.sum() >= (verdicts(net, stayed) != y).sum()


def test_fooled_windows_are_not_attacked_at_the_exits_left(net, batch):
    x, seen = batch[0], []
    y = verdicts(net, x)
    net.stages[0].register_forward_hook(lambda _stage, inputs, _output: seen.append(len(inputs[0])))
    result = PGDMax(Threat(0.15), steps=5, leave=True)(net, x, y)
    assert len(x) == seen[0] > seen[-1] >= (~result.fooled).sum() > 0


def test_where_all_windows_are_misclassified_nothing_is_left_to_attack(net, batch):
    x = batch[0]
    wrong = (verdicts(net, x) + 1) % 3
    result = PGDMax(Threat(0.1), leave=True)(net, x, wrong)
    assert result.fooled.all()
    assert torch.equal(result.x_adv, x)


def test_the_checks_look_at_all_exits(batch):
    x, y = batch
    dead = early_exit_net(fcnet(2, filters=4, kernels=(3,)), classes=3).eval()
    nn.init.zeros_(dead.heads[0].layers.weight)
    checks = PGDMax(Threat(0.1), steps=2)(dead, x, y).checks
    assert checks.zero_gradient_share == 0.5
    assert checks.loss_fell_share < 0.2
    assert checks.saturated_share == 0


def test_one_exit_is_not_enough(batch):
    with pytest.raises(ConfigError, match="pgd_max needs several exits, the network has 1: take pgd"):
        PGDMax(Threat(0.1))(undefended_net(fcnet(2, filters=4), classes=3), *batch)


def test_the_view_is_no_option():
    with pytest.raises(ConfigError, match="attack pgd_max has no option 'view'"):
        attack_named("pgd_max", Threat(0.1), {"view": "last"})
