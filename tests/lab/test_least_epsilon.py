from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.objective import verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.least_epsilon import LeastEpsilon, least_epsilons
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return with_exits(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), [], example=torch.zeros(1, 2, 6))


@pytest.fixture
def lively():
    torch.manual_seed(0)
    net = early_exit_net(fcnet(1, filters=6, kernels=(5, 3)), classes=3).eval()
    for head in net.heads:
        head.layers.weight.data *= 20
    x = torch.randn(24, 1, 20)
    return net, x, verdicts(net(x)).detach()


def windows(count=20):
    torch.manual_seed(1)
    return torch.randn(count, 2, 6)


def step_by_step(net, x, y, attack, tolerance):
    """The paper's search: the radius raised by the tolerance until a window is fooled."""
    found = np.full(len(y), np.inf)
    for number in range(1, round(attack.threat.radius / tolerance) + 1):
        fooled = replace(attack, threat=Threat(number * tolerance), leave=True)(net, x, y).fooled.numpy()
        found[fooled & np.isinf(found)] = number * tolerance
    return found


@pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2)])
@pytest.mark.parametrize("warm", [True, False])
def test_on_a_linear_network_it_is_the_margin_over_the_dual_norm(linear, norm, dual, warm):
    x = windows()
    logits = linear(x).detach()[:, 0]
    weight = linear.backbone[1].weight.detach()
    exact = (logits[:, 0] - logits[:, 1]).abs() / (weight[0] - weight[1]).norm(dual)
    found = least_epsilons(
        linear, x.numpy(), logits.argmax(dim=1).numpy(), most=9.0, tolerance=0.01, norm=norm, warm=warm
    )
    assert (found >= exact.numpy() - 1e-5).all()
    assert (found <= exact.numpy() + 0.01 + 1e-5).all()


def test_it_is_what_raising_epsilon_step_by_step_finds():
    torch.manual_seed(0)
    layers = [nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)]
    net, x = with_exits(nn.Sequential(*layers), [], example=torch.zeros(1, 6)), torch.randn(60, 6)
    y, attack = verdicts(net(x)).detach(), PGD(Threat(3.0), start_share=0.0, step_share=0.1)
    ours = LeastEpsilon(attack, 0.05, warm=False)(net, x, y).epsilon.numpy()
    theirs = step_by_step(net, x, y, attack, 0.05)
    assert (np.isfinite(theirs) & (theirs > 0.1)).mean() > 0.5
    assert np.isclose(ours, theirs, rtol=0, atol=0.05 + 1e-6).mean() >= 0.95


@pytest.mark.parametrize("attack", ["pgd", "pgd_avg", "pgd_margin", "pgd_max"])
def test_at_the_answer_a_point_is_known_that_fools(lively, attack):
    net, x, y = lively
    built = least_epsilons(net, x.numpy(), y.numpy(), most=4.0, tolerance=0.02, attack=attack, seed=1)
    assert np.isfinite(built).all()
    assert (built > 0).all()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_the_fooling_points_are_within_the_answer(lively, norm):
    net, x, y = lively
    least = LeastEpsilon(PGD(Threat(20.0, norm=norm), view="ensemble"), 0.05)(net, x, y)
    moved = (least.x_adv - x).flatten(1).norm(dim=1, p=2 if norm == "l2" else torch.inf)
    assert (moved <= least.epsilon * (1 + 1e-5)).all()
    assert (verdicts(net(least.x_adv)) != y).all()


def test_wrong_windows_are_0_and_those_that_most_does_not_fool_infinite(linear):
    x = windows()
    right = verdicts(linear(x)).detach().numpy()
    y = np.where(np.arange(20) < 5, 1 - right, right)
    found = least_epsilons(linear, x.numpy(), y, most=0.2, tolerance=0.01)
    weight = linear.backbone[1].weight.detach()
    exact = linear(x).detach()[:, 0].diff(dim=1)[:, 0].abs() / (weight[0] - weight[1]).norm(1)
    assert (found[:5] == 0).all()
    assert ((found[5:] == np.inf) == (exact[5:] > 0.2).numpy()).all()
    assert np.isinf(found).any()


def test_bounds_of_the_signal_can_make_a_window_unfoolable(linear):
    x = windows().clamp(-0.01, 0.01)
    y = verdicts(linear(x)).detach().numpy()
    free = least_epsilons(linear, x.numpy(), y, most=9.0, tolerance=0.01)
    bounded = least_epsilons(linear, x.numpy(), y, most=9.0, tolerance=0.01, bounds=(-0.01, 0.01))
    assert np.isfinite(free).all()
    assert np.isinf(bounded).any()


def test_batches_do_not_change_a_linear_answer(linear):
    x = windows().numpy()
    y = verdicts(linear(torch.from_numpy(x))).detach().numpy()
    whole, parts = (least_epsilons(linear, x, y, most=9.0, tolerance=0.01, batch=size) for size in (20, 1))
    np.testing.assert_allclose(whole, parts, atol=0.01 + 1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attack": "square"}, "PGD family"),
        ({"tolerance": 0.0}, "tolerance must lie between 0"),
        ({"tolerance": 2.0}, "tolerance must lie between 0"),
        ({"stps": 3}, "did you mean 'steps'"),
    ],
)
def test_what_makes_no_search_is_refused(linear, changes, message):
    x = windows(2).numpy()
    with pytest.raises(ConfigError, match=message):
        least_epsilons(linear, x, np.zeros(2, np.int64), **{"most": 1.0, "tolerance": 0.1, **changes})


def test_a_radius_per_channel_is_refused():
    with pytest.raises(ConfigError, match="one number per window"):
        LeastEpsilon(PGD(Threat((0.1, 0.2))), 0.01)
