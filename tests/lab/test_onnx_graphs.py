from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from edgeguard.errors import EngineError
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.onnx_graphs import exits_graph_from_net, precision_of_graph, stacked_graph, stage_graphs
from edgeguard.lab.parity import require_parity, run_model, run_stages
from tests.lab.nets.test_with_exits import Residual2d


def ours():
    net = early_exit_net(fcnet(2, filters=8), classes=3, gamma=0.5)
    net(torch.randn(20, 2, 40))  # batch norms away from their start
    return net.eval(), (2, 40), 3


def foreign():
    return with_exits(Residual2d(), ["stem", "deep"], example=torch.randn(1, 3, 8, 8)).eval(), (3, 8, 8), 4


@pytest.fixture(scope="module", params=[ours, foreign])
def exported(request):
    torch.manual_seed(0)
    net, shape, classes = request.param()
    graph = exits_graph_from_net(net, torch.randn(shape))
    return net, shape, stacked_graph(graph, net.exits, classes), stage_graphs(graph, net.exits)


def test_whole_graph_and_chained_stages_say_what_torch_says(exported):
    net, shape, model, stages = exported
    require_parity(net, model, stages, np.random.default_rng(0).normal(size=(7, *shape)).astype(np.float32))


def test_only_the_batch_is_dynamic_and_old_runtimes_can_read_it(exported):
    net, shape, model, _ = exported
    (x,), (logits,) = model.graph.input, model.graph.output
    assert [d.dim_value for d in x.type.tensor_type.shape.dim][1:] == list(shape)
    assert x.type.tensor_type.shape.dim[0].dim_param
    assert [d.dim_value for d in logits.type.tensor_type.shape.dim][1:2] == [net.exits]
    assert (model.ir_version, model.opset_import[0].version) == (8, 18)
    assert not any(onnx.external_data_helper.uses_external_data(tensor) for tensor in model.graph.initializer)


def test_the_precision_is_that_of_the_weights(exported):
    _, _, model, stages = exported
    assert {precision_of_graph(graph) for graph in (model, *(stage.model for stage in stages))} == {"float32"}
    half = onnx.ModelProto()
    half.CopyFrom(model)
    for tensor in half.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    assert precision_of_graph(half) == "float16"


def test_no_stage_computes_again_what_an_earlier_one_did(exported):
    _, _, model, stages = exported
    written = [name for stage in stages for node in stage.model.graph.node for name in node.output]
    assert len(written) == len(set(written))
    computing = [node for node in model.graph.node if node.name not in {"logits", "side_by_side"}]
    assert len(computing) == sum(len(stage.model.graph.node) for stage in stages)


def test_a_skip_connection_crosses_the_cut():
    net, shape, _ = foreign()
    stages = stage_graphs(exits_graph_from_net(net, torch.randn(shape)), net.exits)
    assert len(stages[2].inputs) == 2  # the deep features, and the stem's that are added to them


def test_a_graph_that_differs_is_refused(exported):
    net, shape, model, stages = exported
    altered = onnx.ModelProto()
    altered.CopyFrom(model)
    bias = next(t for t in altered.graph.initializer if t.name.endswith("bias"))
    bias.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(bias) + 0.5, bias.name))
    x = np.zeros((3, *shape), np.float32)
    assert not np.allclose(run_model(altered, x), run_stages(stages, x))
    with pytest.raises(EngineError, match=r"model\.onnx differ from torch by .* at exit \d"):
        require_parity(net, altered, stages, x + 1)


def test_nothing_of_this_machine_is_left_in_a_graph():
    net = early_exit_net(fcnet(1, filters=2), classes=2).eval()
    graph = exits_graph_from_net(net, torch.zeros(1, 20)).SerializeToString()
    assert str(Path(torch.__file__).parent).encode() not in graph
    assert b".py" not in graph
