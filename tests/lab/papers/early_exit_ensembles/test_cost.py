from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.lab.nets import net_from_recipe, with_exits
from edgeguard.lab.papers.early_exit_ensembles.cost import PAPER_NETWORKS, Network, activation_bytes, exit_cost, sizes
from edgeguard.lab.recipe import NetTable
from edgeguard.signals.spec import SignalSpec

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=100, hop=100)


def test_figures_are_those_counted_by_hand():
    table = NetTable(name="fcnet", options={"filters": 4, "kernels": [3, 5]})
    found = exit_cost(Network("small", table, SIGNAL, 2), turns=3)
    convolutions, norms, head = (3 * 4 + 4) + (5 * 4 * 4 + 4), 2 * (4 + 4), 4 * 2 + 2
    assert found["backbone"]["parameters"] == convolutions + norms + head
    assert found["early_exit"]["parameters"] == convolutions + norms + 3 * head
    statistics = 2 * (4 * 4 + 4 * 4 + 8)  # running mean, variance and an int64 count
    assert found["backbone"]["weight_bytes"] == 4 * found["backbone"]["parameters"] + statistics
    assert found["backbone"]["flops"] == 2 * 100 * (3 * 4 + 5 * 4 * 4) + 2 * 4 * 2
    assert found["early_exit"]["flops"] == found["backbone"]["flops"] + 2 * (2 * 4 * 2)
    assert found["added_share"]["parameters"] == pytest.approx(2 * head / found["backbone"]["parameters"])
    assert (found["exits"], found["window"]) == (3, [1, 100])
    assert found["early_exit"]["onnxruntime_us"] > 0


def test_activations_are_counted_while_they_are_alive():
    chain = nn.Sequential(nn.Linear(10, 100), nn.Linear(100, 100), nn.Linear(100, 20), nn.Flatten(), nn.Linear(20, 2))
    net = with_exits(chain, [], example=torch.zeros(2, 10)).eval()
    assert activation_bytes(net, torch.zeros(1, 10)) == 4 * (100 + 100)  # two neighbors, never all


@pytest.mark.parametrize("network", PAPER_NETWORKS, ids=lambda network: network.table.name)
def test_the_papers_networks_have_five_exits(network):
    net = net_from_recipe(network.table, network.signal, network.classes, seed=0).eval()
    assert net.exits == 5
    assert sizes(net, torch.zeros(1, *network.signal.shape))["parameters"] > 200_000
