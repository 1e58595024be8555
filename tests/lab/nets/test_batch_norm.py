from __future__ import annotations

import pytest
import torch

from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.nets.batch_norm import normalized_layers, settled
from edgeguard.lab.recipe import NetTable
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=40, hop=40)


@pytest.fixture(params=["fcnet", "vgg16", "resnet18"])
def net(request):
    options = {"filters": 4} if request.param == "fcnet" else {"width": 0.125}
    net = net_from_recipe(NetTable(name=request.param, options=options), SIGNAL, 3, seed=0).double()
    with torch.no_grad():
        net.train()(3 * torch.randn(50, 1, 40, dtype=torch.float64) + 1)  # running statistics of their own
    return net


def input_gradient_size(forward, x):
    at = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(forward(at)[:, :, 0].sum(), at, create_graph=True)
    return gradient.abs().sum()


def test_settled_is_evaluation_mode_and_so_are_its_first_and_second_gradients(net):
    x, weights = torch.randn(4, 1, 40, dtype=torch.float64), list(net.parameters())
    with settled(net) as forward:
        logits, size = forward(x), input_gradient_size(forward, x)
        second = torch.autograd.grad(size, weights, allow_unused=True)
    net.eval()
    torch.testing.assert_close(logits, net(x))
    expected = input_gradient_size(net, x)
    torch.testing.assert_close(size, expected)
    for found, truth in zip(second, torch.autograd.grad(expected, weights, allow_unused=True), strict=True):
        if truth is None:
            assert found is None or not found.any()
        else:
            torch.testing.assert_close(found if found is not None else torch.zeros_like(truth), truth)


def test_settled_leaves_the_network_as_it_was(net):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modules = dict(net.named_modules())
    with pytest.raises(RuntimeError, match="stop"), settled(net):
        raise RuntimeError("stop")
    assert net.training
    assert dict(net.named_modules()) == modules
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_later_training_step_leaves_a_settled_graph_intact(net):
    with settled(net) as forward:
        loss = forward(torch.randn(4, 1, 40, dtype=torch.float64)).sum()
    net.train()(torch.randn(8, 1, 40, dtype=torch.float64))  # changes the running statistics in place
    loss.backward()


def test_every_block_of_fcnet_is_folded():
    net = net_from_recipe(NetTable(name="fcnet", options={"filters": 4}), SIGNAL, 2, seed=0)
    assert [one.path for one in normalized_layers(net)] == [f"stages.{k}.0.1" for k in range(4)]
