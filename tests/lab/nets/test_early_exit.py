from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError
from edgeguard.lab import nets
from edgeguard.lab.nets import BACKBONES, net_from_recipe
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.recipe import NetTable
from edgeguard.registry import Registry
from edgeguard.signals.inputs import ImageSpec, TableSpec
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("I", "II"), units="mV", window=40, hop=40)
# what a backbone reads that is not for signals
OTHERS = {
    "cnn": ImageSpec(channels=("red", "green"), height=12, width=8),
    "mlp": TableSpec(features=("age", "hours", "sex")),
}


@pytest.fixture(params=BACKBONES.names())
def net_and_shape(request):
    spec = OTHERS.get(request.param, SIGNAL)
    return net_from_recipe(NetTable(name=request.param, gamma=0.2), spec, 3, seed=0).eval(), spec.shape


def test_every_net_gives_one_row_of_logits_per_exit(net_and_shape):
    net, shape = net_and_shape
    x = torch.randn(4, *shape)
    logits = net(x)
    assert logits.shape == (4, net.exits, 3)
    for index in range(net.exits):
        torch.testing.assert_close(net.logits_at(x, index), logits[:, index])
    torch.testing.assert_close(net.logits_at(x, -1), logits[:, -1])


def test_an_early_exit_runs_no_later_stage(net_and_shape):
    net, shape = net_and_shape
    ran = []
    for stage in net.stages:
        stage.register_forward_hook(lambda *_: ran.append(1))
    net.logits_at(torch.randn(1, *shape), 1)
    assert len(ran) == 2


def test_fcnet_is_the_papers_network_with_five_exits():
    net = early_exit_net(fcnet(1), classes=2)
    kernels = [m.kernel_size[0] for m in net.modules() if isinstance(m, torch.nn.Conv1d)]
    assert (net.exits, kernels) == (5, [8, 5, 5, 3])
    h = torch.randn(2, 1, 140)
    for stage in net.stages:
        h = stage(h)
    assert h.shape == (2, 128, 140)


def test_semantic_placement_groups_blocks_by_their_features():
    net = early_exit_net(fcnet(1, filters=[8, 8, 16, 16]), 2, "semantic")
    assert [len(stage) for stage in net.stages] == [2, 2]
    assert net.exits == 2


def test_one_group_has_no_semantic_exits():
    with pytest.raises(ConfigError, match="blockwise"):
        early_exit_net(fcnet(1), 2, "semantic")


def test_the_undefended_twin_has_the_same_backbone_weights():
    defended, twin = (
        net_from_recipe(NetTable(name="fcnet", exits=exits), SIGNAL, 2, seed=3) for exits in (True, False)
    )
    first = [next(p for p in net.parameters()) for net in (defended, twin)]
    torch.testing.assert_close(first[0], first[1], rtol=0, atol=0)
    assert twin.exits == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filter": 8}, r"backbone fcnet has no option 'filter' \(did you mean 'filters'\?\)"),
        ({"filters": "many"}, r"backbone fcnet, option 'filters': Expected int \| array, got str"),
        ({"filters": [8, 8]}, r"filters \[8, 8\] do not fit kernels \[8, 5, 5, 3\]"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ConfigError, match=message):
        net_from_recipe(NetTable(name="fcnet", options=options), SIGNAL, 2, seed=0)


@pytest.mark.parametrize(
    ("name", "spec", "message"),
    [
        ("fcnet", OTHERS["mlp"], r"backbone fcnet cannot read inputs of shape [3]"),
        ("fcnet", OTHERS["cnn"], r"backbone fcnet cannot read inputs of shape [2, 12, 8]"),
        ("mlp", SIGNAL, r"backbone mlp cannot read inputs of shape [2, 40]"),
        ("cnn", SIGNAL, r"backbone cnn asks for 3 sizes, inputs have shape [2, 40]: take another"),
    ],
)
def test_a_backbone_for_other_inputs_is_refused(name, spec, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        net_from_recipe(NetTable(name=name), spec, 3, seed=0)


def whole_network(signal, classes, *, width: int = 6):
    first = nn.Conv1d(len(signal.channels), width, 3)
    return nn.Sequential(first, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(width, classes))


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(nets, "NETWORKS", Registry("network", {"mine": f"{__name__}:whole_network"}))


@pytest.mark.usefixtures("registered")
def test_a_network_that_is_not_ours_comes_from_a_recipe():
    net = net_from_recipe(NetTable(name="mine", taps=("1",), options={"width": 5}), SIGNAL, 3, seed=0)
    assert net(torch.randn(4, 2, 40)).shape == (4, 2, 3)
    twin = net_from_recipe(NetTable(name="mine", taps=("1",), exits=False), SIGNAL, 3, seed=0)
    assert twin(torch.randn(4, 2, 40)).shape == (4, 1, 3)


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (NetTable(name="mine"), "network mine needs net.taps"),
        (NetTable(name="mine", taps=("9",)), "the network has no submodule '9'"),
        (NetTable(name="fcnet", taps=("0",)), "backbone fcnet takes net.placement, not net.taps"),
    ],
)
def test_taps_must_fit_the_network(table, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        net_from_recipe(table, SIGNAL, 3, seed=0)
