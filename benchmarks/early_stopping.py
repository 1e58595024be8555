"""What stopping at exits that agree saves, what it costs, and what an attacker can make of it.

``python -m benchmarks.early_stopping --data-dir DATA``

Each finished run is served as a device would: by policy ``all``, and by ``agree`` as calibrated to several losses of
accuracy on the run's validation windows. The attacks know the network; they do not know the policy.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import RESULTS
from benchmarks.macs import graph_macs
from edgeguard.bundle import layout
from edgeguard.bundle.manifest import Agreement, Disagreement, Manifest, Provenance, Stage
from edgeguard.bundle.reader import Bundle
from edgeguard.device.engines.onnx_runtime import OnnxRuntimeEngine, StagedEngine
from edgeguard.device.policies import AllExits, Policy, UntilTheyAgree
from edgeguard.errors import ConfigError, EdgeGuardError
from edgeguard.exits.agreement import of_stages_used, stages_used
from edgeguard.exits.drift import SlowdownDetector
from edgeguard.exits.ensemble import Floats, ensemble, probabilities
from edgeguard.lab.agreement import agreement_figures, calibrated_agreement
from edgeguard.lab.attacking import perturb
from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.data import data_folder
from edgeguard.lab.data.dataset import Labels
from edgeguard.lab.inference import logits_of
from edgeguard.lab.nets.early_exit import Net
from edgeguard.lab.onnx_graphs import exit_names, exits_graph_from_net, stacked_graph, stage_graphs
from edgeguard.lab.recipe import CalibrationTable
from edgeguard.lab.run import Run, dataset_from_recipe, split_from_recipe
from edgeguard.record import write_result

RUNS: Final = ("runs/ecg5000-fcnet-0", "runs/mitbih-fcnet-0")
LOSSES: Final = (0.005, 0.01, 0.02)
# on the last exit, on all, and on the first exit at which a window can stop
ATTACKS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "pgd": ("pgd", {}),
    "pgd_avg": ("pgd_avg", {}),
    "pgd on exit 2": ("pgd", {"view": 1}),
}
ALARM_WINDOWS: Final = 100_000  # the device's default
STREAM: Final = 1_000_000  # clean windows drawn for counting false alarms
STARTS, LONGEST_WAIT = 101, 10_000  # attacks drawn for the time to an alarm, and their windows
# one multiplication and one addition in float32 at 45 nm, without any memory: Horowitz, ISSCC 2014
PICOJOULES_PER_MAC: Final = 3.7 + 0.9
Batch = NDArray[np.float32]


@click.command()
@click.option("--run", "runs", multiple=True, type=click.Path(path_type=Path), help="Finished runs; else those known.")
@click.option("--epsilons", default="0.1,0.2", show_default=True, help="Radii of the attacks, l∞, in the input's unit.")
@click.option("--windows", default=500, show_default=True, help="Test windows that are attacked and timed.")
@click.option("--passes", default=9, show_default=True, help="How often each window is timed.")
@click.option("--data-dir", type=click.Path(path_type=Path))
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS)
def command(
    runs: tuple[Path, ...], epsilons: str, windows: int, passes: int, data_dir: Path | None, results: Path
) -> None:
    """Measure and write early-stopping.json."""
    torch.set_num_threads(1)
    radii = [float(epsilon) for epsilon in epsilons.split(",")]
    known = runs or tuple(Path(run) for run in RUNS if Path(run).is_dir())
    try:
        if not known:
            raise ConfigError(f"none of {', '.join(RUNS)} is there: train one, or name a run with --run")
        figures = {Run(run).recipe().name: measured(Run(run), radii, windows, passes, data_dir) for run in known}
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    libraries = ("torch", "onnxruntime", "numpy")
    scale = "full" if windows >= 500 and passes >= 9 else f"reduced: {windows} windows, each timed {passes} times"
    path = write_result("early-stopping", figures, libraries=libraries, scale=scale, seeds=[0], folder=results)
    click.echo(f"written to {path}")


def measured(run: Run, epsilons: Sequence[float], windows: int, passes: int, data_dir: Path | None) -> dict[str, Any]:
    """All figures of one run: those of the network, and one row for each policy."""
    recipe, net = run.recipe(), run.net()
    dataset = dataset_from_recipe(recipe.data, data_folder(data_dir))
    run.require_same_data(dataset)
    split = split_from_recipe(recipe, dataset)
    validation, labels = probabilities(logits_of(net, dataset.x[split.validation])), dataset.y[split.validation]
    x, y = dataset.x[split.test], dataset.y[split.test]
    clean = probabilities(logits_of(net, x))
    chosen = np.sort(np.random.default_rng(0).permutation(len(x))[:windows])
    attacked = {epsilon: attacked_exits(net, x[chosen], y[chosen], epsilon) for epsilon in epsilons}
    tables = {loss: CalibrationTable(score=recipe.calibration.score, accuracy_loss=loss) for loss in LOSSES}
    agreements = {loss: calibrated_agreement(validation, labels, table) for loss, table in tables.items()}
    bundle = bundle_of(run, net, x[0])
    macs = [graph_macs(bundle.content[stage.file]) for stage in bundle.manifest.stages]
    times = timed(bundle, {loss: found for loss, found in agreements.items() if found}, x[chosen], passes)
    rows = []
    for loss, agreement in [(None, None), *agreements.items()]:
        row: dict[str, Any] = {"policy": "agree" if loss else "all", "accuracy_loss": loss}
        if agreement is not None or loss is None:
            row |= clean_figures(agreement, clean, y, macs) | {"us_per_window": times[loss]}
            row["attacked"] = [
                {"epsilon": epsilon, **attacked_figures(agreement, found, y[chosen])}
                for epsilon, found in attacked.items()
            ]
        rows.append(row)
    return {
        "exits": net.exits,
        "calibration_windows": len(labels),
        "test_windows": len(y),
        "attacked_windows": len(chosen),
        "units": dataset.signal.input_units,
        "macs_per_stage": macs,
        "picojoules_per_mac": PICOJOULES_PER_MAC,
        "alarm_windows": ALARM_WINDOWS,
        "policies": rows,
    }


def attacked_exits(net: Net, x: Batch, y: Labels, epsilon: float) -> dict[str, Floats]:
    """Probabilities (n, exits, classes) under each attack and under sloth."""
    found = {}
    for title, (name, options) in {**ATTACKS, "sloth": ("sloth", {})}.items():
        click.echo(f"{title}, ε = {epsilon:g} …")
        x_adv, _ = perturb(net, attack_named(name, Threat(epsilon), options), x, y)
        found[title] = probabilities(logits_of(net, x_adv))
    return found


def clean_figures(agreement: Agreement | None, clean: Floats, y: Labels, macs: Sequence[int]) -> dict[str, Any]:
    """What a policy (None: all exits) takes and says on clean windows, and its false slowdown alarms."""
    stages, exits = _stages(agreement, clean), clean.shape[1]
    mean_macs = float(np.cumsum(macs)[stages - 1].mean())
    return {
        "confidence": None if agreement is None else agreement.confidence,
        "mean_stages": float(stages.mean()),
        "stages": (np.bincount(stages - 1, minlength=exits) / len(stages)).tolist(),
        "accuracy": float(_right(agreement, clean, y).mean()),
        "lost": 0.0 if agreement is None else agreement_figures(agreement, clean, y)["lost"],
        "macs": mean_macs,
        "energy_estimate_uj": mean_macs * PICOJOULES_PER_MAC * 1e-6,
        "false_slowdowns": None if agreement is None else false_slowdowns(agreement, stages),
    }


def attacked_figures(agreement: Agreement | None, attacked: Mapping[str, Floats], y: Labels) -> dict[str, Any]:
    """What a policy takes and says under attacks of one radius."""
    right = {name: _right(agreement, exits, y) for name, exits in attacked.items()}
    stages = {name: _stages(agreement, exits) for name, exits in attacked.items()}
    return {
        "robust_accuracy": float(np.all([right[name] for name in ATTACKS], axis=0).mean()),
        "robust_mean_stages": {name: float(stages[name].mean()) for name in ATTACKS},
        "sloth_accuracy": float(right["sloth"].mean()),
        "sloth_mean_stages": float(stages["sloth"].mean()),
        "windows_to_slowdown_alarm": None if agreement is None else median_wait(agreement, stages["sloth"]),
    }


def _stages(agreement: Agreement | None, exits: Floats) -> NDArray[np.int64]:
    if agreement is None:
        return np.full(len(exits), exits.shape[1])
    return stages_used(exits, agreement.confidence, agreement.min_exits)


def _right(agreement: Agreement | None, exits: Floats, y: Labels) -> NDArray[np.bool_]:
    return np.asarray(of_stages_used(ensemble, exits, _stages(agreement, exits)).argmax(axis=1) == y)


def false_slowdowns(agreement: Agreement, stages: NDArray[np.int64]) -> dict[str, int]:
    """False alarms on clean test windows: in their order, and on a long stream drawn from them."""
    detector, rng = SlowdownDetector(agreement.stages, ALARM_WINDOWS), np.random.default_rng(0)
    return {
        "in_order": alarms(detector, stages.tolist()),
        "drawn": alarms(detector, rng.choice(stages, STREAM).tolist()),
        "drawn_windows": STREAM,
    }


def median_wait(agreement: Agreement, stages: NDArray[np.int64]) -> float | None:
    """Windows from an attack's first to the alarm, the median over streams drawn from it; None: mostly never."""
    detector, rng = SlowdownDetector(agreement.stages, ALARM_WINDOWS), np.random.default_rng(0)
    waits = [windows_to_alarm(detector, rng.choice(stages, LONGEST_WAIT).tolist()) for _ in range(STARTS)]
    middle = float(np.median([np.inf if wait is None else wait for wait in waits]))
    return middle if np.isfinite(middle) else None


def windows_to_alarm(detector: SlowdownDetector, stages: Sequence[int]) -> int | None:
    """Windows until the alarm, from a sum of 0; None where none comes."""
    detector.reset()
    return next((k for k, took in zip(count(1), stages) if detector.add(took) > detector.limit), None)


def alarms(detector: SlowdownDetector, stages: Sequence[int]) -> int:
    """Alarms on a stream, the sum begun anew after each."""
    detector.reset()
    found = 0
    for took in stages:
        if detector.add(took) > detector.limit:
            detector.reset()
            found += 1
    return found


def bundle_of(run: Run, net: Net, window: Batch) -> Bundle:
    """The run's graphs as an engine reads them; nothing else in it is meant for a device."""
    facts, graph = run.facts(), exits_graph_from_net(net, torch.from_numpy(window))
    stages = stage_graphs(graph, net.exits)
    files = {layout.stage_file(k): stage.model for k, stage in enumerate(stages, 1)}
    manifest = Manifest(
        name=run.recipe().name,
        version="0",
        signal=facts.signal,
        classes=facts.classes,
        exits=tuple(exit_names(net.exits)),
        disagreement=Disagreement(score="confusion", threshold=0.0, false_alarm_rate=0.5, calibration_windows=1),
        stages=tuple(
            Stage(file=file, inputs=stage.inputs, outputs=stage.outputs, logits=stage.logits)
            for file, stage in zip(files, stages, strict=True)
        ),
        provenance=Provenance(recipe={}, data_sha256="0" * 64, code_version="", seed=0, created_utc=""),
    )
    files[layout.MODEL] = stacked_graph(graph, net.exits, len(facts.classes))
    return Bundle(manifest, {name: model.SerializeToString() for name, model in files.items()}, "", None)


def timed(
    bundle: Bundle, agreements: Mapping[float, Agreement], x: Batch, passes: int
) -> dict[float | None, dict[str, float]]:
    """Microseconds per window of each policy, by batch size; policies take turns within every batch."""
    with policies_of(bundle, agreements) as policies:
        found: dict[float | None, dict[str, float]] = {loss: {} for loss in policies}
        for size in (1, 64):
            batches = [x[start : start + size] for start in range(0, len(x), size)]
            taken = np.empty((passes + 1, len(batches), len(policies)))
            for number, batch, (place, policy) in (
                (number, batch, turn)
                for number in range(passes + 1)
                for batch in range(len(batches))
                for turn in enumerate(policies.values())
            ):
                began = time.perf_counter_ns()
                policy.exits(batches[batch])
                taken[number, batch, place] = (time.perf_counter_ns() - began) / 1e3
            # the median of a batch's passes leaves slow moments out, the mean over windows keeps what differs by them
            means = np.median(taken[1:], axis=0).sum(axis=0) / len(x)
            for loss, mean in zip(policies, means.tolist(), strict=True):
                found[loss][f"batch_{size}"] = mean
    return found


@contextmanager
def policies_of(bundle: Bundle, agreements: Mapping[float, Agreement]) -> Iterator[dict[float | None, Policy]]:
    """Policy ``all`` on the whole graph as None, and the others on the stages."""
    with OnnxRuntimeEngine(bundle) as whole, StagedEngine(bundle) as staged:
        yield {None: AllExits(whole), **{loss: UntilTheyAgree(staged, found) for loss, found in agreements.items()}}


if __name__ == "__main__":
    command()
