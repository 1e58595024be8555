from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.apgd import AutoPGDCrossEntropy, AutoPGDRatio, checkpoints
from edgeguard.lab.attacks.objective import Objective, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


def last_loss(net, x, y, loss="cross_entropy"):
    return Objective(loss)(net, x, y)[0].detach()


@pytest.fixture
def right(batch):
    return batch[0][5:], batch[1][5:]


def test_checkpoints_are_the_papers():
    assert list(checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99, 105]
    assert list(checkpoints(100).values()) == [22, 19, 16, 13, 10, 7, 6, 6, 6]
    assert list(checkpoints(10)) == [3, 5, 6, 7, 8, 9, 10, 11]


def test_on_a_linear_classifier_it_reaches_the_known_optimum():
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(10, 2))
    net, x, y = with_exits(linear, [], example=torch.randn(1, 1, 10)), torch.randn(8, 1, 10), torch.zeros(8).long()
    slope = (linear[1].weight[1] - linear[1].weight[0]).detach()
    for norm, direction in (("linf", slope.sign()), ("l2", slope / slope.norm())):
        x_adv = AutoPGDCrossEntropy(Threat(0.3, norm=norm), steps=20)(net, x, y).x_adv
        torch.testing.assert_close(x_adv, x + 0.3 * direction, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("norm", "radius"), [("linf", 0.2), ("l2", 0.6)])
def test_it_climbs_higher_than_pgd_in_as_many_steps(net, batch, norm, radius):
    x, y = batch
    threat = Threat(radius, norm=norm)
    losses = [last_loss(net, a(net, x, y).x_adv, y) for a in (AutoPGDCrossEntropy(threat), PGD(threat, steps=100))]
    assert losses[0].mean() > losses[1].mean()
    assert (losses[0] >= losses[1] - 0.05).float().mean() > 0.9


def plain(net, x, y, start, radius, ends):
    """Algorithm 1 of the paper for one window in l∞, line by line: its highest loss."""

    def look(at):
        at = at.clone().requires_grad_()
        loss = nn.functional.cross_entropy(net(at)[:, -1], y)
        return loss.item(), torch.autograd.grad(loss, at)[0].sign()

    before, now, eta, rises, judged, kept = start, start, 2 * radius, 0, None, False
    loss, sign = look(now)
    best = (loss, now, sign)
    for k in range(1, ends[-1] + 1):
        z = (now + eta * sign).clamp(x - radius, x + radius)
        ahead = z if k == 1 else now + 0.75 * (z - now) + 0.25 * (now - before)
        before, now = now, ahead.clamp(x - radius, x + radius)
        last, (loss, sign) = loss, look(now)
        rises += loss > last
        best = max(best, (loss, now, sign), key=lambda point: point[0])
        if k in ends:
            length = k - ([0, *ends][ends.index(k)])
            halve = rises < 0.75 * length or (kept and judged == best[0])
            rises, judged, kept = 0, best[0], not halve
            if halve:
                eta, (loss, now, sign) = eta / 2, best
    return best[0]


def test_it_is_the_papers_algorithm_on_every_window():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv1d(1, 8, 5), nn.Tanh(), nn.Flatten(), nn.Linear(8 * 16, 3)).double()
    x, y = torch.randn(12, 1, 20).double(), torch.arange(12) % 3
    net = with_exits(module, [], example=x)
    start = Threat(0.8).ball(x).start(0.5, seed=4)
    wanted = [
        plain(net, *(part[i : i + 1] for part in (x, y, start)), 0.8, [11, 21, 29, 35, 40, 44, 47, 50])
        for i in range(12)
    ]
    found = last_loss(net, AutoPGDCrossEntropy(Threat(0.8), steps=50, seed=4)(net, x, y).x_adv, y)
    torch.testing.assert_close(found, torch.tensor(wanted).double(), rtol=0, atol=1e-6)


# torch's and ART's own notes about how ART builds tensors and imports frameworks
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize(
    ("name", "loss", "art_loss"),
    [("apgd_ce", "cross_entropy", "cross_entropy"), ("apgd_dlr", "dlr", "difference_logits_ratio")],
)
def test_it_climbs_as_high_as_art(net, right, norm, name, loss, art_loss):
    from art.attacks.evasion import AutoProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    class LastExit(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net.logits_at(x, -1)

    x, y = right
    radius = 0.15 if norm == "linf" else 0.5
    peer = PyTorchClassifier(LastExit(), nn.CrossEntropyLoss(), x.shape[1:], 3, device_type="cpu")
    options = {"eps": radius, "eps_step": 2 * radius, "max_iter": 50, "nb_random_init": 1, "verbose": False}
    art = AutoProjectedGradientDescent(peer, norm="inf" if norm == "linf" else 2, loss_type=art_loss, **options)
    np.random.seed(0)  # noqa: NPY002 (ART draws from the global generator)
    x_art = torch.from_numpy(art.generate(x.numpy(), y.numpy()))
    ours = attack_named(name, Threat(radius, norm=norm), {"steps": 50})(net, x, y).x_adv
    assert last_loss(net, ours, y, loss).mean() >= last_loss(net, x_art, y, loss).mean() - 0.02
    fooled, fooled_by_art = (net(at)[:, -1].argmax(dim=1) != y for at in (ours, x_art))
    assert fooled.sum() >= fooled_by_art.sum() - 2  # starts differ
    assert fooled_by_art.sum() > 10


def test_more_starts_find_more(net, batch):
    x, y = batch
    losses = [last_loss(net, AutoPGDCrossEntropy(Threat(0.3), steps=5, restarts=n)(net, x, y).x_adv, y) for n in (1, 4)]
    assert (losses[1] >= losses[0]).all()
    assert losses[1].mean() > losses[0].mean()


def test_fooled_windows_leave_and_restarts_go_on_with_the_others(net, batch):
    x, y = batch
    sizes = []
    net.stages[0].register_forward_hook(lambda _, inputs, __: sizes.append(len(inputs[0])))
    result = AutoPGDCrossEntropy(Threat(0.15), steps=10, restarts=2, view="ensemble", leave=True)(net, x, y)
    assert sizes[:2] == [40, 35]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == (~result.fooled).sum() > 0
    assert torch.equal(result.x_adv[:5], x[:5])  # wrong before: not attacked


def test_dlr_goes_toward_a_class_that_scores_worst(net, right):
    x, _ = right
    target = net(x).mean(dim=1).argmin(dim=1).detach()
    x_adv = AutoPGDRatio(Threat(1.0), view="ensemble")(net, x, target, target).x_adv
    assert (verdicts(net(x)) == target).sum() == 0
    assert (verdicts(net(x_adv)) == target).float().mean() > 0.9


def test_what_it_cannot_do_is_refused():
    two, x = early_exit_net(fcnet(1, filters=2), classes=2), torch.randn(4, 1, 20)
    y = torch.zeros(4).long()
    for target in (None, y):
        with pytest.raises(ConfigError, match="the DLR loss needs 3 classes, the network has 2"):
            AutoPGDRatio(Threat(0.1))(two, x, y, target)
    with pytest.raises(ConfigError, match="steps ≥ 1 and restarts ≥ 1, not 100, 0"):
        AutoPGDCrossEntropy(Threat(0.1), restarts=0)
    with pytest.raises(ConfigError, match="no option 'loss'"):
        attack_named("apgd_ce", Threat(0.1), {"loss": "dlr"})
