from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter
from scipy.spatial.distance import mahalanobis as scipy_mahalanobis
from scipy.stats import entropy as scipy_entropy
from sklearn.covariance import EmpiricalCovariance
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.exits.disagreement import SCORES
from edgeguard.exits.ensemble import ensemble, probabilities
from edgeguard.lab.detection.confidence import final_entropy, max_softmax
from edgeguard.lab.detection.detector import CannotFit
from edgeguard.lab.detection.detectors import DETECTORS, detector_named, fitted
from edgeguard.lab.detection.feature_squeezing import feature_squeezing, fewer_bits, smoothed
from edgeguard.lab.detection.last_features import last_features, last_layer
from edgeguard.lab.detection.mahalanobis import mahalanobis
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import early_exit_net, undefended_net
from edgeguard.lab.nets.fcnet import fcnet

SAMPLES = 24


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return early_exit_net(fcnet(1, filters=6, kernels=[5, 3]), 3).eval()


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 80)
    x = np.sin(np.linspace(0, 6, SAMPLES) * (1 + y[:, None])) + 0.3 * rng.standard_normal((80, SAMPLES))
    return x[:, None].astype(np.float32), y


class Foreign(nn.Module):
    """A network of somebody else: no stages, no heads."""

    def __init__(self, *, softmax=False):
        super().__init__()
        self.early = nn.Sequential(nn.Conv1d(1, 4, 5, padding=2), nn.ReLU())
        self.classify = nn.Linear(4, 3)
        self.last = nn.Softmax(dim=-1) if softmax else nn.Identity()

    def forward(self, x):
        return self.last(self.classify(self.early(x).amax(-1)))


def tapped(**options):
    torch.manual_seed(1)
    return with_exits(Foreign(**options), ["early"], example=torch.zeros(2, 1, SAMPLES)).eval()


def test_disagreement_detectors_are_all_registered_scores(net, windows):
    logits = logits_of(net, windows[0])
    for name, score in SCORES.items():
        found = DETECTORS[name](net, *windows)(windows[0], logits)
        np.testing.assert_array_equal(found, score(probabilities(logits)))


def test_confidence_of_the_averaged_exits_and_of_the_last(net, windows):
    logits = np.log(np.array([[[0.9, 0.1], [0.5, 0.5]]], dtype=np.float32))
    assert max_softmax(net, *windows)(windows[0], logits) == pytest.approx([0.3])
    assert final_entropy(net, *windows)(windows[0], logits) == pytest.approx(scipy_entropy([0.5, 0.5]))


def test_fewer_bits_are_even_levels_of_the_windows_own_range():
    x = np.array([[[0.0, 0.4, 0.6, 3.0]], [[7.0, 7.0, 7.0, 7.0]]], dtype=np.float32)
    assert fewer_bits(x, bits=2).tolist() == [[[0.0, 0.0, 1.0, 3.0]], [[7.0] * 4]]


def test_smoothing_is_the_median_of_each_channel_alone():
    x = np.random.default_rng(0).standard_normal((2, 3, 15)).astype(np.float32)
    expected = np.array([[median_filter(channel, 5) for channel in window] for window in x])
    np.testing.assert_array_equal(smoothed(x), expected)


def test_feature_squeezing_is_the_largest_change_of_the_verdict(net, windows):
    x = windows[0]
    verdict, bits, smooth = (ensemble(probabilities(logits_of(net, one))) for one in (x, fewer_bits(x), smoothed(x)))
    expected = np.maximum(np.abs(verdict - bits).sum(1), np.abs(verdict - smooth).sum(1))
    np.testing.assert_allclose(feature_squeezing(net, *windows)(x, logits_of(net, x)), expected)


def test_feature_squeezing_needs_time(net):
    with pytest.raises(CannotFit, match="table"):
        feature_squeezing(net, np.zeros((4, 3), np.float32), np.zeros(4, np.int64))


@pytest.mark.parametrize("make", [lambda net: net, lambda _net: tapped()], ids=["ours", "foreign"])
def test_mahalanobis_agrees_with_sklearn_and_scipy(net, windows, make):
    chosen, (x, y) = make(net), windows
    features = last_features(chosen, last_layer(chosen, x[:2]), x)
    means = np.stack([features[y == label].mean(0) for label in range(3)])
    oracle = EmpiricalCovariance(assume_centered=True).fit(features - means[y])
    expected = np.min([oracle.mahalanobis(features - mean) for mean in means], axis=0)
    found = mahalanobis(chosen, x, y)(x, logits_of(chosen, x))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    by_hand = min(scipy_mahalanobis(features[0], mean, oracle.precision_) ** 2 for mean in means)
    assert found[0] == pytest.approx(by_hand)


def test_last_features_are_what_the_last_head_reads(net, windows):
    x = windows[0]
    features = last_features(net, last_layer(net, x[:2]), x, batch_size=30)
    layers = net.heads[-1].layers
    np.testing.assert_allclose(
        features @ layers.weight.detach().numpy().T + layers.bias.detach().numpy(), logits_of(net, x)[:, -1], atol=1e-5
    )


def test_last_features_of_a_network_that_ends_in_a_softmax_cannot_be_found(windows):
    with pytest.raises(CannotFit, match="no layer"):
        last_layer(tapped(softmax=True), windows[0][:2])


def test_one_exit_leaves_out_disagreement_and_keeps_the_rest(windows):
    torch.manual_seed(0)
    plain = undefended_net(fcnet(1, filters=6, kernels=[5, 3]), 3).eval()
    scorers, left_out = fitted(list(DETECTORS), plain, *windows)
    assert left_out == dict.fromkeys(SCORES, "one exit never disagrees")
    assert set(scorers) == set(DETECTORS) - set(SCORES)


def test_an_unknown_detector_is_refused_with_its_near_match():
    with pytest.raises(ConfigError, match=r"'mahalanobi'.*did you mean 'mahalanobis'"):
        detector_named("mahalanobi")
