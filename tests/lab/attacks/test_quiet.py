from __future__ import annotations

import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import score_named
from edgeguard.exits.ensemble import probabilities
from edgeguard.lab.attacks.knowledge import Knowledge, prepared
from edgeguard.lab.attacks.objective import verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.quiet import Quiet
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import undefended_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=30, hop=30)


def scores(net, x, name="mutual_information"):
    return torch.from_numpy(score_named(name)(probabilities(net(x).detach().numpy())))


def wanted(net, x_adv, y, threshold, name="mutual_information"):
    """Windows that are wrong and raise no alarm on the device."""
    return (verdicts(net(x_adv)) != y) & (scores(net, x_adv, name) <= threshold)


def clean_threshold(net, x, name="mutual_information", rate=0.5):
    return float(scores(net, x, name).quantile(1 - rate))


@pytest.mark.parametrize("name", ["mutual_information", "confusion", "combined"])
def test_it_fools_in_silence_where_pgd_is_heard(net, batch, name):
    x, y = batch
    threshold = clean_threshold(net, x, name)
    attacks = Quiet(Threat(0.2), score=name, threshold=threshold), PGD(Threat(0.2), steps=200, view="ensemble")
    silent, heard = (wanted(net, attack(net, x, y).x_adv, y, threshold, name).sum() for attack in attacks)
    assert silent > heard + 5


def test_a_weight_searched_for_each_window_finds_more(net, batch):
    x, y = batch
    threshold = clean_threshold(net, x)
    attacks = (Quiet(Threat(0.2), threshold=threshold, rounds=rounds, steps=20) for rounds in (1, 5))
    once, searched = (wanted(net, attack(net, x, y).x_adv, y, threshold) for attack in attacks)
    assert (searched | ~once).all()
    assert searched.sum() > once.sum()


def test_what_stays_right_is_quiet_at_least(net, batch):
    x, y = batch
    threshold = clean_threshold(net, x)
    x_adv = Quiet(Threat(0.1), threshold=threshold, steps=10)(net, x, y).x_adv
    hopeless = ~wanted(net, x_adv, y, threshold)
    assert hopeless.sum() > 5
    assert (scores(net, x_adv)[hopeless] <= threshold).sum() >= (scores(net, x)[hopeless] <= threshold).sum()
    assert (verdicts(net(x_adv)) == y)[hopeless].all()


def test_windows_leave_once_they_are_fooled_and_quiet(net, batch):
    x, y = batch
    threshold, sizes = clean_threshold(net, x), []
    net.stages[0].register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    result = Quiet(Threat(0.3), threshold=threshold, steps=10, leave=True)(net, x, y)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 10
    assert torch.equal(result.fooled, verdicts(net(result.x_adv)) != y)


def test_the_alarm_is_learned_beforehand_unless_told(net, batch):
    knowledge = Knowledge(*batch, SIGNAL, "confusion", 0.7)
    learned = prepared(Quiet(Threat(0.1)), net, knowledge)
    assert (learned.score, learned.threshold) == ("confusion", 0.7)
    told = prepared(Quiet(Threat(0.1), score="mutual_information", threshold=0.1), net, knowledge)
    assert (told.score, told.threshold) == ("mutual_information", 0.1)
    with pytest.raises(ConfigError, match="threshold of confusion says nothing of mutual_information"):
        prepared(Quiet(Threat(0.1), score="mutual_information"), net, knowledge)
    with pytest.raises(ConfigError, match="vote_entropy has no gradient"):
        prepared(Quiet(Threat(0.1)), net, Knowledge(*batch, SIGNAL, "vote_entropy", 0.7))


def test_what_it_cannot_do_is_refused(net, batch):
    with pytest.raises(ConfigError, match="needs a threshold to stay under"):
        Quiet(Threat(0.1))(net, *batch)
    one = undefended_net(fcnet(1, filters=2), classes=3)
    with pytest.raises(ConfigError, match="one exit never disagrees"):
        Quiet(Threat(0.1), threshold=0.1)(one, *batch)
    with pytest.raises(ConfigError, match=r"0 ≤ margin < 1, not 40, 5, 0\.25, 1\.5"):
        Quiet(Threat(0.1), margin=1.5)
