from __future__ import annotations

import math

import pytest
import torch

from edgeguard.lab.nets.heads import ExitHead, exit_blocks, hidden_widths


def test_hidden_widths_follow_equation_3():
    # K_i = sqrt(1 + gamma)^(B - i) K_B with B = 5, K_B = 512, gamma = .5, for exits 1 to 4
    expected = [round(math.sqrt(1.5) ** power * 512) for power in (4, 3, 2, 1)]
    assert hidden_widths(0.5, 5, 512) == expected == [1152, 941, 768, 627]


def test_gamma_zero_is_one_linear_layer():
    assert hidden_widths(0.0, 5, 128) == [None] * 4
    assert isinstance(ExitHead(128, 2).layers, torch.nn.Linear)


@pytest.mark.parametrize(("placement", "blocks"), [("blockwise", [0, 1, 2, 3, 4]), ("semantic", [1, 3])])
def test_exits_stand_where_the_placement_says(placement, blocks):
    assert exit_blocks([64, 64, 128, 128, 256], placement) == blocks


@pytest.mark.parametrize("shape", [(2, 6), (2, 6, 10), (2, 6, 4, 5)])
def test_head_averages_whatever_lies_behind_the_features(shape):
    head, h = ExitHead(6, 3, hidden=4), torch.randn(shape)
    pooled = h.reshape(2, 6, -1).mean(-1)
    torch.testing.assert_close(head(h), head.layers(pooled))
