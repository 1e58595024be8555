"""A network with exits as ONNX: one graph with the output ``logits``, and the same graph cut after each exit."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import onnx
import torch
from onnx import ModelProto, NodeProto, ValueInfoProto, helper
from torch import Tensor, nn

from edgeguard.bundle.fingerprint import PRECISIONS
from edgeguard.bundle.layout import INPUT, LOGITS
from edgeguard.lab.nets.early_exit import Net

OPSET: Final = 18
_ONNX_TYPES: Final = {
    "float16": onnx.TensorProto.FLOAT16,
    "bfloat16": onnx.TensorProto.BFLOAT16,
    "float32": onnx.TensorProto.FLOAT,
    "float64": onnx.TensorProto.DOUBLE,
}
IR_VERSION: Final = 8  # what opset 18 came with; older runtimes and TensorRT 10 read it


@dataclass(frozen=True)
class StageGraph:
    """The part of a graph between two exits.

    Attributes:
        model: The graph, which reads `inputs` and writes `outputs` and `logits`.
        inputs: Tensors of earlier stages (or the window) that it reads.
        outputs: Tensors that later stages read.
        logits: The exit's logits (batch, classes).
    """

    model: ModelProto
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    logits: str


class _Exits(nn.Module):
    """The network with one output per exit, so that the exporter names each."""

    def __init__(self, net: Net) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.net.exit_logits(x))


def exits_graph_from_net(net: Net, window: Tensor) -> ModelProto:
    """`net` as a graph from ``x`` to one output ``exit_<k>`` per exit, k from 1; only the batch is dynamic.

    Args:
        net: In evaluation mode; batch norms are folded into the convolutions before them.
        window: One example (channels, time…).
    """
    example = torch.stack([window, window])  # a batch of one would be taken for a constant
    with _quiet():
        program = torch.onnx.export(
            _Exits(net).eval(),
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=exit_names(net.exits),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch's exporter returned no program")
    model = program.model_proto
    model.ir_version = IR_VERSION
    _forget_the_exporter(model)
    return onnx.shape_inference.infer_shapes(model)


def precision_of_graph(model: ModelProto) -> str:
    """What `model` computes in: the coarsest of the floating types of its inputs and constants."""
    inputs = {info.type.tensor_type.elem_type for info in model.graph.input}
    constants = {tensor.data_type for tensor in model.graph.initializer}
    return next(name for name in PRECISIONS if _ONNX_TYPES[name] in inputs | constants)


def _forget_the_exporter(model: ModelProto) -> None:
    """Take out what torch notes beside each node and value: stack traces, with the paths of this machine."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]


def exit_names(exits: int) -> list[str]:
    """The names of the exits' tensors in a graph, in order of depth."""
    return [f"exit_{k}" for k in range(1, exits + 1)]


def stacked_graph(exits_graph: ModelProto, exits: int, classes: int) -> ModelProto:
    """`exits_graph` with the one output ``logits`` (batch, exits, classes) instead of one per exit."""
    model = ModelProto()
    model.CopyFrom(exits_graph)
    graph = model.graph
    # side by side and then folded: two nodes instead of one per exit, since a node costs more than its work here
    graph.initializer.append(helper.make_tensor("logits_shape", onnx.TensorProto.INT64, [3], [-1, exits, classes]))
    graph.node.append(helper.make_node("Concat", exit_names(exits), ["side_by_side"], name="side_by_side", axis=1))
    graph.node.append(helper.make_node("Reshape", ["side_by_side", "logits_shape"], [LOGITS], name=LOGITS))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(LOGITS, onnx.TensorProto.FLOAT, ["batch", exits, classes]))
    onnx.checker.check_model(model, full_check=True)
    return model


def stage_graphs(exits_graph: ModelProto, exits: int) -> list[StageGraph]:
    """`exits_graph` cut after each exit: stage k computes exit k from what stages before it left.

    Every tensor that crosses a cut is an output of the stage that makes it and an input of those that need it, so
    any graph can be cut, skip connections included.
    """
    names = exit_names(exits)
    done: set[str] = set()
    parts: list[list[NodeProto]] = []
    for name in names:
        part = _nodes_for(exits_graph, name, done)
        done.update(output for node in part for output in node.output)
        parts.append(part)
    return [_stage(exits_graph, parts, index, names[index]) for index in range(exits)]


def _nodes_for(model: ModelProto, output: str, done: set[str]) -> list[NodeProto]:
    """The nodes that `output` needs and that do not make a tensor in `done`, in the graph's order."""
    needed = {output}
    chosen = []
    for node in reversed(model.graph.node):
        if needed.intersection(node.output) and not done.intersection(node.output):
            chosen.append(node)
            needed.update(node.input)
    return chosen[::-1]


def _stage(model: ModelProto, parts: Sequence[Sequence[NodeProto]], index: int, logits: str) -> StageGraph:
    reads = {name for node in parts[index] for name in node.input}
    writes = {name for node in parts[index] for name in node.output}
    later = {name for part in parts[index + 1 :] for node in part for name in node.input}
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(sorted(reads - writes - constants - {""}))
    outputs = tuple(sorted((writes & later) - {logits}))
    known = {info.name: info for info in [*model.graph.input, *model.graph.value_info, *model.graph.output]}
    graph = helper.make_graph(
        list(parts[index]),
        logits,
        [_float_info(known, name) for name in inputs],
        [_float_info(known, name) for name in (*outputs, logits)],
        [tensor for tensor in model.graph.initializer if tensor.name in reads],
    )
    stage = helper.make_model(graph, opset_imports=model.opset_import, ir_version=IR_VERSION)
    stage.producer_name, stage.producer_version = model.producer_name, model.producer_version
    onnx.checker.check_model(stage, full_check=True)
    return StageGraph(stage, inputs, outputs, logits)


def _float_info(known: dict[str, ValueInfoProto], name: str) -> ValueInfoProto:
    """Type and shape of a tensor where the exporter left them out: float of unknown shape."""
    return known.get(name) or helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's exporter from talking of itself: its deprecations and missing torchvision are not our user's."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
