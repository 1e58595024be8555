from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import early_exit_net, undefended_net
from edgeguard.lab.nets.mlp import mlp


def test_it_is_the_papers_four_hidden_layers_with_tanh():
    net = undefended_net(mlp(13), classes=2)
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(13, 64), *[(64, 64)] * 3, (64, 2)]
    assert sum(isinstance(layer, nn.Tanh) for layer in net.modules()) == 4


def test_hidden_layers_are_an_option_and_get_an_exit_each():
    net = early_exit_net(mlp(5, hidden=(8, 3), activation="relu"), classes=4)
    assert net(torch.randn(6, 5)).shape == (6, 3, 4)
    assert not [layer for layer in net.modules() if isinstance(layer, nn.Tanh)]


@pytest.mark.parametrize("hidden", [(), (8, 0)])
def test_layers_without_units_are_refused(hidden):
    with pytest.raises(ConfigError, match="must be positive numbers of units"):
        mlp(5, hidden=hidden)
