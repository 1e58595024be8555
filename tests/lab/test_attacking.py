from __future__ import annotations

import numpy as np
import pytest

from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.attacking import perturb, robust_windows
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.inference import logits_of


@pytest.fixture(scope="module")
def windows(wave_data):
    return wave_data.x[:60], wave_data.y[:60]


def right(net, x, y):
    return ensemble(probabilities(logits_of(net, x))).argmax(axis=1) == y


def test_batches_cover_all_windows_and_average_their_checks(wave_run, windows):
    net, (x, y) = wave_run.net(), windows
    attack = PGD(Threat(0.5), steps=3, start_share=0)
    whole, checks = perturb(net, attack, x, y)
    parts, of_parts = perturb(net, attack, x, y, batch=25)
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    assert of_parts.loss_fell_share == pytest.approx(checks.loss_fell_share)


def test_robust_windows_are_right_before_and_after_the_attack(wave_run, windows):
    net, (x, y) = wave_run.net(), windows
    attack = PGD(Threat(0.5), steps=5, view="ensemble")
    robust = robust_windows(net, attack, x, y, batch=25)
    x_adv, _ = perturb(net, attack, x, y, batch=25)
    assert not (robust & ~right(net, x, y)).any()
    assert not (robust & ~right(net, x_adv, y)).any()
    assert 0 < robust.sum() < right(net, x, y).sum()


def test_an_attack_that_cannot_let_windows_go_is_asked_as_it_is(wave_run, windows):
    net, (x, y) = wave_run.net(), windows

    def still(net, x, y, target=None):
        return PGD(Threat(1e-6), steps=1)(net, x, y)

    assert (robust_windows(net, still, x, y) == right(net, x, y)).all()
