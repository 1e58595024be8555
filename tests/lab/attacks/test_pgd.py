from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.objective import Objective
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


@pytest.fixture
def net():
    torch.manual_seed(0)
    return early_exit_net(fcnet(2, filters=8), classes=3)


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(16, 2, 40), torch.randint(0, 3, (16,))


def test_on_a_linear_classifier_pgd_reaches_the_known_optimum():
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(10, 2))
    net, x, y = with_exits(linear, [], example=torch.randn(1, 1, 10)), torch.randn(8, 1, 10), torch.zeros(8).long()
    x_adv = PGD(Threat(0.3), steps=20)(net, x, y).x_adv
    direction = (linear[1].weight[1] - linear[1].weight[0]).sign()
    torch.testing.assert_close(x_adv, x + 0.3 * direction)


@pytest.mark.parametrize("radius", [0.2, (0.1, 0.4)])
def test_the_ball_is_never_left(net, batch, radius):
    x, y = batch
    moved = (PGD(Threat(radius), steps=7)(net, x, y).x_adv - x).abs().amax(dim=(0, 2))
    limits = torch.tensor(radius if isinstance(radius, tuple) else (radius, radius))
    assert (moved <= limits + 1e-6).all()
    assert (moved > 0.9 * limits).all()


def test_bounds_are_kept_where_the_signal_has_any(net, batch):
    x, y = batch[0].clamp(-1, 1), batch[1]
    x_adv = PGD(Threat(0.5, bounds=(-1.0, 1.0)), steps=4)(net, x, y).x_adv
    assert x_adv.min() >= -1
    assert x_adv.max() <= 1


def test_a_larger_ball_raises_the_loss_more(net, batch):
    x, y = batch
    net.eval()
    objective = Objective()
    losses = [objective(net, PGD(Threat(e))(net, x, y).x_adv, y)[0].mean() for e in (0.05, 0.2, 0.8)]
    assert objective(net, x, y)[0].mean() < losses[0] < losses[1] < losses[2]


def test_one_exit_can_be_the_target(net, batch):
    x, y = batch
    net.eval()
    raised = []
    for index in (0, -1):
        x_adv = PGD(Threat(0.3), view=index)(net, x, y).x_adv
        raised.append(Objective(view=0)(net, x_adv, y)[0].mean())
    assert raised[0] > raised[1]


def test_same_seed_same_attack_and_the_network_is_left_as_it_was(net, batch):
    x, y = batch
    net.train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    first, second, other = (PGD(Threat(0.2), steps=2, seed=seed)(net, x, y).x_adv for seed in (5, 5, 6))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert net.training
    assert all(p.requires_grad and p.grad is None for p in net.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_masked_gradients_are_reported(batch):
    x, y = batch
    masked = nn.Sequential(nn.Flatten(), nn.Hardtanh(0, 1e-9), nn.Linear(80, 3))
    net = with_exits(masked, [], example=x[:1])
    checks = PGD(Threat(0.1), steps=2)(net, x.abs() + 1, y).checks
    assert checks.zero_gradient_share == 1
    assert "zero gradient" in checks.warnings()[0]


@pytest.mark.parametrize("radius", [0, -0.1, (0.1, -1.0), ()])
def test_epsilon_must_be_positive(radius):
    with pytest.raises(ConfigError, match="epsilon must be positive"):
        Threat(radius)


def test_radius_per_channel_must_fit_the_channels(net, batch):
    with pytest.raises(ConfigError, match="3 radii for a signal of 2 channels"):
        PGD(Threat((0.1, 0.1, 0.1)))(net, *batch)


def test_settings_out_of_range_are_named():
    with pytest.raises(ConfigError, match=r"start_share < 1, not 20, 0\.25, 1\.5"):
        PGD(Threat(0.1), start_share=1.5)
