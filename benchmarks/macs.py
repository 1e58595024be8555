"""Multiply-accumulate operations of an ONNX graph for one window, counted from its weights and shapes."""

from __future__ import annotations

from math import prod

import onnx

_MULTIPLYING = {"Conv", "Gemm", "MatMul"}


def graph_macs(graph: bytes) -> int:
    """MACs of the convolutions and matrix products in a serialized graph; additions and activations are left out.

    Every output element of a convolution or product takes as many as one row of the weights has elements.
    """
    model = onnx.shape_inference.infer_shapes(onnx.load_from_string(graph))
    weights = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    shapes = {
        info.name: [axis.dim_value for axis in info.type.tensor_type.shape.dim]
        for info in (*model.graph.value_info, *model.graph.output)
    }
    return sum(_macs(node, weights, shapes) for node in model.graph.node if node.op_type in _MULTIPLYING)


def _macs(node: onnx.NodeProto, weights: dict[str, tuple[int, ...]], shapes: dict[str, list[int]]) -> int:
    weight = weights[node.input[1]]
    outputs = prod(shapes[node.output[0]][1:])  # of one window
    if node.op_type == "Conv":
        return outputs * prod(weight[1:])
    return outputs * prod(weight) // shapes[node.output[0]][-1]
