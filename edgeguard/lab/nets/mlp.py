"""Hidden dense layers with an activation: a plain network for tables."""

from __future__ import annotations

from typing import Final, Literal

from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets.early_exit import Backbone

Activation = Literal["relu", "tanh"]
ACTIVATIONS: Final[dict[Activation, type[nn.Module]]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


def mlp(features: int, *, hidden: tuple[int, ...] = (64, 64, 64, 64), activation: Activation = "tanh") -> Backbone:
    """Linear-activation blocks: x (batch, features) to (batch, hidden[-1]).

    The defaults are those of the Adult classifier in Sooksatra & Rivas, "Adversarial training negatively affects
    fairness" (2022): four hidden layers with tanh. The paper does not say how wide they are.

    Args:
        features: Of the table.
        hidden: Units of each hidden layer.
        activation: Behind each.
    """
    if not hidden or min(hidden) < 1:
        raise ConfigError(f"mlp: hidden {list(hidden)} must be positive numbers of units, at least one")
    widths = zip((features, *hidden[:-1]), hidden, strict=True)
    return Backbone([nn.Sequential(nn.Linear(*pair), ACTIVATIONS[activation]()) for pair in widths], hidden)
