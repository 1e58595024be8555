from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import stack_module_state

from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import EarlyExitNet, early_exit_net, undefended_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.nets.mlp import mlp
from edgeguard.lab.stacked_dense import stacked_dense


def nets(activation="tanh"):
    torch.manual_seed(0)
    return [early_exit_net(mlp(5, hidden=(6, 4), activation=activation), classes=3) for _ in range(3)]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("shared", [True, False])
def test_each_network_answers_and_learns_as_it_does_alone(activation, shared):
    alone, x = nets(activation), torch.randn(3, 7, 5)
    weights, _ = stack_module_state(alone)
    together = torch.stack(stacked_dense(alone[0], weights).exit_logits(x[0] if shared else x), dim=2)
    together.square().sum().backward()
    for number, net in enumerate(alone):
        logits = net(x[0 if shared else number])
        torch.testing.assert_close(together[number], logits)
        logits.square().sum().backward()
        for name, weight in net.named_parameters():
            torch.testing.assert_close(weights[name].grad[number], weight.grad)


def test_the_slope_of_a_saturated_unit_is_no_rounding():
    net = EarlyExitNet([nn.Tanh()], [nn.Identity()])
    x = torch.tensor([-12.0, -9.0, -5.0, 0.0, 1e-4, 3.0, 8.0, 11.0]).requires_grad_()
    (found,) = stacked_dense(net, {}).exit_logits(x)
    (slope,) = torch.autograd.grad(found.sum(), x)
    exact = 1 / torch.cosh(x.detach().double()) ** 2
    torch.testing.assert_close(slope.double(), exact, rtol=1e-5, atol=0)
    torch.testing.assert_close(found.double(), x.double().tanh(), rtol=0, atol=2e-7)


def test_a_layer_whose_output_two_read_keeps_it():
    class Own(EarlyExitNet):
        pass

    torch.manual_seed(0)
    net = EarlyExitNet([nn.Linear(5, 4), nn.Tanh()], [nn.Linear(4, 3, bias=False), nn.Linear(4, 3)])
    weights, _ = stack_module_state([net])
    x = torch.randn(6, 5)
    torch.testing.assert_close(torch.stack(stacked_dense(net, weights).exit_logits(x), dim=2)[0], net(x))
    assert stacked_dense(Own(net.stages, net.heads), weights) is None


def test_other_networks_are_left_to_vmap():
    convolutions = undefended_net(fcnet(1, filters=4), classes=2)
    foreign = with_exits(nn.Sequential(nn.Linear(5, 3)), [], example=torch.zeros(1, 5))
    assert stacked_dense(convolutions, dict(convolutions.named_parameters())) is None
    assert stacked_dense(foreign, dict(foreign.named_parameters())) is None
