from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.threat import SignalToNoise, Threat
from edgeguard.lab.nets import with_exits
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation

X, Y = torch.linspace(-1, 1, 80).view(4, 2, 10), torch.zeros(4).long()
NET = with_exits(nn.Sequential(nn.Flatten(), nn.Linear(20, 2)), [], example=X)


@pytest.fixture
def file(tmp_path):
    values = np.linspace(-0.2, 0.2, 20, dtype=np.float32).reshape(2, 10)
    facts = UniversalFacts(
        channels=("a", "b"), units="mV", rate_hz=100.0, norm="linf", epsilon=0.2, fool_rate=0.5, source="a test"
    )
    UniversalPerturbation(values, facts).save(tmp_path / "played.npz")
    return tmp_path / "played.npz"


def signal(**changes):
    facts = {"channels": ("a", "b"), "units": "mV", "window": 10, "hop": 10, "rate_hz": 100.0}
    return SignalSpec(**{**facts, **changes})


def test_what_lies_in_the_file_is_added_to_every_window(file):
    x_adv = attack_named("universal", Threat(0.2), {"file": str(file)})(NET, X, Y).x_adv
    torch.testing.assert_close(x_adv - X, torch.linspace(-0.2, 0.2, 20).view(1, 2, 10).expand(4, -1, -1))


def test_the_threat_has_the_last_word(file):
    x_adv = attack_named("universal", Threat(0.05, bounds=(-1.0, 0.5)), {"file": str(file)})(
        NET, X.clamp(-1, 0.5), Y
    ).x_adv
    assert 0.049 < (x_adv - X.clamp(-1, 0.5)).abs().max() <= 0.05 + 1e-6
    assert x_adv.min() >= -1
    assert x_adv.max() <= 0.5
    relative = attack_named("universal", Threat(SignalToNoise(40)), {"file": str(file)})(NET, X, Y).x_adv
    assert 0 < (relative - X).abs().max() < 0.01


def test_it_must_fit_the_signal(file):
    attack = attack_named("universal", Threat(0.2), {"file": str(file)})
    assert prepared(attack, NET, Knowledge(X, Y, signal(), "confusion", 1.0)) is attack
    with pytest.raises(ConfigError, match=r"made for rate_hz 100\.0, the signal has 250\.0"):
        prepared(attack, NET, Knowledge(X, Y, signal(rate_hz=250.0), "confusion", 1.0))
    with pytest.raises(ConfigError, match=r"has shape \(2, 10\), the windows \(2, 9\)"):
        attack(NET, X[:, :, :9], Y)
    with pytest.raises(ConfigError, match="goes to no chosen class"):
        attack(NET, X, Y, Y)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no universal perturbation at .*gone\.npz: check the path"):
        attack_named("universal", Threat(0.2), {"file": str(tmp_path / "gone.npz")})
    with pytest.raises(ConfigError, match="attack universal needs the option 'file'"):
        attack_named("universal", Threat(0.2), {})
