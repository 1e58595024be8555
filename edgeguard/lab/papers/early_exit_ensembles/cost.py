"""What exits cost against their backbone: parameters, bytes, floating-point operations and time of one window."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import msgspec
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from edgeguard.bundle.layout import INPUT, LOGITS
from edgeguard.lab.data.ecg5000 import SIGNAL as ECG5000
from edgeguard.lab.nets import net_from_recipe
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.onnx_graphs import exits_graph_from_net, stacked_graph
from edgeguard.lab.parity import opened
from edgeguard.lab.recipe import NetTable
from edgeguard.signals.spec import InputSpec, SignalSpec

_WARM: Final = 10  # turns before the first that counts


@dataclass(frozen=True)
class Network:
    """A network with exits, whose backbone alone it is held against."""

    title: str
    table: NetTable
    signal: InputSpec
    classes: int


# the paper's two, at the input sizes of its data sets
PAPER_NETWORKS: Final = (
    Network("FCNet, blockwise, γ = 0", NetTable(name="fcnet"), ECG5000, 2),
    Network(
        "VGG16, semantic, γ = 0.5",
        NetTable(name="vgg16", placement="semantic", gamma=0.5),
        SignalSpec(channels=("EEG",), units="uV", window=2000, hop=2000, rate_hz=250.0),
        2,
    ),
)


def exit_cost(network: Network, turns: int) -> dict[str, Any]:
    """Figures of the backbone and of the net with exits, and the share that exits add; weights do not matter.

    Args:
        network: What is measured.
        turns: How often each of the two is timed, taking turns.
    """
    window = torch.randn(1, *network.signal.shape)
    nets = {"early_exit": _net(network, exits=True), "backbone": _net(network, exits=False)}
    figures: dict[str, Any] = {name: sizes(net, window) for name, net in nets.items()}
    times = _microseconds(nets, window, network.classes, turns)
    for name, taken in times.items():
        figures[name]["onnxruntime_us"] = median(taken)
    ours, plain = figures["early_exit"], figures["backbone"]
    added = {fact: ours[fact] / plain[fact] - 1 for fact in plain}
    # the median of single turns' ratios, not the ratio of medians: a slow moment hits both nets of a turn
    added["onnxruntime_us"] = median(a / b for a, b in zip(times["early_exit"], times["backbone"], strict=True)) - 1
    return {
        "title": network.title,
        "exits": nets["early_exit"].exits,
        "window": list(network.signal.shape),
        **figures,
        "added_share": added,
    }


def sizes(net: Net, window: Tensor) -> dict[str, int]:
    """What one forward of a window (1, channels, time…) takes, whatever the machine."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(window)
    return {
        "parameters": sum(weights.numel() for weights in net.parameters()),
        "weight_bytes": sum(tensor.nbytes for tensor in net.state_dict().values()),
        "activation_bytes": activation_bytes(net, window),
        "flops": int(counter.get_total_flops()),
    }


def activation_bytes(net: Net, window: Tensor) -> int:
    """The largest number of bytes of intermediate tensors alive at once in a forward that keeps no gradients."""
    alive = _Alive()
    with torch.no_grad(), alive:
        net(window)
    return alive.peak


def _net(network: Network, *, exits: bool) -> Net:
    table = msgspec.structs.replace(network.table, exits=exits)
    return net_from_recipe(table, network.signal, network.classes, seed=0).eval()


class _Alive(TorchDispatchMode):
    """Follows every tensor that is made while open until its memory is given back."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.now = self.peak = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        given = {storage.data_ptr() for storage in _storages((args, kwargs))}
        for storage in _storages(result):
            if storage.data_ptr() not in given:  # a view needs no memory of its own
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self._gone, storage.nbytes())
        return result

    def _gone(self, size: int) -> None:
        self.now -= size


def _storages(tree: Any) -> list[torch.UntypedStorage]:
    return [leaf.untyped_storage() for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _microseconds(nets: dict[str, Net], window: Tensor, classes: int, turns: int) -> dict[str, list[float]]:
    """Time of each net's graph in onnxruntime on one thread, taking turns so that a slow moment hits all."""
    graphs = {
        name: stacked_graph(exits_graph_from_net(net, window[0]), net.exits, classes) for name, net in nets.items()
    }
    sessions = {name: opened(graph, threads=1) for name, graph in graphs.items()}
    times: dict[str, list[float]] = {name: [] for name in nets}
    for turn in range(_WARM + turns):
        for name, session in sessions.items():
            began = time.perf_counter()
            session.run([LOGITS], {INPUT: window.numpy()})
            if turn >= _WARM:
                times[name].append(1e6 * (time.perf_counter() - began))
    return times
