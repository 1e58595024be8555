from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.carlini_wagner import CarliniWagner
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits
from tests.lab.attacks.lively_net import lively_net

BRIEF = {"searches": 6, "max_steps": 100, "learning_rate": 0.05}
BOUNDS = (-4.0, 4.0)


@pytest.fixture
def net():
    return lively_net((2, 30), classes=3, kernels=(5, 3))


@pytest.fixture
def batch(net):
    torch.manual_seed(1)
    x = torch.randn(8, 2, 30).clamp(*BOUNDS)
    return x, net(x)[:, -1].argmax(dim=1).detach()


def affine():
    torch.manual_seed(2)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    x = torch.randn(8, 1, 12)
    scores = linear(x).detach()
    slope = (linear[1].weight[1] - linear[1].weight[0]).norm().detach()
    return with_exits(linear, [], example=x), x, scores.argmax(dim=1), (scores[:, 1] - scores[:, 0]).abs(), slope


def lengths(x_adv, x):
    return (x_adv - x).flatten(1).norm(dim=1)


@pytest.mark.parametrize("confidence", [0.0, 0.3])
def test_on_an_affine_classifier_it_nears_the_closed_form(confidence):
    net, x, y, gap, slope = affine()
    x_adv = CarliniWagner(confidence=confidence, max_steps=150, learning_rate=0.03)(net, x, y).x_adv
    nearest = (gap + confidence) / slope
    assert (lengths(x_adv, x) >= nearest * 0.999).all()
    assert (lengths(x_adv, x) <= nearest * 1.03 + 1e-3).all()
    scores = net(x_adv)[:, -1]
    assert (scores.gather(1, 1 - y[:, None]) - scores.gather(1, y[:, None]) >= confidence - 1e-5).all()


# what foolbox's own dependencies deprecate
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_its_perturbations_are_no_larger_than_foolboxs(net, batch):
    import foolbox

    class LastExit(nn.Module):
        def forward(self, x):
            return net.logits_at(x, -1)

    x, y = batch
    peer = foolbox.attacks.L2CarliniWagnerAttack(binary_search_steps=6, steps=100, stepsize=0.05)
    model = foolbox.PyTorchModel(LastExit().eval(), bounds=BOUNDS, device="cpu")
    _, theirs, fooled = peer(model, x, y, epsilons=None)
    ours = CarliniWagner(Threat(1e3, BOUNDS, "l2"), **BRIEF)(net, x, y).x_adv
    assert fooled.all()
    assert (net(ours)[:, -1].argmax(dim=1) != y).all()
    assert lengths(ours, x).mean() <= 1.02 * lengths(theirs, x).mean()


@pytest.mark.parametrize("view", ["last", "ensemble", 0])
def test_it_reaches_the_target_at_the_view(net, batch, view):
    x, y = batch
    target = (y + 1) % 3
    x_adv = CarliniWagner(view=view, first_constant=1.0, **BRIEF)(net, x, y, target).x_adv
    exits = net(x_adv).softmax(dim=-1)
    scores = exits.mean(dim=1) if view == "ensemble" else exits[:, -1 if view == "last" else view]
    assert torch.equal(scores.argmax(dim=1), target)


def test_within_a_threat_it_stays_in_its_ball_and_bounds(net, batch):
    x, y = batch
    threat = Threat(0.05, BOUNDS, "l2")
    x_adv = attack_named("carlini_wagner", threat, {"first_constant": 10.0, **BRIEF})(net, x, y).x_adv
    assert 0.04 < lengths(x_adv, x).max() <= 0.05 + 1e-6
    assert x_adv.min() >= BOUNDS[0]
    assert x_adv.max() <= BOUNDS[1]


def test_windows_that_are_not_fooled_and_those_that_were_stay(net, batch):
    x, y = batch
    assert torch.equal(CarliniWagner(max_steps=1, searches=1)(net, x, y).x_adv, x)
    assert torch.equal(CarliniWagner(**BRIEF)(net, x, (y + 1) % 3).x_adv, x)


def test_what_it_cannot_do_is_said():
    with pytest.raises(ConfigError, match="carlini_wagner needs an l2 ball, not linf: take pgd_margin"):
        CarliniWagner(Threat(0.1))
    with pytest.raises(ConfigError, match=r"needs confidence ≥ 0.*not -1, \(0, 1000\)"):
        CarliniWagner(confidence=-1, searches=0)
