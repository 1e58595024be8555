from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from edgeguard.errors import ConfigError
from edgeguard.lab.defenses import defense_from_recipe
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.recipe import DefenseTable


@pytest.mark.parametrize(("alpha", "weights"), [(1.0, [1, 1, 1]), ([0.5, 0.0], [0.5, 0.0, 1])])
def test_loss_is_equation_1(alpha, weights):
    net = early_exit_net(fcnet(1, filters=4, kernels=(3, 3)), classes=2).eval()
    x, y = torch.randn(6, 1, 20), torch.randint(0, 2, (6,))
    expected = sum(w * F.cross_entropy(net.logits_at(x, k), y) for k, w in enumerate(weights))
    defense = defense_from_recipe(DefenseTable(options={"alpha": alpha}), net.exits)
    torch.testing.assert_close(defense.loss(net, x, y), expected)


@pytest.mark.parametrize("alpha", [[1.0], [1.0, 2.0], -0.5])
def test_alpha_must_fit_the_exits(alpha):
    with pytest.raises(ConfigError, match="alpha must be in"):
        defense_from_recipe(DefenseTable(options={"alpha": alpha}), exits=3)


def test_unknown_defense_names_the_near_match():
    with pytest.raises(ConfigError, match=r"no defense is called 'standart' \(did you mean 'standard'\?\)"):
        defense_from_recipe(DefenseTable(name="standart"), exits=3)
