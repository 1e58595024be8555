"""A bundle from a trained run: graphs, golden vectors, alarm rule, card and signature."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from edgeguard import __version__
from edgeguard.bundle import layout
from edgeguard.bundle.manifest import Agreement, Disagreement, Manifest, Provenance, Stage
from edgeguard.bundle.reader import Bundle
from edgeguard.bundle.signature import PrivateKey
from edgeguard.bundle.writer import write_bundle
from edgeguard.errors import ConfigError
from edgeguard.lab.card import render_card
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.onnx_graphs import (
    StageGraph,
    exit_names,
    exits_graph_from_net,
    precision_of_graph,
    stacked_graph,
    stage_graphs,
)
from edgeguard.lab.parity import require_parity
from edgeguard.lab.recipe import Recipe
from edgeguard.lab.run import Run, split_from_recipe
from edgeguard.signals.inputs import require_signal

GOLDEN_WINDOWS: Final = 16
PARITY_WINDOWS: Final = 128
VERSION: Final = "1.0.0"


def export_run(
    run: Run, dataset: Dataset, figures: Mapping[str, Any], out: Path, key: PrivateKey | None = None
) -> Bundle:
    """Write the bundle of an evaluated run to `out`, a .zip or else a folder, and open it again.

    Args:
        run: Finished.
        dataset: The run's own; its test windows give the parity check, and the golden vectors where they may be passed
            on: see `golden_windows`.
        figures: The run's metrics.json.
        out: Replaced where it is a bundle already.
        key: Signs the bundle.

    Raises:
        EngineError: onnxruntime and torch differ by more than 1e-4 at some exit; nothing is written.
        BundleError: the figures were calibrated for another preprocessing or precision than the run's.
        ConfigError: the run's recipe asks for another alarm than was calibrated, or the network reads tables or images:
            a device serves signals.
        DataError: the data set is not the one that the run was trained on.
    """
    recipe, facts, net = run.recipe(), run.facts(), run.net()
    signal = require_signal(facts.signal, "a device serves")
    run.require_same_data(dataset)
    _require_same_calibration(recipe, figures["calibration"])
    test = dataset.x[split_from_recipe(recipe, dataset).test]
    exits_graph = exits_graph_from_net(net, torch.from_numpy(test[0]))
    model, stages = stacked_graph(exits_graph, net.exits, len(facts.classes)), stage_graphs(exits_graph, net.exits)
    require_parity(net, model, stages, test[:PARITY_WINDOWS])
    manifest = Manifest(
        name=recipe.name,
        version=VERSION,
        signal=signal,
        classes=facts.classes,
        exits=tuple(exit_names(net.exits)),
        temperature=figures["calibration"]["temperature"],
        precision=precision_of_graph(exits_graph),
        disagreement=_disagreement(figures["calibration"]),
        agreement=_agreement(figures),
        stages=_stages(stages),
        metrics=headline(figures),
        provenance=Provenance(
            recipe=msgspec.to_builtins(recipe),
            data_sha256=facts.data_sha256,
            code_version=__version__,
            seed=recipe.seed,
            created_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            libraries=facts.libraries,
        ),
        files={},
    )
    graphs = {layout.MODEL: model, **{layout.stage_file(k): stage.model for k, stage in enumerate(stages, 1)}}
    for name, graph in graphs.items():
        _describe(graph, manifest, name)
    content = {
        **{name: graph.SerializeToString(deterministic=True) for name, graph in graphs.items()},
        layout.GOLDEN: _golden(net, golden_windows(dataset.name, test)),
        layout.CARD: render_card(manifest, recipe, facts, figures).encode(),
    }
    return write_bundle(out, manifest, content, key)


def _require_same_calibration(recipe: Recipe, found: Mapping[str, Any]) -> None:
    table = recipe.calibration
    if (found["score"], found["promised_false_alarm_rate"]) != (table.score, table.false_alarm_rate):
        raise ConfigError(
            f"the figures are of the alarm {found['score']} at {found['promised_false_alarm_rate']:g}, the recipe asks "
            f"for {table.score} at {table.false_alarm_rate:g}: run edgeguard evaluate on the run again"
        )


def headline(figures: Mapping[str, Any]) -> dict[str, float]:
    """The few figures that a manifest carries, by name."""
    clean = figures["clean"]["ensemble"]
    return {
        "f1": clean["f1"],
        "ece": clean["ece"],
        **{f"pgd_f1_at_{row['label']}": row["ensemble"]["f1"] for row in figures["pgd"]},
    }


def _disagreement(figures: Mapping[str, Any]) -> Disagreement:
    low, high = figures["observed_interval"]
    return Disagreement(
        score=figures["score"],
        threshold=figures["threshold"],
        false_alarm_rate=figures["promised_false_alarm_rate"],
        calibration_windows=figures["calibration_windows"],
        observed_rate=figures["observed_false_alarm_rate"],
        observed_interval=(low, high),
        clean_quantiles=tuple(figures["clean_quantiles"]),
        calibrated_for=figures.get("calibrated_for"),  # none in the figures of an earlier version
    )


def _agreement(figures: Mapping[str, Any]) -> Agreement | None:
    """The policy ``agree``, calibrated together with the alarm threshold."""
    if not figures["agreement"]:
        return None
    policy = msgspec.convert(figures["agreement"]["policy"], Agreement)
    rule = msgspec.structs.replace(policy.disagreement, calibrated_for=figures["calibration"].get("calibrated_for"))
    return msgspec.structs.replace(policy, disagreement=rule)


def _stages(stages: list[StageGraph]) -> tuple[Stage, ...]:
    return tuple(
        Stage(file=layout.stage_file(k), inputs=stage.inputs, outputs=stage.outputs, logits=stage.logits)
        for k, stage in enumerate(stages, 1)
    )


def _describe(graph: Any, manifest: Manifest, file: str) -> None:
    """Producer and ``edgeguard.*`` metadata, so that a graph found alone says what it belongs to."""
    graph.producer_name, graph.producer_version = "edgeguard", __version__
    facts = {
        "name": manifest.name,
        "version": manifest.version,
        "file": file,
        "signal": msgspec.json.encode(manifest.signal).decode(),
        "classes": msgspec.json.encode(manifest.classes).decode(),
        "exits": msgspec.json.encode(manifest.exits).decode(),
        "temperature": repr(manifest.temperature),
        "disagreement": msgspec.json.encode(manifest.disagreement).decode(),
    }
    for name, value in facts.items():
        graph.metadata_props.add(key=f"edgeguard.{name}", value=value)


def golden_windows(name: str, test: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inputs (GOLDEN_WINDOWS, channels, samples) of a bundle's self-test, which goes to every device.

    The first of the windows `test` of the data set `name` where they may be passed on, as its `Facts` say; else noise
    of each channel's mean and standard deviation.
    """
    facts = FACTS.get(name)
    if facts is not None and facts.shareable:
        return test[:GOLDEN_WINDOWS]
    noise = np.random.default_rng(0).normal(size=(GOLDEN_WINDOWS, *test.shape[1:]))
    middle, spread = (of(test, axis=(0, 2), keepdims=True) for of in (np.mean, np.std))
    return np.asarray(middle + spread * noise, dtype=np.float32)


def _golden(net: Net, x: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=x, logits=logits_of(net, x))
    return buffer.getvalue()
