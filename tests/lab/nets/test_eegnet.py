from __future__ import annotations

import sys
import warnings
from types import ModuleType

import pytest
import torch

from edgeguard.errors import ConfigError
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.onnx_graphs import exits_graph_from_net, stacked_graph, stage_graphs
from edgeguard.lab.parity import require_parity
from edgeguard.lab.recipe import NetTable
from edgeguard.signals.spec import SignalSpec

pytestmark = pytest.mark.filterwarnings("ignore:Parameter 'final_layer_with_constraint:DeprecationWarning")

EEG = SignalSpec(channels=("Fp1", "Fp2"), units="uV", window=500, hop=500, rate_hz=250.0)
TABLE = NetTable(name="eegnet", taps=("elu_1", "pool_1", "elu_2"), gamma=0.5)


@pytest.fixture(scope="module", autouse=True)
def _torchaudio_without_its_compiled_part():
    """A torchaudio that was made for another build of torch cannot load it, and EEGNet does not need it."""
    if "torchaudio" not in sys.modules:
        part = ModuleType("torchaudio._extension")
        part._IS_TORCHAUDIO_EXT_AVAILABLE = False
        part.fail_if_no_align = lambda function: function
        sys.modules["torchaudio._extension"] = part
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what braindecode imports
        pytest.importorskip("braindecode.models", reason="braindecode needs Python 3.11")


@pytest.fixture
def net():
    return net_from_recipe(TABLE, EEG, 2, seed=0).eval()


def test_exits_stand_at_its_taps(net):
    assert net.exits == 4
    assert net(torch.zeros(3, 2, 500)).shape == (3, 4, 2)


def test_one_exit_alone_gives_the_same_logits(net):
    x = torch.randn(2, 2, 500, generator=torch.Generator().manual_seed(0))
    for number in range(net.exits):
        torch.testing.assert_close(net.logits_at(x, number), net(x)[:, number])


def test_its_graph_can_be_cut_after_each_exit(net):
    x = torch.randn(8, 2, 500, generator=torch.Generator().manual_seed(1))
    graph = exits_graph_from_net(net, x[0])
    require_parity(net, stacked_graph(graph, net.exits, classes=2), stage_graphs(graph, net.exits), x.numpy())


def test_a_window_that_is_too_short_is_refused():
    short = SignalSpec(channels=("Fp1",), units="uV", window=8, hop=8, rate_hz=250.0)
    with pytest.raises(ConfigError, match="windows of 8 samples"):
        net_from_recipe(TABLE, short, 2, seed=0)
