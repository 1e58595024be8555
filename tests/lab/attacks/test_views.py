from __future__ import annotations

import pytest
import torch

from edgeguard.lab.attacks.objective import Objective, targeted_ratio, verdicts
from edgeguard.lab.attacks.pgd import PGD
from edgeguard.lab.attacks.threat import Threat


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
