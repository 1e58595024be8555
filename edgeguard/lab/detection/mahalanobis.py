"""Distance to the classes in feature space (Lee et al. 2018), on the last features."""

from __future__ import annotations

import numpy as np
from scipy.linalg import pinvh

from edgeguard.exits.ensemble import Floats
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.detection.detector import Batch, Scorer
from edgeguard.lab.detection.last_features import last_features, last_layer
from edgeguard.lab.nets.early_exit import Net


def mahalanobis(net: Net, x: Batch, y: Labels) -> Scorer:
    """The smallest squared Mahalanobis distance to a class mean, min over c of (f - μ_c)ᵀ Σ⁻¹ (f - μ_c).

    μ_c and the tied covariance Σ are those of the last features f of clean windows (their Eq. 1). Features that never
    vary carry no distance (pseudo-inverse). CannotFit where `last_layer` finds none.
    """
    layer = last_layer(net, x[:2])
    features = last_features(net, layer, x)
    classes, which = np.unique(y, return_inverse=True)
    means = np.stack([features[y == label].mean(axis=0) for label in classes])
    centered = features - means[which]
    precision = np.asarray(pinvh(centered.T @ centered / len(centered)))

    def score(windows: Batch, _logits: Batch) -> Floats:
        apart = last_features(net, layer, windows)[:, None] - means
        return np.asarray(np.einsum("ncf,fg,ncg->nc", apart, precision, apart).min(axis=1))

    return score
