from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.lab.carry_over import alignment, loss_gradients, mean_l1, transfer_rates
from edgeguard.lab.nets.early_exit import EarlyExitNet, early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


def test_gradients_are_those_of_each_exit_by_itself():
    torch.manual_seed(0)
    net, x, y = early_exit_net(fcnet(2, filters=5), 3), torch.randn(7, 2, 30), torch.arange(7) % 3
    found = loss_gradients(net, x.numpy(), y.numpy(), batch_size=4)
    assert net.training
    net.eval()
    for index in range(net.exits):
        at = x.clone().requires_grad_()
        nn.functional.cross_entropy(net.logits_at(at, index), y, reduction="sum").backward()
        np.testing.assert_allclose(found[:, index], at.grad.flatten(1), rtol=1e-3, atol=1e-6)


def test_a_linear_exit_has_the_gradient_that_calculus_says():
    last = nn.Linear(2, 2)
    with torch.no_grad():
        last.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 3.0]]))
        last.bias.zero_()
    net = EarlyExitNet([nn.Flatten()], [last])
    found = loss_gradients(net, np.zeros((1, 1, 2), np.float32), np.array([0]))
    np.testing.assert_allclose(found, [[[-0.5, 1.5]]])
    assert mean_l1(found) == [2.0]


def test_alignment_is_the_mean_cosine_with_the_last_exit():
    gradients = np.array([[[2, 0], [0, 3], [5, 0]], [[0, -1], [1, 1], [0, 2]]], np.float32)
    assert alignment(gradients) == pytest.approx([0.0, 0.5 / 2**0.5])


def test_a_zero_gradient_has_no_cosine():
    gradients = np.array([[[0, 0], [1, 0]], [[1, 0], [1, 0]]], np.float32)
    assert alignment(gradients) == [1.0]
    assert alignment(gradients[:1]) == [None]


def test_transfer_counts_windows_that_both_exits_got_right():
    right, wrong = [2.0, 1.0], [1.0, 2.0]
    clean = np.array([[right, right], [right, right], [wrong, right], [right, wrong], [right, right]])
    under_attack = np.array([[wrong, wrong], [right, wrong], [wrong, wrong], [wrong, wrong], [wrong, right]])
    assert transfer_rates(clean, under_attack, np.zeros(5, int)) == [0.5]


def test_an_attack_that_fools_nothing_has_no_rate():
    logits = np.array([[[2.0, 1.0], [2.0, 1.0]]])
    assert transfer_rates(logits, logits, np.array([0])) == [None]
