from __future__ import annotations

import math

import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.exits.agreement import stages_used
from edgeguard.exits.ensemble import probabilities
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.sloth import Sloth, indecision
from edgeguard.lab.attacks.threat import Threat
from tests.lab.attacks.conftest import learned


@pytest.fixture
def net():
    """One from which clean windows leave early, so that there is something to slow down."""
    return learned(1)


def mean_stages(net, x):
    return stages_used(probabilities(net(x).detach().numpy()), 0.4).mean()


def test_exits_become_undecided_and_more_stages_are_run(net, batch):
    x, y = batch
    result = Sloth(Threat(0.3))(net, x, y)
    before, after = (probabilities(net(part).detach().numpy()).max(axis=-1).mean(axis=0) for part in (x, result.x_adv))
    assert (after < before).all()
    assert mean_stages(net, result.x_adv) > mean_stages(net, x) + 0.5
    assert mean_stages(net, result.x_adv) > mean_stages(net, PGD(Threat(0.3))(net, x, y).x_adv)
    assert result.checks.warnings() == []


def test_classes_do_not_matter(net, batch):
    x, y = batch
    assert torch.equal(Sloth(Threat(0.3))(net, x, y).x_adv, Sloth(Threat(0.3))(net, x, (y + 1) % 3).x_adv)


def test_the_loss_is_the_cross_entropy_toward_equal_classes(net, batch):
    x, y = batch
    loss, logits = indecision(net, x, y)
    uniform = torch.full_like(logits, 1 / 3)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), uniform.flatten(0, 1), reduction="none")
    torch.testing.assert_close(-loss, expected.view(len(x), -1).mean(dim=1))
    assert (loss <= -math.log(3) + 1e-6).all()


@pytest.mark.parametrize("options", [{"steps": 0}, {"step_share": 0.0}, {"start_share": 1.0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ConfigError, match="sloth needs steps"):
        Sloth(Threat(0.3), **options)
