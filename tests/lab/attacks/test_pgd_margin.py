from __future__ import annotations

import torch
from torch import nn

from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits


def test_it_climbs_where_the_softmax_is_saturated():
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(10, 2, bias=False))
    with torch.no_grad():
        linear[1].weight *= 1e4
    x = torch.randn(8, 1, 10)
    net, y = with_exits(linear, [], example=x), linear(x).argmax(dim=1)
    result = attack_named("pgd_margin", Threat(0.3), {})(net, x, y)
    uphill = (linear[1].weight[1 - y] - linear[1].weight[y]).sign().unsqueeze(1)
    torch.testing.assert_close(result.x_adv, x + 0.3 * uphill)
    assert result.checks.zero_gradient_share == 0
    assert PGD(Threat(0.3))(net, x, y).checks.zero_gradient_share > 0.5
