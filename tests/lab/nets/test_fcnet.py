from __future__ import annotations

import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.lab.nets import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


def reach(**options):
    """How many input samples the middle of the last block's output depends on."""
    torch.manual_seed(0)
    x = torch.randn(1, 1, 301, requires_grad=True)
    values = x
    for block in fcnet(1, filters=4, **options).blocks:
        values = block.eval()(values)
        assert values.shape == (1, 4, 301)
    values[0, :, 150].sum().backward()
    seen = x.grad[0, 0].nonzero()
    return int(seen.max() - seen.min()) + 1


def test_dilations_widen_what_a_block_sees_at_no_more_cost():
    kernels = (15, 9, 9)
    assert reach(kernels=kernels) <= 15 + 8 + 8
    assert 15 + 16 + 32 >= reach(kernels=kernels, dilations=(1, 2, 4)) > 15 + 8 + 8
    sizes = [
        sum(p.numel() for p in early_exit_net(fcnet(1, filters=4, kernels=kernels, **more), 2).parameters())
        for more in ({}, {"dilations": (1, 2, 4)})
    ]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("dilations", [(1, 2), (1, 2, 0)])
def test_dilations_that_do_not_fit_are_refused(dilations):
    with pytest.raises(ConfigError, match="give one positive number each"):
        fcnet(1, kernels=(3, 3, 3), dilations=dilations)
