"""A three-exit model of a few weights: its ONNX graphs built by hand, its logits computed in plain numpy."""

from __future__ import annotations

import io

import numpy as np
from msgspec.structs import replace
from onnx import TensorProto, helper, numpy_helper

from edgeguard.bundle.fingerprint import calibration_fingerprint
from edgeguard.bundle.layout import CARD, GOLDEN, MODEL, stage_file
from edgeguard.bundle.manifest import Agreement, Disagreement, Manifest, Provenance, Stage
from edgeguard.bundle.writer import write_bundle
from edgeguard.signals.spec import SignalSpec

EXITS, FEATURES = 3, 4


def write_tiny_bundle(path, key=None, *, content=None, **facts):
    """Write the tiny model as a bundle; `facts` replace manifest fields, `content` replaces files."""
    manifest = tiny_manifest(**facts)
    return write_bundle(path, manifest, {**tiny_content(manifest), **(content or {})}, key)


def tiny_manifest(**facts):
    stages = (
        Stage(file=stage_file(1), inputs=("x",), outputs=("h1",), logits="logits_1"),
        Stage(file=stage_file(2), inputs=("h1",), outputs=("h2",), logits="logits_2"),
        Stage(file=stage_file(3), inputs=("h1", "h2"), outputs=(), logits="logits_3"),
    )
    defaults = {
        "name": "tiny",
        "version": "1.0.0",
        "signal": SignalSpec(channels=("I", "II"), units="mV", window=20, hop=10, rate_hz=100.0),
        "classes": ("normal", "abnormal"),
        "exits": ("block1", "block2", "final"),
        "disagreement": Disagreement(
            score="mutual_information",
            threshold=0.05,
            false_alarm_rate=0.01,
            calibration_windows=200,
            observed_rate=0.012,
            observed_interval=(0.004, 0.028),
        ),
        "stages": stages,
        "metrics": {"f1": 0.98},
        "provenance": Provenance(
            recipe={"name": "tiny"}, data_sha256="0" * 64, code_version="0.1.0", seed=0, created_utc="2026-01-01"
        ),
    }
    return stamped(Manifest(**{**defaults, **facts}))


def stamped(manifest):
    """The manifest with rules that say that they were calibrated for it, as all but those of format 1 do."""
    if manifest.format == 1:
        return manifest
    fingerprint = calibration_fingerprint(manifest.signal, manifest.precision)
    rule = replace(manifest.disagreement, calibrated_for=fingerprint)
    agreement = manifest.agreement
    if agreement is not None:
        agreement = replace(agreement, disagreement=replace(agreement.disagreement, calibrated_for=fingerprint))
    return replace(manifest, disagreement=rule, agreement=agreement)


def tiny_agreement():
    """Leave to stop early, but a confidence that the tiny model never has."""
    return Agreement(
        confidence=1.0, accuracy_loss=0.01, stages=(0.0, 0.0, 1.0), disagreement=tiny_manifest().disagreement
    )


def tiny_content(manifest):
    weights = _weights(len(manifest.signal.channels), len(manifest.classes))
    x = np.random.default_rng(1).normal(size=(8, *manifest.signal.shape)).astype(np.float32)
    golden = io.BytesIO()
    np.savez(golden, x=x, logits=tiny_logits(x, weights))
    window = manifest.signal.window
    content = {MODEL: _whole_graph(weights, window), GOLDEN: golden.getvalue(), CARD: b"# tiny\n"}
    for k in range(1, EXITS + 1):
        content[stage_file(k)] = _stage_graph(k, weights, window)
    return content


def tiny_logits(x, weights=None):
    """The reference in plain numpy: h_k = relu(W_k h_(k-1) [+ h_1 for k = 3]), logits_k = V_k mean(h_k)."""
    weights = weights or _weights(x.shape[1], 2)
    hidden, tensor, logits = [], x, []
    for k, (mix, head) in enumerate(weights, start=1):
        tensor = np.einsum("fc,bct->bft", mix[:, :, 0], tensor)
        tensor = np.maximum(tensor + (hidden[0] if k == 3 else 0), 0)
        hidden.append(tensor)
        logits.append(tensor.mean(axis=-1) @ head)
    return np.stack(logits, axis=1).astype(np.float32)


def _weights(channels, classes):
    rng = np.random.default_rng(0)
    widths = [channels, FEATURES, FEATURES]
    return [
        (
            rng.normal(size=(FEATURES, width, 1)).astype(np.float32),
            rng.normal(size=(FEATURES, classes)).astype(np.float32),
        )
        for width in widths
    ]


def _stage_nodes(k, weights):
    """Nodes of stage k, from ``x`` or ``h<k-1>`` to ``h<k>`` and ``logits_<k>``, and its constants."""
    mix, head = weights[k - 1]
    before = "x" if k == 1 else f"h{k - 1}"
    nodes = [helper.make_node("Conv", [before, f"W{k}"], [f"c{k}"])]
    if k == 3:
        nodes.append(helper.make_node("Add", ["c3", "h1"], ["s3"]))
    nodes += [
        helper.make_node("Relu", ["s3" if k == 3 else f"c{k}"], [f"h{k}"]),
        helper.make_node("GlobalAveragePool", [f"h{k}"], [f"p{k}"]),
        helper.make_node("Flatten", [f"p{k}"], [f"f{k}"]),
        helper.make_node("MatMul", [f"f{k}", f"V{k}"], [f"logits_{k}"]),
    ]
    return nodes, [numpy_helper.from_array(mix, f"W{k}"), numpy_helper.from_array(head, f"V{k}")]


def _stage_graph(k, weights, window):
    nodes, constants = _stage_nodes(k, weights)
    channels, classes = weights[0][0].shape[1], weights[0][1].shape[1]
    inputs = [
        [("x", (channels, window))],
        [("h1", (FEATURES, window))],
        [(h, (FEATURES, window)) for h in ("h1", "h2")],
    ]
    outputs = [(f"logits_{k}", (classes,))] + ([(f"h{k}", (FEATURES, window))] if k < EXITS else [])
    return onnx_bytes(nodes, constants, inputs[k - 1], outputs)


def _whole_graph(weights, window):
    nodes, constants = [], [numpy_helper.from_array(np.array([1], dtype=np.int64), "axis")]
    for k in range(1, EXITS + 1):
        more, some = _stage_nodes(k, weights)
        nodes += [*more, helper.make_node("Unsqueeze", [f"logits_{k}", "axis"], [f"u{k}"])]
        constants += some
    nodes.append(helper.make_node("Concat", [f"u{k}" for k in range(1, EXITS + 1)], ["logits"], axis=1))
    channels, classes = weights[0][0].shape[1], weights[0][1].shape[1]
    return onnx_bytes(nodes, constants, [("x", (channels, window))], [("logits", (EXITS, classes))])


def onnx_bytes(nodes, constants, inputs, outputs, batch="batch"):
    """A model of opset 18 and IR 9; tensors are given as (name, shape without the batch)."""

    def described(tensors):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, (batch, *shape)) for name, shape in tensors]

    graph = helper.make_graph(nodes, "tiny", described(inputs), described(outputs), constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    return model.SerializeToString()
