from __future__ import annotations

import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.lab.attacks.ball import distances
from edgeguard.lab.attacks.threat import Threat, threat_at
from edgeguard.lab.radius import SignalToNoise, radius_from, radius_label, radius_size


@pytest.fixture
def x():
    return torch.randn(6, 2, 50, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 5.0])[:, None]


def test_a_ratio_in_db_is_the_power_that_a_full_perturbation_has(x):
    moved = Threat(SignalToNoise(20)).ball(x + 100).uphill(torch.ones_like(x))
    noise, signal = moved.square().mean(dim=2), x.var(dim=2, unbiased=False)
    torch.testing.assert_close(10 * torch.log10(signal / noise), torch.full((6, 2), 20.0), rtol=1e-3, atol=0)


def test_in_l2_the_ratio_is_that_of_the_whole_window(x):
    centered = x - x.mean(dim=2, keepdim=True)
    ball = Threat(SignalToNoise(20), norm="l2").ball(x)
    moved = distances(ball.project(x + 100 * torch.ones_like(x)), x, "l2")
    torch.testing.assert_close(moved, 0.1 * centered.flatten(1).norm(dim=1), rtol=1e-4, atol=0)


def test_l2_projection_is_the_nearest_point_of_the_ball(x):
    ball = Threat(0.5, norm="l2").ball(x)
    inside, outside = x + 0.01, x + torch.randn(x.shape)
    torch.testing.assert_close(ball.project(inside), inside)
    moved = ball.project(outside) - x
    torch.testing.assert_close(moved.flatten(1).norm(dim=1), torch.full((6,), 0.5))
    cosine = torch.cosine_similarity(moved.flatten(1), (outside - x).flatten(1))
    torch.testing.assert_close(cosine, torch.ones(6))


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_balls_of_some_windows_are_those_windows_balls(x, norm):
    ball, mask = Threat(SignalToNoise(10), norm=norm).ball(x), torch.tensor([True, False, True, True, False, False])
    torch.testing.assert_close(ball.only(mask).project(x[mask] + 9), ball.project(x + 9)[mask])


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_bounds_cut_the_ball(norm):
    x = torch.tensor([[[0.1, 0.9]]])
    projected = Threat(5.0, bounds=(0.0, 1.0), norm=norm).ball(x).project(x + torch.tensor([-3.0, 3.0]))
    assert projected.tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize(
    ("written", "radius", "label", "size"),
    [
        (0.1, 0.1, "0.1", 0.1),
        ([0.1, 0.2], (0.1, 0.2), "0.1/0.2", 0.2),
        ("20 dB", SignalToNoise(20.0), "20 dB", 0.1),
        ("-6.0dB", SignalToNoise(-6.0), "-6.0dB", 10**0.3),
    ],
)
def test_radii_as_recipes_write_them(written, radius, label, size):
    assert radius_from(written) == radius
    assert radius_label(written) == label
    assert radius_size(written) == pytest.approx(size)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "epsilon must be positive, not 0"),
        ((float("nan"),), "epsilon must be positive, not nan"),
        (("twenty dB",), "'twenty dB' is neither a number nor a ratio"),
        (([0.1, 0.2], "l2"), "one radius for all channels"),
        ((0.1, "l1"), "no norm is called 'l1'"),
    ],
)
def test_what_makes_no_ball_is_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        threat_at(*arguments)


def test_a_table_has_no_signal_power():
    with pytest.raises(ConfigError, match="give epsilon as a number"):
        Threat(SignalToNoise(20)).ball(torch.zeros(2, 5))
