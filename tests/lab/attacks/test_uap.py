from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.threat import SignalToNoise, Threat
from edgeguard.lab.attacks.uap import UAP
from edgeguard.lab.nets import with_exits
from edgeguard.signals.spec import SignalSpec
from tests.lab.attacks.lively_net import lively_net

SIGNAL = SignalSpec(channels=("Fp1", "Fp2"), units="µV", window=12, hop=12, rate_hz=250.0)


def problem(windows=40):
    """An affine classifier of two classes that says 0 for every window, by gaps of about 1."""
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(24, 2))
    slope = linear[1].weight.detach()[1] - linear[1].weight.detach()[0]
    linear[1].bias.data = torch.tensor([1.0, 0.0])
    noise = torch.randn(windows, 24)
    noise -= (noise @ slope / slope.dot(slope))[:, None] * slope * 0.8
    x = noise.view(windows, 2, 12)
    return with_exits(linear, [], example=x), x, slope


def changed(net, x, x_adv):
    return float((net(x_adv)[:, -1].argmax(dim=1) != net(x)[:, -1].argmax(dim=1)).float().mean())


def test_it_fools_windows_that_it_never_saw():
    net, x, slope = problem(80)
    epsilon = float(1.6 / slope.abs().sum())  # the least that moves a gap of 1.6
    made = UAP(Threat(epsilon), sample_size=40).craft(net, x[:40], SIGNAL)
    fooled = changed(net, x[40:], x[40:] + torch.tensor(made.values))
    assert fooled >= 0.8
    assert changed(net, x[40:], x[40:] - torch.tensor(made.values)) == 0


def test_it_stops_at_the_fool_rate_and_tells_what_it_reached():
    net, x, slope = problem()
    epsilon = float(3 / slope.abs().sum())
    few, many = (UAP(Threat(epsilon), min_fool_rate=rate, sample_size=40).craft(net, x, SIGNAL) for rate in (0.1, 1))
    for made in (few, many):
        assert made.facts.fool_rate == pytest.approx(changed(net, x, x + torch.tensor(made.values)))
    assert 0.1 <= few.facts.fool_rate <= many.facts.fool_rate == 1


def test_the_record_says_what_it_was_made_for():
    net, x, _ = problem()
    facts = UAP(Threat((0.1, 0.2)), sample_size=5, max_passes=1, seed=3).craft(net, x, SIGNAL).facts
    assert (facts.channels, facts.rate_hz, facts.units) == (("Fp1", "Fp2"), 250.0, "µV")
    assert (facts.epsilon, facts.norm) == ((0.1, 0.2), "linf")
    assert facts.source == "UAP by DeepFool on 5 windows, view last, seed 3"


@pytest.mark.parametrize(
    "threat", [Threat(0.05), Threat((0.02, 0.1)), Threat(0.1, norm="l2"), Threat(0.1, (-1.0, 1.0))]
)
def test_the_ball_is_never_left(threat):
    net, x, _ = problem()
    x = x.clamp(-1, 1)
    moved = UAP(threat, sample_size=20, max_passes=2)(net, x, torch.zeros(40).long()).x_adv - x
    limit = torch.tensor(threat.radius).view(-1, 1) + 1e-6
    assert (moved.flatten(1).norm(dim=1) <= limit if threat.norm == "l2" else moved.abs() <= limit).all()
    assert moved.abs().max() > 0.01
    assert threat.bounds is None or (x + moved).abs().max() <= 1 + 1e-6


@pytest.mark.parametrize("view", ["ensemble", 0])
def test_the_verdict_that_counts_is_that_of_the_view(view):
    net, x = lively_net((2, 12), classes=3, kernels=(5, 3)), torch.randn(20, 2, 12)
    made = UAP(Threat(0.8), sample_size=20, max_passes=1, view=view).craft(net, x, SIGNAL)

    def verdicts(x):
        exits = net(x).softmax(dim=-1)
        return (exits.mean(dim=1) if view == "ensemble" else exits[:, view]).argmax(dim=1)

    shifted = verdicts(x + torch.tensor(made.values)) != verdicts(x)
    assert made.facts.fool_rate == pytest.approx(float(shifted.float().mean()))
    assert made.facts.fool_rate > 0


def test_same_seed_same_perturbation():
    net, x = lively_net((2, 12), classes=3, kernels=(5, 3)), torch.randn(20, 2, 12)
    first, second, other = (
        UAP(Threat(0.3), sample_size=10, max_passes=1, seed=seed).search(net, x)[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_with_knowledge_it_is_made_on_the_windows_known():
    net, x, _ = problem()
    known, attacked = x[:30], x[30:]
    attack = attack_named("uap", Threat(0.05, (-3.0, 0.5)), {"sample_size": 30})
    ready = prepared(attack, net, Knowledge(known, torch.zeros(30).long(), SIGNAL, "confusion", 1.0))
    expected = attacked + torch.tensor(attack.craft(net, known, SIGNAL).values)
    x_adv = ready(net, attacked.clamp(-3, 0.5), torch.zeros(10).long()).x_adv
    torch.testing.assert_close(x_adv, (attacked.clamp(-3, 0.5) + expected - attacked).clamp(-3, 0.5))


def test_bad_settings_are_named():
    net, x, _ = problem()
    with pytest.raises(ConfigError, match="40 windows are too few for sample_size 41: lower it"):
        UAP(Threat(0.1), sample_size=41).craft(net, x, SIGNAL)
    with pytest.raises(ConfigError, match=r"0 < min_fool_rate ≤ 1, .* not 1\.5, 100, 10"):
        UAP(Threat(0.1), min_fool_rate=1.5)
    with pytest.raises(ConfigError, match="one ball for all windows: give epsilon as a number, not dB"):
        UAP(Threat(SignalToNoise(20)))
    with pytest.raises(ConfigError, match="goes to no chosen class"):
        UAP(Threat(0.1))(net, x, x[:, 0, 0].long(), x[:, 0, 0].long())
    with pytest.raises(ConfigError, match="classes ≥ 2"):
        UAP(Threat(0.1), classes=1)
