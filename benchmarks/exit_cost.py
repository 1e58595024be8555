"""What exits cost against their backbone: parameters, multiply-adds, and time per window on one thread.

``python -m benchmarks.exit_cost``; weights do not matter, so nothing is trained.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
import numpy as np
import onnxruntime as ort
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import RESULTS
from edgeguard.lab.nets.early_exit import Net, early_exit_net, undefended_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.onnx_graphs import exits_graph_from_net, stacked_graph
from edgeguard.record import write_result

BATCHES: Final = (1, 32)
PAPER: Final = {"memory_at_most": 0.16, "compute_at_most": 0.12}  # VGG16, the paper's worst case


@click.command()
@click.option("--turns", default=2000, show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(turns: int, results: Path) -> None:
    """Measure FCNet with five exits against FCNet alone and write exit-cost.json."""
    window = torch.randn(1, 1, 140)
    nets = {"early_exit": early_exit_net(fcnet(1), 2).eval(), "backbone": undefended_net(fcnet(1), 2).eval()}
    figures: dict[str, Any] = {
        name: {"parameters": sum(p.numel() for p in net.parameters()), "flops": flops(net, window)}
        for name, net in nets.items()
    }
    figures["added_share"] = {
        fact: figures["early_exit"][fact] / figures["backbone"][fact] - 1 for fact in ("parameters", "flops")
    }
    graphs = {name: session(net, window) for name, net in nets.items()}
    for batch in BATCHES:
        times = microseconds(graphs, window.repeat(batch, 1, 1).numpy(), max(turns // batch, 50))
        for name in nets:
            figures[name][f"onnxruntime_us_batch_{batch}"] = median(times[name])
        paired = [a / b for a, b in zip(times["early_exit"], times["backbone"], strict=True)]
        figures["added_share"][f"time_batch_{batch}"] = median(paired) - 1
    figures["paper"] = PAPER
    path = write_result("exit-cost", figures, libraries=("torch", "onnxruntime"), folder=results)
    for name, share in figures["added_share"].items():
        click.echo(f"{name:<14} {share:+.2%}")
    click.echo(f"written to {path}")


def flops(net: Net, window: torch.Tensor) -> int:
    """Floating-point operations of one forward, as torch counts them."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(window)
    return int(counter.get_total_flops())


def session(net: Net, window: torch.Tensor) -> ort.InferenceSession:
    """The network's graph on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    graph = stacked_graph(exits_graph_from_net(net, window[0]), net.exits, 2)
    return ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


def microseconds(sessions: dict[str, ort.InferenceSession], x: np.ndarray, turns: int) -> dict[str, list[float]]:
    """Time of one window in each session, taking turns so that a slow moment hits all."""
    times: dict[str, list[float]] = {name: [] for name in sessions}
    for turn in range(turns + 50):
        for name, graph in sessions.items():
            began = time.perf_counter()
            graph.run(None, {"x": x})
            if turn >= 50:  # warm by then
                times[name].append(1e6 * (time.perf_counter() - began))
    return times


if __name__ == "__main__":
    command()
