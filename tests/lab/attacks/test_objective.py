from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from edgeguard.errors import ConfigError
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.attacks.objective import Objective, ensemble_logits, targeted_ratio, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet


@pytest.fixture
def net():
    torch.manual_seed(0)
    return early_exit_net(fcnet(1, filters=4), classes=3).eval()


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(10, 1, 20), torch.randint(0, 3, (10,))


def test_ensemble_logits_are_the_logarithm_of_the_averaged_softmax(net, batch):
    logits = net(batch[0]).detach()
    mean = torch.from_numpy(ensemble(probabilities(logits.numpy())))
    torch.testing.assert_close(ensemble_logits(logits).softmax(-1), mean.float())
    assert verdicts(logits).tolist() == mean.argmax(dim=1).tolist()


def test_views_are_the_papers_losses(net, batch):
    x, y = batch
    each = [F.cross_entropy(net(x)[:, k], y, reduction="none") for k in range(5)]
    torch.testing.assert_close(Objective(view="last")(net, x, y)[0], each[-1])
    torch.testing.assert_close(Objective(view="average")(net, x, y)[0], sum(each) / 5)
    torch.testing.assert_close(Objective(view=1)(net, x, y)[0], each[1])
    torch.testing.assert_close(Objective(view=-5)(net, x, y)[0], each[0])


def test_an_early_exit_is_seen_alone_and_no_deeper_stage_runs(net, batch):
    ran = []
    for index, stage in enumerate(net.stages):
        stage.register_forward_hook(lambda *_, index=index: ran.append(index))
    _, logits = Objective(view=1)(net, *batch)
    assert ran == [0, 1]
    assert logits.shape == (10, 1, 3)


def test_margin_is_positive_where_a_window_is_fooled(net, batch):
    x, y = batch
    fooled = Objective("margin", "ensemble")(net, x, y)[0] > 0
    assert torch.equal(fooled, verdicts(net(x)) != y)
    assert 0 < fooled.sum() < 10


def test_dlr_does_not_depend_on_the_scale_of_logits(net, batch):
    x, y = batch
    before = Objective("dlr")(net, x, y)[0]
    for parameter in net.heads[-1].parameters():
        parameter.data *= 100
    torch.testing.assert_close(Objective("dlr")(net, x, y)[0], before, rtol=1e-3, atol=1e-5)


def test_what_the_network_does_not_have_is_named(net, batch):
    with pytest.raises(ConfigError, match="there is no exit 5: the network has 5, counted from 0"):
        Objective(view=5)(net, *batch)
    two = early_exit_net(fcnet(1, filters=4), classes=2)
    with pytest.raises(ConfigError, match="the DLR loss needs 3 classes, the network has 2"):
        Objective("dlr")(two, batch[0], batch[1] % 2)


def test_whole_runs_all_exits_and_raises_the_same_loss(net, batch):
    x, y = batch
    for view in (1, -2, "last", "average"):
        loss, logits = Objective(view=view, whole=True)(net, x, y)
        torch.testing.assert_close(loss, Objective(view=view)(net, x, y)[0])
        torch.testing.assert_close(logits, net(x))


def test_an_attack_on_one_exit_tells_whether_all_are_fooled(net, batch):
    x, y = batch
    result = PGD(Threat(0.3), view=0, leave=True)(net, x, y)
    assert torch.equal(result.fooled, verdicts(net(result.x_adv)) != y)


@pytest.mark.parametrize("classes", [3, 4, 7])
def test_dlr_toward_a_class_always_has_a_slope(classes):
    logits = torch.randn(200, classes, generator=torch.Generator().manual_seed(0)).requires_grad_()
    for rank in range(classes):
        target = logits.argsort(dim=1)[:, rank]
        loss = targeted_ratio(logits, target)
        torch.testing.assert_close(targeted_ratio(3 * logits + 5, target), loss)  # scale and offset do not matter
        assert ((loss < 0) == (logits.argmax(dim=1) == target)).all()
        assert (torch.autograd.grad(loss.sum(), logits)[0].norm(dim=1) > 1e-3).all()
