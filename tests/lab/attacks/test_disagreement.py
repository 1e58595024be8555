from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import probabilities
from edgeguard.lab.attacks.disagreement import DIFFERENTIABLE, differentiable_score


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0, 1000.0])
def test_scores_are_those_of_the_device_and_have_a_finite_slope(name, scale):
    logits = (scale * torch.randn(50, 4, 3, generator=torch.Generator().manual_seed(0))).requires_grad_()
    scores = DIFFERENTIABLE[name](logits)
    expected = SCORES[name](probabilities(logits.detach().numpy()))
    np.testing.assert_allclose(scores.detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    assert torch.autograd.grad(scores.sum(), logits)[0].isfinite().all()


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_slopes_are_those_of_the_score(name):
    logits = torch.randn(5, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(DIFFERENTIABLE[name], logits)


def test_one_exit_has_no_combined_disagreement():
    logits = torch.randn(5, 1, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    scores = DIFFERENTIABLE["combined"](logits)
    assert scores.tolist() == [0.0] * 5
    assert torch.autograd.grad(scores.sum(), logits)[0].isfinite().all()


def test_a_score_without_a_slope_names_those_that_have_one():
    with pytest.raises(
        ConfigError, match="vote_entropy has no gradient: attack one of mutual_information, confusion, comb"
    ):
        differentiable_score("vote_entropy")
    with pytest.raises(ConfigError, match="did you mean 'confusion'"):
        differentiable_score("confusio")
