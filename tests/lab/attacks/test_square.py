from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.objective import verdicts
from edgeguard.lab.attacks.square import Patches, Square, patch_share
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.nets import with_exits


def right_share(net, x, y):
    return (verdicts(net(x)) == y).float().mean()


def test_it_only_asks_for_scores_and_no_more_often_than_told(net, batch):
    asked = []
    net.stages[0].register_forward_hook(lambda _, inputs, __: asked.append(torch.is_grad_enabled()))
    checks = Square(Threat(0.2), queries=20)(net, *batch).checks
    assert asked == [False] * 21  # and a look at the clean windows
    assert checks.zero_gradient_share is None


def test_it_beats_random_noise_by_far(net, batch):
    x, y = batch
    ball = Threat(0.2).ball(x)
    noisy = torch.stack([verdicts(net(ball.start(1.0, seed))) == y for seed in range(200)]).all(dim=0).float().mean()
    found = right_share(net, Square(Threat(0.2), queries=200)(net, x, y).x_adv, y)
    assert found < noisy / 3
    assert found < noisy - 0.15


def test_every_sample_ends_on_the_surface_of_the_ball(net, batch):
    x, y = batch
    moved = (Square(Threat(0.2), queries=50)(net, x, y).x_adv - x).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.2))


def test_patches_shrink_as_in_the_paper():
    ends = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000, 10000]
    for power, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        for query in (start + 1, end):
            assert patch_share(query / 10000, 0.8) == pytest.approx(0.8 / 2**power)


@pytest.mark.parametrize(
    ("shape", "block"),
    [((3, 100), (25,)), ((3, 20, 20), (10, 10)), ((3, 4, 36), (4, 6)), ((40,), (10,)), ((2, 3), (1,))],
)
def test_a_patch_is_one_block_with_one_sign_per_channel(shape, block):
    patch, first = Patches(torch.zeros(1000, *shape), seed=0).drawn(0.25), len(shape) - len(block)
    inside = patch.where.expand(1000, *shape)
    places = [window.nonzero()[:, first:] for window in inside[:20]]
    assert all(tuple(at.amax(0) - at.amin(0) + 1) == block for at in places)
    assert all(len(at) == math.prod(block) * math.prod(shape[:first]) for at in places)
    assert inside.any(dim=0).all()  # every place is reached
    assert patch.signs.shape == (1000, *shape[:first], *[1] * len(block))
    assert set(patch.signs.flatten().tolist()) == {-1.0, 1.0}


def test_windows_that_leave_leave_the_others_path_as_it_was(net, batch):
    x, y = batch
    attack = {"queries": 60, "seed": 3}
    stayed, left = Square(Threat(0.2), **attack)(net, x, y), Square(Threat(0.2), **attack, leave=True)(net, x, y)
    same = ~left.fooled
    assert 0 < same.sum() < 30
    torch.testing.assert_close(left.x_adv[same], stayed.x_adv[same])


# torch's and ART's own notes about how ART builds tensors and imports frameworks
@pytest.mark.filterwarnings("ignore")
def test_on_images_it_fools_as_many_as_art():
    from art.attacks.evasion import SquareAttack
    from art.estimators.classification import PyTorchClassifier

    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 64, 3))
    x = torch.randn(60, 1, 10, 10)
    net, y = with_exits(module, [], example=x), module(x).argmax(dim=1)
    peer = PyTorchClassifier(module, nn.CrossEntropyLoss(), x.shape[1:], 3, clip_values=(-9, 9), device_type="cpu")
    np.random.seed(0)  # noqa: NPY002 (ART draws from the global generator)
    x_art = SquareAttack(peer, eps=0.1, max_iter=100, verbose=False).generate(x.numpy(), y.numpy())
    theirs = right_share(net, torch.from_numpy(x_art), y)
    ours = right_share(net, Square(Threat(0.1), queries=100)(net, x, y).x_adv, y)
    assert abs(ours - theirs) < 0.1


def test_what_it_cannot_do_is_refused():
    with pytest.raises(ConfigError, match="Square searches linf balls, not l2"):
        Square(Threat(0.1, norm="l2"))
    with pytest.raises(ConfigError, match=r"initial_share ≤ 1, not 1000, 1\.5"):
        Square(Threat(0.1), initial_share=1.5)
