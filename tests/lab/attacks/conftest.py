"""A small network that learned something, and windows that it mostly gets right."""

from __future__ import annotations

import copy

import pytest
import torch

from edgeguard.lab.attacks.objective import verdicts
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


def humps(windows, samples=30, seed=0):
    """Windows of noise with a hump at one of three places: x (windows, 1, samples), y (windows,)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 3, (windows,), generator=generator)
    places = torch.tensor([5.0, 15.0, 25.0])[y, None]
    hump = torch.exp(-((torch.arange(samples) - places) ** 2) / 8)
    return (hump + 0.2 * torch.randn(windows, samples, generator=generator))[:, None], y


def learned(seed):
    """A net taught in float64: in float32 the last bits, a processor's own, would make another net of it."""
    torch.manual_seed(seed)
    net = early_exit_net(fcnet(1, filters=6), classes=3).double()
    adam = torch.optim.Adam(net.parameters(), lr=0.02)
    x, y = humps(300)
    x = x.double()
    for _ in range(6):
        for batch in torch.randperm(len(x)).split(50):
            loss = Standard(net.exits).loss(net, x[batch], y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
    return net.float().eval().requires_grad_(True)


@pytest.fixture(scope="session")
def taught():
    return learned(0)


@pytest.fixture
def net(taught):
    return copy.deepcopy(taught)


@pytest.fixture
def batch(net):
    """Forty windows, right but for the first five, which are labeled wrongly."""
    x, _ = humps(40, seed=1)
    y = verdicts(net(x)).detach()
    y[:5] = (y[:5] + 1) % 3
    return x, y
