"""Does onnxruntime say what torch says? Per exit, for the whole graph and for the chained stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import ModelProto

from edgeguard.bundle.layout import INPUT, LOGITS
from edgeguard.errors import EngineError
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.onnx_graphs import StageGraph

Floats = NDArray[np.float32]


def require_parity(
    net: Net, model: ModelProto, stages: Sequence[StageGraph], windows: Floats, tolerance: float = 1e-4
) -> None:
    """Compare logits on `windows` (n, channels, time…) and on as many random ones of the same scale.

    Raises:
        EngineError: a logit of the whole graph or of the stages differs from torch's by more than `tolerance`.
    """
    generator = torch.Generator().manual_seed(0)
    random = torch.randn(windows.shape, generator=generator).numpy() * windows.std() + windows.mean()
    for kind, x in (("real", windows), ("random", random.astype(np.float32))):
        expected = logits_of(net, x)
        for graph, logits in (("model.onnx", run_model(model, x)), ("the stages", run_stages(stages, x))):
            gaps = np.abs(logits - expected).max(axis=(0, 2))
            if (worst := int(gaps.argmax())) >= 0 and gaps[worst] > tolerance:
                raise EngineError(
                    f"{graph} differ from torch by {gaps[worst]:.2e} at exit {worst + 1} on {kind} windows "
                    f"(at most {tolerance:.0e}): the export is not faithful, do not ship it"
                )


def run_model(model: ModelProto, x: Floats) -> Floats:
    """Logits (n, exits, classes) of the whole graph."""
    (logits,) = opened(model).run([LOGITS], {INPUT: x})
    return np.asarray(logits)


def run_stages(stages: Sequence[StageGraph], x: Floats) -> Floats:
    """Logits (n, exits, classes) of the chained stages."""
    tensors = {INPUT: x}
    for stage in stages:
        names = [*stage.outputs, stage.logits]
        results = opened(stage.model).run(names, {name: tensors[name] for name in stage.inputs})
        tensors.update(zip(names, results, strict=True))
    return np.stack([tensors[stage.logits] for stage in stages], axis=1)


def opened(model: ModelProto, threads: int = 0) -> ort.InferenceSession:
    """`model` in onnxruntime on the CPU; 0 threads leaves their number to it."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
