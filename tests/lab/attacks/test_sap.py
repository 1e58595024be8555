from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.objective import Objective, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.sap import SAP, smoothed
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


def rough_share(moved):
    """The share of a perturbation's power in the upper three quarters of the frequencies."""
    power = np.abs(np.fft.rfft(moved.numpy())) ** 2
    return power[..., power.shape[-1] // 4 :].sum() / power.sum()


def test_one_kernel_is_the_mean_of_25_convolutions():
    theta = np.random.default_rng(0).standard_normal((2, 3, 40))
    wanted = np.zeros_like(theta)
    for size in (5, 7, 11, 15, 19):
        for sigma in (1, 3, 5, 7, 10):
            kernel = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
            wanted += np.apply_along_axis(np.convolve, -1, theta, kernel / kernel.sum(), "same") / 25
    np.testing.assert_allclose(smoothed(torch.from_numpy(theta)), wanted, atol=1e-6)


def test_it_is_smoother_than_pgd_and_raises_the_loss(net, batch):
    x, y = batch
    smooth, rough = (attack(Threat(0.5))(net, x, y).x_adv for attack in (SAP, PGD))
    assert rough_share(smooth - x) < 0.1 * rough_share(rough - x)
    assert (smooth - x).abs().max() <= 0.5 + 1e-6
    before, after, pgd = (Objective()(net, at, y)[0].mean() for at in (x, smooth, rough))
    assert before + 0.5 < after < pgd


def test_it_climbs_higher_than_pgd_smoothed_afterwards(net, batch):
    x, y = batch
    pgd = PGD(Threat(0.5), steps=60)(net, x, y).x_adv
    losses = [Objective()(net, at, y)[0].mean() for at in (SAP(Threat(0.5))(net, x, y).x_adv, x + smoothed(pgd - x))]
    assert losses[0] > losses[1] + 0.1


def test_radii_of_channels_and_bounds_are_kept():
    torch.manual_seed(0)
    net, x = early_exit_net(fcnet(2, filters=4), classes=3), torch.rand(8, 2, 50)
    x_adv = SAP(Threat((0.1, 0.4), bounds=(0.0, 1.0)))(net, x, torch.randint(0, 3, (8,))).x_adv
    farthest = (x_adv - x).abs().amax(dim=(0, 2))
    assert (farthest <= torch.tensor([0.1, 0.4]) + 1e-6).all()
    assert farthest[1] > 0.2
    assert 0 <= x_adv.min() <= x_adv.max() <= 1


def test_windows_shorter_than_the_kernel_are_smoothed_too(net, batch):
    x, y = batch[0][..., :7], batch[1]
    x_adv = SAP(Threat(0.5), steps=5)(net, x, y).x_adv
    assert 0.1 < (x_adv - x).abs().max() <= 0.5


def test_windows_leave_only_once_the_smooth_perturbation_fools(net, batch):
    x, y = batch
    result = SAP(Threat(0.2), view="ensemble", leave=True)(net, x, y)
    assert torch.equal(result.fooled, verdicts(net(result.x_adv)) != y)
    assert 5 < result.fooled.sum() < 40
    assert rough_share((result.x_adv - x)[result.fooled]) < 0.1


def test_what_is_no_signal_is_refused(net):
    with pytest.raises(ConfigError, match=r"not windows of shape \[3, 8, 8\]"):
        SAP(Threat(0.1))(net, torch.zeros(2, 3, 8, 8), torch.zeros(2).long())
    with pytest.raises(ConfigError, match="SAP needs a linf ball, not l2"):
        SAP(Threat(0.1, norm="l2"))
    with pytest.raises(ConfigError, match="steps ≥ 1, initial_steps ≥ 1 and step_share > 0, not 0, 20"):
        SAP(Threat(0.1), steps=0)
