from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.deepfool import DeepFool
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits
from tests.lab.attacks.lively_net import lively_net


@pytest.fixture
def net():
    return lively_net((2, 30), classes=3)


@pytest.fixture
def batch(net):
    torch.manual_seed(1)
    x = torch.randn(24, 2, 30)
    return x, net(x)[:, -1].argmax(dim=1).detach()


def affine(classes):
    torch.manual_seed(2)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(12, classes))
    x = torch.randn(16, 1, 12)
    return linear, with_exits(linear, [], example=x), x, linear(x).argmax(dim=1)


def distances_to_boundaries(linear, x, y, dual):
    """The closed form: the gap of each other class over the dual norm of its slope, (batch, classes), own at inf."""
    weight, scores = linear[1].weight, linear(x)
    slopes = torch.linalg.vector_norm(weight[None] - weight[y][:, None], dual, dim=-1)
    return ((scores.gather(1, y[:, None]) - scores) / slopes).scatter(1, y[:, None], torch.inf).detach()


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize(("norm", "dual"), [("l2", 2), ("linf", 1)])
def test_on_an_affine_classifier_it_is_the_closed_form(classes, norm, dual):
    linear, net, x, y = affine(classes)
    expected = 1.02 * distances_to_boundaries(linear, x, y, dual).amin(dim=1)
    torch.testing.assert_close(DeepFool(norm=norm).distances(net, x, y), expected, rtol=1e-4, atol=1e-5)


def test_only_the_best_scoring_classes_are_considered():
    linear, net, x, y = affine(6)
    runner_up = linear(x).topk(2, dim=1).indices[:, 1:]
    expected = 1.02 * distances_to_boundaries(linear, x, y, 2).gather(1, runner_up)[:, 0]
    assert (DeepFool(classes=2, max_steps=1).distances(net, x, y) <= expected * 1.001).all()
    assert (expected > DeepFool().distances(net, x, y) * 1.001).any()


# torch's and ART's own notes about how ART builds tensors and imports frameworks
@pytest.mark.filterwarnings("ignore")
def test_it_goes_no_farther_than_art(net, batch):
    from art.attacks.evasion import DeepFool as ArtDeepFool
    from art.estimators.classification import PyTorchClassifier

    class LastExit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net.logits_at(x, -1)

    x, y = batch
    peer = PyTorchClassifier(LastExit(), nn.CrossEntropyLoss(), x.shape[1:], 3, device_type="cpu")
    x_art = ArtDeepFool(peer, epsilon=0.02, max_iter=50, batch_size=24, verbose=False).generate(x.numpy())
    theirs = np.linalg.norm((x_art - x.numpy()).reshape(24, -1), axis=1)
    ours = DeepFool().distances(net, x, y).numpy()
    assert ours.mean() <= 1.01 * theirs.mean()
    np.testing.assert_allclose(np.median(ours / theirs), 1, atol=0.03)


@pytest.mark.parametrize("view", ["last", "ensemble", 0])
def test_the_verdict_of_the_view_changes(net, batch, view):
    def verdicts(x):
        exits = net(x).softmax(dim=-1)
        return (exits.mean(dim=1) if view == "ensemble" else exits[:, -1 if view == "last" else view]).argmax(dim=1)

    x = batch[0]
    y = verdicts(x)
    assert (verdicts(DeepFool(view=view)(net, x, y).x_adv) != y).all()


def test_a_window_is_perturbed_as_if_it_were_alone(net, batch):
    x, y = batch
    together = DeepFool().distances(net, x, y)
    alone = torch.cat([DeepFool().distances(net, x[i : i + 1], y[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(together[:6], alone, rtol=1e-3, atol=1e-5)


def test_misclassified_windows_are_at_0_and_those_given_up_at_infinity(net, batch):
    x, y = batch
    wrong = y.clone()
    wrong[:5] = (y[:5] + 1) % 3
    distances = DeepFool(max_steps=1, overshoot=0).distances(net, x, wrong)
    assert (distances[:5] == 0).all()
    assert distances[5:].isinf().any()
    assert (distances[5:] > 0).all()
    torch.testing.assert_close(DeepFool()(net, x, wrong).x_adv[:5], x[:5], rtol=0, atol=0)


def test_a_network_without_gradients_is_reported(batch):
    x, y = batch[0].abs() + 1, torch.zeros(24).long()
    masked = nn.Sequential(nn.Flatten(), nn.Hardtanh(0, 1e-9), nn.Linear(60, 3))
    masked[2].bias.data = torch.tensor([1.0, 0.0, 0.0])
    net = with_exits(masked, [], example=x[:1])
    assert DeepFool()(net, x, y).checks.zero_gradient_share == 1
    assert DeepFool().distances(net, x, y).isinf().all()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_within_a_threat_it_stays_in_its_ball_and_bounds(net, batch, norm):
    x, y = batch[0].clamp(-1, 1), batch[1]
    result = attack_named("deepfool", Threat(0.02, (-1.0, 1.0), norm), {})(net, x, y)
    moved = (result.x_adv - x).flatten(1)
    lengths = moved.norm(dim=1) if norm == "l2" else moved.abs().amax(dim=1)
    assert (lengths <= 0.02 + 1e-6).all()
    assert lengths.max() > 0.019
    assert result.x_adv.abs().max() <= 1


def test_what_it_cannot_do_is_said(net, batch):
    x, y = batch
    with pytest.raises(ConfigError, match="not to a chosen one: take carlini_wagner or pgd"):
        DeepFool()(net, x, y, y)
    with pytest.raises(ConfigError, match="the norm l2 in an linf ball"):
        DeepFool(Threat(0.1), norm="l2")
    with pytest.raises(ConfigError, match=r"classes ≥ 2, not 0, 0\.02, 1"):
        DeepFool(max_steps=0, classes=1)
    with pytest.raises(ConfigError, match="there is no exit 7"):
        DeepFool(view=7)(net, x, y)
