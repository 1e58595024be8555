from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets import BACKBONES
from edgeguard.lab.nets.early_exit import early_exit_net, undefended_net

# parameters of the published networks in two dimensions, with three channels and 1000 classes
PUBLISHED = {"resnet18": 11_689_512, "mobilenet_v2": 3_504_872}


def in_two_dimensions(net):
    """What the parameters would be if every kernel were square."""
    kernels = {id(m.weight): m.kernel_size[0] for m in net.modules() if isinstance(m, nn.Conv1d)}
    return sum(p.numel() * kernels.get(id(p), 1) for p in net.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_with_square_kernels_it_would_weigh_what_was_published(name):
    assert in_two_dimensions(undefended_net(BACKBONES.load(name)(3), classes=1000)) == PUBLISHED[name]


@pytest.mark.parametrize(("name", "stages"), [("resnet18", [2, 2, 2, 2]), ("mobilenet_v2", [1, 2, 3, 4, 3, 3, 1])])
def test_semantic_exits_stand_at_the_ends_of_the_groups(name, stages):
    net = early_exit_net(BACKBONES.load(name)(2, width=0.25), 2, "semantic", 0.5).eval()
    assert [len(stage) for stage in net.stages] == stages
    assert net(torch.zeros(3, 2, 200)).shape == (3, len(stages), 2)


@pytest.mark.parametrize("name", PUBLISHED)
def test_time_is_divided_by_32_and_features_are_those_told(name):
    backbone = BACKBONES.load(name)(2, width=0.25)
    h = torch.zeros(2, 2, 320)
    for block, features in zip(backbone.blocks, backbone.features, strict=True):
        h = block.eval()(h)
        assert h.shape[1] == features
    assert h.shape[2] == 10


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_width_without_filters_is_refused(name):
    with pytest.raises(ConfigError, match="leaves no filters"):
        BACKBONES.load(name)(1, width=0.001)
