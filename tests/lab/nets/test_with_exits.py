from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets import with_exits


class Residual2d(nn.Module):
    """A network that is not ours: a skip connection, functional calls, a submodule used twice, one never used."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.deep = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
        self.relu = nn.ReLU()
        self.unused = nn.Linear(2, 2)
        self.classify = nn.Linear(8, 4)

    def forward(self, x):
        h = self.relu(self.stem(x))
        h = self.relu(self.deep(h) + h)
        return self.classify(F.adaptive_avg_pool2d(h, 1).flatten(1))


def plain_1d():
    return nn.Sequential(
        nn.Conv1d(2, 6, 3),
        nn.ReLU(),
        nn.Conv1d(6, 12, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(12, 3),
    )


CASES = [(Residual2d, ["stem", "deep"], (3, 8, 8), 4), (plain_1d, ["1", "3"], (2, 20), 3)]


@pytest.mark.parametrize(("make", "taps", "shape", "classes"), CASES)
def test_exits_are_added_to_any_network_without_changing_its_own_output(make, taps, shape, classes):
    backbone, x = make().eval(), torch.randn(5, *shape)
    net = with_exits(backbone, taps, gamma=0.5, example=x[:1]).eval()
    logits = net(x)
    assert logits.shape == (5, 3, classes)
    torch.testing.assert_close(logits[:, -1], backbone(x))
    for index in range(net.exits):
        torch.testing.assert_close(net.logits_at(x, index), logits[:, index])


@pytest.mark.parametrize(("make", "taps", "shape", "classes"), CASES)
def test_all_exits_are_trained(make, taps, shape, classes):
    net = with_exits(make(), taps, example=torch.randn(1, *shape))
    net(torch.randn(4, *shape)).sum().backward()
    assert all(p.grad is not None for head in net.heads for p in head.parameters())


def test_leaving_at_a_tap_runs_nothing_behind_it():
    backbone = plain_1d()
    net = with_exits(backbone, ["1", "3"], example=torch.randn(1, 2, 20))
    ran = []
    backbone[2].register_forward_hook(lambda *_: ran.append(1))
    net.logits_at(torch.randn(1, 2, 20), 0)
    assert ran == []


def test_taps_are_ordered_by_when_they_run():
    net = with_exits(plain_1d(), ["3", "1"], example=torch.randn(1, 2, 20))
    assert net.taps == ("1", "3")


def test_no_hook_stays_behind():
    net = with_exits(plain_1d(), ["1"], example=torch.randn(1, 2, 20))
    net(torch.randn(1, 2, 20))
    net.logits_at(torch.randn(1, 2, 20), 0)
    assert not any(module._forward_hooks for module in net.backbone.modules())


def test_without_taps_a_plain_network_has_one_exit():
    net = with_exits(plain_1d(), [], example=torch.randn(1, 2, 20))
    assert net(torch.randn(2, 2, 20)).shape == (2, 1, 3)


@pytest.mark.parametrize(
    ("tap", "message"),
    [
        ("dep", r"no submodule 'dep' \(did you mean 'deep'\?\)"),
        ("relu", "tap 'relu' runs more than once"),
        ("unused", "'unused' does not run in a forward"),
    ],
)
def test_a_wrong_tap_is_named(tap, message):
    with pytest.raises(ConfigError, match=message):
        with_exits(Residual2d(), [tap], example=torch.randn(1, 3, 8, 8))


def test_a_network_without_class_logits_is_refused():
    with pytest.raises(ConfigError, match=r"logits of shape \(batch, classes\)"):
        with_exits(nn.Sequential(nn.Conv1d(1, 2, 3)), ["0"], example=torch.randn(1, 1, 9))
