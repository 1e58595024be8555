"""What every registered attack keeps to; a new one is tested by being registered."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import ATTACKS, attack_named
from edgeguard.lab.attacks.ball import distances
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.objective import verdicts
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits
from edgeguard.lab.radius import SignalToNoise
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation

# enough for the contract, not for a good attack
OPTIONS = {
    "apgd_ce": {"steps": 8},
    "apgd_dlr": {"steps": 8},
    "carlini_wagner": {"searches": 3, "max_steps": 20, "learning_rate": 0.05, "first_constant": 1.0},
    "pgd": {"steps": 5},
    "pgd_avg": {"steps": 5},
    "pgd_margin": {"steps": 5},
    "pgd_max": {"steps": 3},
    "quiet": {"steps": 8},
    "sap": {"steps": 4, "initial_steps": 3},
    "sloth": {"steps": 5},
    "square": {"queries": 30},
    "uap": {"sample_size": 10, "max_passes": 2},
}
NAMES = [name for name in ATTACKS.names() if name not in {"transfer", "universal"}]  # these need a file: see theirs
NORMS = {"carlini_wagner": ["l2"], "square": ["linf"], "sap": ["linf"]}
UNTARGETED = {"deepfool", "sloth", "uap"}
SIGNALS_ONLY = {"sap", "uap"}
SEVERAL_EXITS = {"pgd_max", "quiet", "sloth"}
STAYING = {
    "carlini_wagner",
    "deepfool",
    "uap",
    "quiet",
    "sloth",
}  # fooling is not all they want, or they leave by themselves
LIKE_ALL_WINDOWS = {"uap"}  # one ball for all windows


def attack_at(name, threat, net, batch):
    x, y = batch
    channels = tuple(f"c{index}" for index in range(x.shape[1]))
    signal = SignalSpec(channels=channels, units="mV", window=x.shape[-1], hop=1)
    knowledge = Knowledge(x, y, signal, "mutual_information", 0.05)
    return prepared(attack_named(name, threat, OPTIONS.get(name, {})), net, knowledge)


def state(net):
    flags = [(p.requires_grad, p.grad is None) for p in net.parameters()], [m.training for m in net.modules()]
    return list(net.modules()), flags, {name: value.clone() for name, value in net.state_dict().items()}


@pytest.mark.parametrize(("name", "norm"), [(name, norm) for name in NAMES for norm in NORMS.get(name, ["linf", "l2"])])
def test_the_ball_is_kept_and_something_is_moved(net, batch, name, norm):
    x, y = batch
    threat = Threat(0.3, norm=norm)
    x_adv = attack_at(name, threat, net, batch)(net, x, y).x_adv
    moved = distances(x_adv, x, norm)
    assert (x_adv.shape, x_adv.dtype) == (x.shape, x.dtype)
    assert not x_adv.requires_grad
    assert (moved <= 0.3 * (1 + 1e-5)).all()
    assert moved.max() > 0.01


@pytest.mark.parametrize("name", [name for name in NAMES if "linf" in NORMS.get(name, ["linf"])])
@pytest.mark.parametrize("radius", [(0.3,), SignalToNoise(10.0)])
def test_radii_per_channel_and_relative_ones_are_kept(net, batch, name, radius):
    x, y = batch
    threat = Threat(radius)
    if name in LIKE_ALL_WINDOWS and isinstance(radius, SignalToNoise):
        with pytest.raises(ConfigError, match="give epsilon as a number, not dB"):
            attack_at(name, threat, net, batch)
        return
    x_adv = attack_at(name, threat, net, batch)(net, x, y).x_adv
    torch.testing.assert_close(threat.ball(x).project(x_adv), x_adv, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_bounds_are_kept(net, batch, name):
    x, y = batch[0].clamp(0, 1), batch[1]
    threat = Threat(0.3, bounds=(0.0, 1.0), norm=NORMS.get(name, ["linf"])[0])
    x_adv = attack_at(name, threat, net, (x, y))(net, x, y).x_adv
    assert x_adv.min() >= 0
    assert x_adv.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_the_network_is_left_as_it_was_and_the_seed_decides(net, batch, name):
    net.train()
    before = state(net)
    threat = Threat(0.3, norm=NORMS.get(name, ["linf"])[0])
    attack = attack_at(name, threat, net, batch)
    first, second = (attack(net, *batch).x_adv for _ in range(2))
    assert torch.equal(first, second)
    after = state(net)
    assert [id(module) for module in before[0]] == [id(module) for module in after[0]]
    assert before[1] == after[1]
    assert all(torch.equal(value, after[2][key]) for key, value in before[2].items())


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNTARGETED])
def test_a_target_is_taken(net, batch, name):
    x, y = batch
    target = (y + 1) % 3
    threat = Threat(2.0, norm=NORMS.get(name, ["linf"])[0])
    x_adv = attack_at(name, threat, net, batch)(net, x, y, target).x_adv
    assert (verdicts(net(x_adv)) == target).sum() > (verdicts(net(x)) == target).sum()


@pytest.mark.parametrize("name", sorted(UNTARGETED))
def test_what_has_no_target_says_so(net, batch, name):
    attack = attack_at(name, Threat(0.3), net, batch)
    with pytest.raises(ConfigError, match="class"):
        attack(net, *batch, batch[1])


@pytest.mark.parametrize("name", NAMES)
def test_one_exit_is_attacked_or_refused(batch, name):
    torch.manual_seed(0)
    one = with_exits(nn.Sequential(nn.Flatten(), nn.Linear(30, 3)), [], example=batch[0]).eval()
    threat = Threat(0.3, norm=NORMS.get(name, ["linf"])[0])
    if name in SEVERAL_EXITS:
        with pytest.raises(ConfigError, match="exits"):
            attack_at(name, threat, one, batch)(one, *batch)
    else:
        assert attack_at(name, threat, one, batch)(one, *batch).x_adv.shape == batch[0].shape


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SIGNALS_ONLY])
@pytest.mark.parametrize("shape", [(2, 8, 8), (12,)])
def test_images_and_tables_are_attacked_too(name, shape):
    torch.manual_seed(0)
    first = nn.Conv2d(2, 4, 3) if len(shape) == 3 else nn.Linear(12, 4)
    last = nn.LazyLinear(3)
    x = torch.randn(10, *shape)
    net = with_exits(nn.Sequential(first, nn.ReLU(), nn.Flatten(), last), ["0"], example=x).eval()
    y = verdicts(net(x)).detach()
    threat = Threat(0.3, norm=NORMS.get(name, ["linf"])[0])
    x_adv = attack_at(name, threat, net, (x, y))(net, x, y).x_adv
    assert x_adv.shape == x.shape
    assert not torch.equal(x_adv, x)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in STAYING])
def test_windows_that_may_leave_are_told_apart(net, batch, name):
    threat = Threat(0.3, norm=NORMS.get(name, ["linf"])[0])
    result = attack_named(name, threat, {**OPTIONS.get(name, {}), "leave": True})(net, *batch)
    assert torch.equal(result.fooled, verdicts(net(result.x_adv)) != batch[1])
    assert result.fooled[:5].all()


def test_a_universal_perturbation_of_another_signal_is_refused(net, batch, tmp_path):
    facts = UniversalFacts(
        channels=("c0",), units="mV", rate_hz=250.0, norm="linf", epsilon=0.2, fool_rate=1.0, source=""
    )
    UniversalPerturbation(torch.full((1, 30), 0.1).numpy(), facts).save(tmp_path / "v.npz")
    attack = attack_named("universal", Threat(0.3), {"file": str(tmp_path / "v.npz")})
    signal = SignalSpec(channels=("c0",), units="mV", window=30, hop=30, rate_hz=360.0)
    with pytest.raises(ConfigError, match=r"made for rate_hz 250\.0, the signal has 360\.0"):
        prepared(attack, net, Knowledge(*batch, signal, "mutual_information", 0.1))
    with pytest.raises(ConfigError, match=r"has shape \(1, 30\), the windows \(1, 29\)"):
        attack(net, batch[0][:, :, 1:], batch[1])
