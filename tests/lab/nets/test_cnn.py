from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.cnn import cnn
from edgeguard.lab.nets.early_exit import early_exit_net, undefended_net


def test_it_is_the_papers_two_convolutions_and_two_dense_layers():
    net = undefended_net(cnn(3, 32, 32), classes=10)
    kinds = [type(layer) for layer in net.modules() if not list(layer.children())]
    block = [nn.Conv2d, nn.MaxPool2d, nn.ReLU]
    assert kinds == [*block, *block, nn.Flatten, nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 1, 10)


def test_sizes_are_options_and_semantic_exits_stand_behind_the_convolutions():
    backbone = cnn(1, 13, 9, filters=(4, 6), kernel=5, hidden=(7, 5))
    assert early_exit_net(backbone, classes=2)(torch.randn(3, 1, 13, 9)).shape == (3, 5, 2)
    semantic = early_exit_net(backbone, 2, "semantic")
    assert [head.layers.in_features for head in semantic.heads] == [6, 5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": ()}, "must be positive numbers, at least one each"),
        ({"kernel": 4}, "kernel 4 an odd one"),
        ({"filters": (4, 4, 4, 4)}, "4 poolings leave nothing of 8 by 8 pixels"),
    ],
)
def test_sizes_that_make_no_network_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        cnn(1, 8, 8, **options)
