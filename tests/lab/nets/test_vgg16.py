from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import early_exit_net, undefended_net
from edgeguard.lab.nets.vgg16 import vgg16


def test_thirteen_convolutions_halve_time_five_times():
    backbone = vgg16(2, width=0.125)
    net = nn.Sequential(*backbone.blocks)
    assert sum(isinstance(module, nn.Conv1d) for module in net.modules()) == 13
    assert net(torch.zeros(1, 2, 64)).shape == (1, 64, 2)


def test_semantic_exits_make_the_papers_ensemble_of_five():
    net = early_exit_net(vgg16(1), classes=2, placement="semantic", gamma=0.5).eval()
    assert net.exits == 5
    assert [len(stage) for stage in net.stages] == [2, 2, 3, 3, 3]  # its five groups of convolutions
    assert net(torch.zeros(2, 1, 100)).shape == (2, 5, 2)
    assert net.heads[0].layers[0].out_features == round(1.5**2 * 512)


def test_the_convolutions_weigh_what_vgg16_weighs_in_one_dimension():
    net = undefended_net(vgg16(1), classes=2)
    widths = [1, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    expected = sum(3 * a * b + b for a, b in pairwise(widths))
    assert sum(m.weight.numel() + m.bias.numel() for m in net.modules() if isinstance(m, nn.Conv1d)) == expected


@pytest.mark.parametrize("width", [0, -1, 0.001])
def test_a_width_without_filters_is_refused(width):
    with pytest.raises(ConfigError, match="leaves no filters"):
        vgg16(1, width=width)
