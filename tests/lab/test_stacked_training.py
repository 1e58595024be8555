from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import EarlyExitNet, early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.nets.mlp import mlp
from edgeguard.lab.stacked_training import NOTHING, Member, Rows, Schedule, trained_alone, trained_together

SCHEDULE = Schedule(epochs=3, batch_size=16, learning_rate=0.01)


def dense(seed, dtype=torch.float64):
    torch.manual_seed(seed)
    layers = [nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3)]
    return with_exits(nn.Sequential(*layers), [], example=torch.zeros(1, 5)).to(dtype)


def dense_with_exits(seed):
    torch.manual_seed(seed)
    stages = [nn.Sequential(nn.Linear(5, 8), nn.Tanh()), nn.Sequential(nn.Linear(8, 6), nn.ReLU())]
    return EarlyExitNet(stages, [nn.Linear(8, 3), nn.Linear(6, 3)]).double()


def dense_with_heads(seed):
    torch.manual_seed(seed)
    return early_exit_net(mlp(5, hidden=(8, 6, 6)), classes=3, gamma=0.5).double()


def convolutional(seed):
    torch.manual_seed(seed)
    layers = [nn.Unflatten(1, (1, 5)), nn.Conv1d(1, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(4, 3)]
    return with_exits(nn.Sequential(*layers), ["1"], example=torch.zeros(1, 5)).double()


def rows(dtype=torch.float64, count=50):
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(count, 5, generator=generator, dtype=torch.float64).to(dtype)
    return Rows(x, torch.randint(0, 3, (count,), generator=generator), torch.arange(count))


def weights_of(stack, number):
    return {name: weight[number].detach() for name, weight in stack.weights.items()}


def assert_same(stack, number, net, **tolerance):
    torch.testing.assert_close(weights_of(stack, number), dict(net.named_parameters()), **tolerance)


@pytest.mark.parametrize("make_net", [dense, dense_with_exits, dense_with_heads, convolutional])
def test_together_gives_the_weights_that_one_after_the_other_gives(make_net):
    members = [Member(3, NOTHING), Member(3, 0), Member(3, 17), Member(3, 49)]
    stack = trained_together(make_net, members, rows(), SCHEDULE)
    for number, member in enumerate(members):
        assert_same(stack, number, trained_alone(make_net, member, rows(), SCHEDULE), rtol=1e-9, atol=1e-11)


def test_in_float32_they_agree_to_its_rounding():
    def make_net(seed):
        return dense(seed, torch.float32)

    data = rows(torch.float32)
    stack = trained_together(make_net, [Member(0, 4), Member(0, 5)], data, SCHEDULE)
    assert_same(stack, 1, trained_alone(make_net, Member(0, 5), data, SCHEDULE), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("make_net", [dense, dense_with_heads])
def test_seeds_have_their_own_weights_and_batches(make_net):
    stack = trained_together(make_net, [Member(1), Member(2)], rows(), SCHEDULE)
    for number, seed in enumerate((1, 2)):
        assert_same(stack, number, trained_alone(make_net, Member(seed), rows(), SCHEDULE), rtol=1e-9, atol=1e-11)


def test_a_training_without_a_sample_is_one_by_hand_on_batches_without_it():
    data, net = rows(), dense(5)
    adam = torch.optim.Adam(net.parameters(), lr=SCHEDULE.learning_rate)
    for epoch in (1, 2, 3):
        seed = int(np.random.SeedSequence((5, epoch)).generate_state(1, np.uint32)[0])
        order = torch.randperm(50, generator=torch.Generator().manual_seed(seed)).tolist()
        for start in range(0, 50, 16):
            batch = [row for row in order[start : start + 16] if row != 9]
            adam.zero_grad()
            nn.functional.cross_entropy(net(data.x[batch])[:, 0], data.y[batch]).backward()
            adam.step()
    assert_same(trained_together(dense, [Member(5, 9)], data, SCHEDULE), 0, net, rtol=1e-9, atol=1e-11)


def test_a_left_out_sample_has_no_influence_on_its_network_alone():
    clean, poisoned = rows(), rows()
    poisoned.x[9], poisoned.y[9] = 1e6, (clean.y[9] + 1) % 3
    before, after = (
        trained_together(dense, [Member(0, 9), Member(0, 8)], data, SCHEDULE) for data in (clean, poisoned)
    )
    for name, weight in weights_of(before, 0).items():
        assert torch.equal(weight, weights_of(after, 0)[name])
    assert not torch.equal(before.weights["backbone.0.weight"][1], after.weights["backbone.0.weight"][1])


def test_copies_and_twins_leave_with_their_sample():
    data = rows()
    twins = Rows(torch.cat([data.x, data.x + 0.1]), data.y.repeat(2), data.samples.repeat(2))
    stack = trained_together(dense, [Member(0, 9)], twins, SCHEDULE)
    poisoned = Rows(twins.x.clone(), twins.y, twins.samples)
    poisoned.x[[9, 59]] = 100.0
    again = trained_together(dense, [Member(0, 9)], poisoned, SCHEDULE)
    assert all(torch.equal(weight, again.weights[name]) for name, weight in stack.weights.items())


def test_a_batch_of_which_nothing_is_left_is_a_step_without_gradient():
    data, schedule = rows(count=5), Schedule(epochs=2, batch_size=1, learning_rate=0.01)
    stack = trained_together(dense, [Member(0, 2)], data, schedule)
    assert all(weight.isfinite().all() for weight in stack.weights.values())
    assert_same(stack, 0, trained_alone(dense, Member(0, 2), data, schedule), rtol=1e-9, atol=1e-11)


def test_where_in_the_stack_a_network_is_does_not_matter():
    stack = trained_together(dense, [Member(0, 3), Member(0, NOTHING), Member(0, 3)], rows(), SCHEDULE)
    assert all(torch.equal(weight[0], weight[2]) for weight in stack.weights.values())
    assert not torch.equal(*stack.weights["backbone.0.weight"][:2])


def test_confidences_are_those_of_the_averaged_exits():
    stack, x = trained_together(dense_with_exits, [Member(0), Member(1)], rows(), SCHEDULE), rows().x
    expected = trained_alone(dense_with_exits, Member(1), rows(), SCHEDULE)(x).softmax(dim=-1).mean(dim=1)
    torch.testing.assert_close(stack.confidences(x, batch=20)[1], expected.detach(), rtol=1e-8, atol=1e-9)


def with_dropout(_seed):
    return with_exits(nn.Sequential(nn.Linear(5, 3), nn.Dropout(0.1)), [], example=torch.zeros(1, 5)).double()


def normalized(_seed):
    return early_exit_net(fcnet(5, filters=4, kernels=(3,)), classes=3).double()


def test_networks_in_which_a_left_out_sample_would_show_are_refused():
    for train in (
        lambda: trained_together(with_dropout, [Member(0)], rows(), SCHEDULE),
        lambda: trained_alone(with_dropout, Member(0), rows(), SCHEDULE),
    ):
        with pytest.raises(ConfigError, match="dropout"):
            train()
    with pytest.raises(ConfigError, match="one network at a time"):
        trained_together(normalized, [Member(0)], rows(), SCHEDULE)


@pytest.mark.parametrize("changes", [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0.0}])
def test_a_schedule_that_trains_nothing_is_refused(changes):
    with pytest.raises(ConfigError, match="training needs"):
        Schedule(**{"epochs": 1, "batch_size": 1, "learning_rate": 0.1, **changes})
