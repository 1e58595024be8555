from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from edgeguard.errors import ConfigError
from edgeguard.lab.defenses import defense_from_recipe
from edgeguard.lab.defenses.adversarial import Adversarial
from edgeguard.lab.defenses.decorrelated import Decorrelated, exit_margins
from edgeguard.lab.defenses.standard import Standard
from edgeguard.lab.nets.early_exit import EarlyExitNet, early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.recipe import DefenseTable


class LinearExits(EarlyExitNet):
    """Two exits whose logits are (w_k · x, -w_k · x): all that the loss says is known in closed form."""

    def __init__(self, weights):
        heads = [torch.nn.Linear(len(row), 2, bias=False) for row in weights]
        super().__init__([torch.nn.Flatten(), torch.nn.Identity()][: len(heads)], heads)
        with torch.no_grad():
            for head, row in zip(heads, weights, strict=True):
                head.weight.copy_(torch.tensor([row, [-value for value in row]]))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return early_exit_net(fcnet(1, filters=4, kernels=(3, 3)), classes=3)


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(6, 1, 20), torch.randint(0, 3, (6,))


@pytest.mark.parametrize(("norm", "lengths"), [("linf", (3.0, 7.0)), ("l2", (5**0.5, 5.0))])
def test_growth_is_the_logistic_loss_of_what_is_left_of_the_margins(norm, lengths):
    net = LinearExits([[1.0, 2.0], [3.0, -4.0]])
    x, y = torch.tensor([[[0.5, 1.0]]]), torch.tensor([0])
    defense = Decorrelated(2, epsilon=0.1, norm=norm, alignment=0.0, noise=0.0)
    margins = 2 * torch.tensor([2.5, -2.5])
    left = margins - 0.1 * 2 * torch.tensor(lengths)
    expected = Standard(2).loss(net, x, y) + F.softplus(-left).sum()
    torch.testing.assert_close(defense.loss(net, x, y), expected)


@pytest.mark.parametrize(
    ("weights", "cosine"),
    [([[1.0, 2.0], [2.0, 4.0]], 1.0), ([[1.0, 2.0], [-2.0, -4.0]], 0.0), ([[1.0, 2.0], [4.0, -2.0]], 0.0)],
)
def test_alignment_is_the_cosine_of_gradients_that_point_the_same_way(weights, cosine):
    net, x, y = LinearExits(weights), torch.tensor([[[0.5, 1.0]]]), torch.tensor([0])
    defense = Decorrelated(2, epsilon=0.1, growth=0.0, alignment=3.0, noise=0.0)
    torch.testing.assert_close(defense.loss(net, x, y) - Standard(2).loss(net, x, y), torch.tensor(3.0 * cosine))


def test_without_its_terms_it_is_equation_1(net, batch):
    defense = Decorrelated(net.exits, epsilon=0.1, growth=0.0, alignment=0.0, alpha=0.5)
    torch.testing.assert_close(defense.loss(net, *batch), Standard(net.exits, alpha=0.5).loss(net, *batch))


def test_a_net_with_one_exit_has_nothing_to_keep_apart(batch):
    net = LinearExits([[1.0] * 20])
    y = batch[1].clamp(max=1)
    both = [Decorrelated(1, epsilon=0.1, alignment=weight, noise=0.0).loss(net, batch[0], y) for weight in (0.0, 5.0)]
    assert torch.equal(*both)


def test_margins_are_against_the_largest_other_class():
    logits = torch.tensor([[[1.0, 4.0, 2.0], [0.0, -1.0, -3.0]]])
    torch.testing.assert_close(exit_margins(logits, torch.tensor([2])), torch.tensor([[-2.0, -3.0]]))


def trained(net, defense, x, y):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(200):
        optimizer.zero_grad()
        defense.loss(net, x, y).backward()
        optimizer.step()
    return net


def test_training_shortens_gradients_for_their_margins(net, batch):
    def left(net):
        short = Decorrelated(net.exits, epsilon=0.3, alignment=0.0, noise=0.0)
        return (short.loss(net, *batch) - Standard(net.exits).loss(net, *batch)).item()

    before = left(net.train())
    assert left(trained(net, Decorrelated(net.exits, epsilon=0.3), *batch)) < 0.5 * before


def test_training_turns_gradients_apart():
    net = trained(
        LinearExits([[1.0, 2.0], [1.1, 1.9]]),
        Decorrelated(2, epsilon=0.1, growth=0.0, alignment=5.0),
        torch.tensor([[[0.5, 1.0]], [[1.0, 0.2]]]),
        torch.tensor([0, 0]),
    )
    directions = [head.weight[0] - head.weight[1] for head in net.heads]
    assert F.cosine_similarity(*directions, dim=0).item() < 0.8


def test_draws_follow_torchs_seed_and_leave_the_network_in_training_mode(net, batch):
    defense = defense_from_recipe(DefenseTable(name="decorrelated", options={"epsilon": 0.2}), net.exits)
    net.eval()
    losses = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        losses.append(defense.loss(net, *batch).item())
    assert losses[0] == losses[1] != losses[2]
    defense.loss(net.train(), *batch)
    assert net.training
    assert defense.seen(net, *batch) is batch[0]


def test_adversarial_training_can_take_its_loss(net, batch):
    options = {"epsilon": 0.2, "alignment": 0.0, "noise": 0.0}
    both = Adversarial(net.exits, epsilon=0.2, loss={"name": "decorrelated", "options": options})
    net.eval()
    torch.manual_seed(3)
    loss = both.loss(net, *batch)
    torch.manual_seed(3)
    x_adv = both.seen(net, *batch)
    torch.testing.assert_close(loss, Decorrelated(net.exits, **options).loss(net, x_adv, batch[1]))


@pytest.mark.parametrize("wrong", [{"growth": -1.0}, {"alignment": -1.0}, {"noise": 1.0}])
def test_wrong_options_are_refused(wrong):
    with pytest.raises(ConfigError, match="decorrelated needs"):
        Decorrelated(2, epsilon=0.1, **wrong)
