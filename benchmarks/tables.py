"""The tables of README, docs and cards, as Markdown from results/<subject>.json; the standard library alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import detection_tables
from benchmarks.attack_speed_tables import attack_speed, attack_speed_distances, attack_speed_exits
from benchmarks.bridge_codec_table import bridge_codec
from benchmarks.bridge_size_table import bridge_instructions, bridge_size
from benchmarks.bridge_tables import bridge_loss
from benchmarks.device_tables import (
    device_faults,
    device_latency,
    device_memory,
    device_rates,
    device_real_time,
    device_start,
)
from benchmarks.early_stopping_tables import early_stopping, early_stopping_attacked
from benchmarks.eeg_tables import eeg_device
from benchmarks.exit_tables import EXIT_TABLES
from benchmarks.fairness_cost_tables import least_epsilon, leave_one_out
from benchmarks.fairness_readings import fairness_readings
from benchmarks.fairness_study_tables import NAMES as FAIRNESS_STUDY
from benchmarks.fairness_study_tables import scope as fairness_study_scope
from benchmarks.fairness_study_tables import shown as fairness_study
from benchmarks.fleet_loss.tables import fleet_faults
from benchmarks.fleet_tables import fleet_api, fleet_ingest, fleet_pages
from benchmarks.frontier_tables import frontier, frontier_curve
from benchmarks.markdown import markdown
from benchmarks.qrs_tables import qrs_detection, qrs_detection_records, qrs_detection_scaled
from benchmarks.scale_tables import fleet_disk, fleet_scale
from edgeguard.errors import ConfigError
from edgeguard.lab.fairness_tables import fairness_table
from edgeguard.lab.figure_tables import beside_table, class_table, group_table
from edgeguard.lab.papers.early_exit_ensembles.tables import cost_table, curves, side_by_side
from edgeguard.lab.papers.table import Table

# what writes a file where that is not the benchmark of its name
WRITERS: Final = {
    "early-exit-ensembles-reduced": "edgeguard reproduce early-exit-ensembles --results benchmarks/results",
    "early-exit-ensembles-eeg-vgg16-reduced": "edgeguard reproduce early-exit-ensembles --recipe eeg-vgg16 --seeds 0 "
    "--results benchmarks/results",
    "early-exit-ensembles": "edgeguard reproduce early-exit-ensembles --scale full --results benchmarks/results",
    "adversarial-training-hurts-fairness-reduced": "edgeguard reproduce adversarial-training-hurts-fairness "
    "--results benchmarks/results",
    "adversarial-training-hurts-fairness": "edgeguard reproduce adversarial-training-hurts-fairness --scale full "
    "--results benchmarks/results",
    "exit-cost": "edgeguard reproduce early-exit-ensembles --table cost --results benchmarks/results",
    **{
        f"frontier-{name}": f"python -m benchmarks.frontier --recipe {name}"
        for name in ("ecg5000-fcnet", "mitbih-fcnet")
    },
    "frontier-eeg-vgg16": "python -m benchmarks.frontier --recipe eeg-vgg16",
    **detection_tables.WRITERS,
}
MARKED: Final = re.compile(r"(<!-- table: (?P<name>\S+) -->\n)(?P<body>.*?)(<!-- /table -->)", re.DOTALL)


def rendered(text: str, results: Path) -> tuple[str, list[str]]:
    """`text` with each table between its markers as the files in `results` have it, and what went wrong.

    A table that cannot be made is left as it is.
    """
    complaints = []
    if text.count("<!-- table: ") != text.count("<!-- /table -->"):
        return text, ["a table's marker is not closed: write <!-- /table --> below it"]

    def replacement(found: re.Match[str]) -> str:
        try:
            return f"{found[1]}\n{table(found['name'], results)}\n\n{found[4]}"
        except ConfigError as error:
            complaints.append(str(error))
            return found[0]

    return MARKED.sub(replacement, text), complaints


def table(name: str, results: Path) -> str:
    """The table `name` with its caption line; ConfigError where there is none, or its results file is missing."""
    if name not in TABLES:
        raise ConfigError(f"no table is called {name!r}; there are: {', '.join(TABLES)}")
    subject, body = TABLES[name]
    path = results / f"{subject}.json"
    if not path.is_file():
        command = WRITERS.get(subject, f"python -m benchmarks.{subject.replace('-', '_')}")
        raise ConfigError(f"{path.name} is not there: run {command}")
    result = json.loads(path.read_text(encoding="utf-8"))
    narrowed = SCOPES[name](result["figures"]) if name in SCOPES else {}
    return "\n".join([*body(result["figures"]), "", caption({**result, **narrowed})])


def caption(result: dict[str, Any]) -> str:
    """One line: scale, seeds, machine, command, commit and date."""
    machine = result["machine"]
    seeds = f", seeds {', '.join(map(str, result['seeds']))}" if result["seeds"] else ""
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['accelerator'] or 'no accelerator'}"
    commit, changes, _ = (result["commit"] or "unknown").partition("+changes")
    when = f"{result['date']}, commit {commit[:7]}{' with changes' if changes else ''}"
    return f"*Scale: {result['scale']}{seeds}. Machine: {where}. `{result['command']}`, {when}.*"


def ecg5000(figures: dict[str, Any]) -> Iterable[str]:
    """Clean figures of both nets over seeds, beside the paper's."""
    nets = [figures[name] for name in ("early_exit", "undefended")]
    rows = [
        [title, *(cell for net in nets for cell in (spread(net["clean"][key]), paper(net, in_paper)))]
        for title, key, in_paper in (
            ("F1, weighted", "f1", "f1"),
            ("ECE", "ece_uncalibrated", "ece"),
            ("ECE after temperature scaling", "ece", ""),
        )
    ]
    rows.append(["false alarms on clean windows", spread(nets[0]["false_alarm_rate"]), "–", "–", "–"])
    return markdown(["clean test windows", "early-exit ensemble", "paper", "undefended", "paper"], rows)


def ecg5000_pgd(figures: dict[str, Any]) -> Iterable[str]:
    """F1 of both nets for each ε, the side-by-side with the paper, and how well disagreement tells attacked windows."""
    early, plain = figures["early_exit"], figures["undefended"]
    pairs = list(zip(early["pgd"], plain["pgd"], strict=True))
    scores = list(early["pgd"][0]["auroc"])
    rows = [[f"{ours['epsilon']:g}", spread(ours["f1"]), spread(twin["f1"])] for ours, twin in pairs]
    yield from markdown(["ε", "F1 of the early-exit ensemble", "F1 of the undefended net"], rows)
    aim = plain["paper"]["pgd_f1"]
    ours, twin = min(pairs, key=lambda pair: abs(pair[1]["f1"]["mean"] - aim))
    yield ""
    yield (
        f"The undefended net's F1 is nearest the paper's {aim:.2f} at ε = {ours['epsilon']:g} ({spread(twin['f1'])}). "
        f"There the ensemble has {spread(ours['f1'])}; the paper's has {early['paper']['pgd_f1']:.2f}."
    )
    yield ""
    found = [
        [
            f"{row['epsilon']:g}",
            spread(row["alarm_rate"]),
            *(spread(row["auroc"][score]) for score in scores),
            *(spread(row["tpr_at_1_fpr"][score]) for score in scores),
        ]
        for row in early["pgd"]
    ]
    titles = [name.replace("_", " ") for name in scores]
    yield from markdown(
        ["ε", "alarm rate", *(f"AUROC, {name}" for name in titles), *(f"TPR at 1 % FPR, {name}" for name in titles)],
        found,
    )


def mitbih(figures: dict[str, Any]) -> Iterable[str]:
    """The inter-patient figures beside the intra-patient ones, and each class of the former with its intervals."""
    honest, easy = figures["inter_patient"], figures["intra_patient"]
    shown = beside_table({"other people (DS1 / DS2)": honest, "other beats of the same people": easy})
    return described([shown, class_table(honest["clean"]["per_class"])])


def mitbih_groups(figures: dict[str, Any]) -> Iterable[str]:
    """Groups by sex and age band on the inter-patient split."""
    groups = figures["inter_patient"]["clean"]["groups"]
    return described(group_table(attribute, found) for attribute, found in groups.items())


def mitbih_fairness(figures: dict[str, Any]) -> Iterable[str]:
    """Unfairness over the classes."""
    return described([fairness_table(figures)])


def mitbih_fairness_groups(figures: dict[str, Any]) -> Iterable[str]:
    """Unfairness over sex and over age band."""
    return described(fairness_table(figures, attribute) for attribute in ("sex", "age_band"))


def mitbih_pgd(figures: dict[str, Any]) -> Iterable[str]:
    """PGD on the inter-patient split, for each ε."""
    found = figures["inter_patient"]
    rows = [
        [f"{row['epsilon']:g}", *(f"{row[key]:.3f}" for key in ("f1", "accuracy", "alarm_rate"))]
        for row in found["pgd"]
    ]
    rows.insert(
        0,
        [
            "none",
            *(f"{found['clean']['ensemble'][key]:.3f}" for key in ("f1", "accuracy")),
            f"{found['false_alarm_rate']:.3f}",
        ],
    )
    title = f"ε, {found['attacked_windows']} of {found['test_windows']} test windows"
    return markdown([title, "F1, weighted", "accuracy", "alarm rate"], rows)


def early_exit_table(name: str) -> Callable[[dict[str, Any]], Iterable[str]]:
    """Table I or II of the early-exit paper, ours beside the paper's."""
    return lambda figures: described(side_by_side(study, name) for study in figures.values())


def early_exit_curve(figures: dict[str, Any]) -> Iterable[str]:
    """F1 of every net of the early-exit paper over ε."""
    return described(shown for study in figures.values() for shown in curves(study))


def fairness_study_table(name: str) -> Callable[[dict[str, Any]], Iterable[str]]:
    """A table or figure of the paper on adversarial training and fairness, ours beside the paper's."""
    return lambda figures: described(fairness_study(figures, name))


def exit_cost(figures: dict[str, Any]) -> Iterable[str]:
    """Parameters, memory, floating-point operations and time of one window, with and without exits."""
    return described(cost_table(network) for network in figures["networks"])


def described(tables: Iterable[Table]) -> Iterable[str]:
    """Each table with its title above and its notes below."""
    for place, shown in enumerate(tables):
        yield from [""] * (place > 0)
        yield from (f"**{shown.title}**", "", *markdown(shown.header, shown.rows))
        yield from (line for note in shown.notes for line in ("", note))


def start_up(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds until a fresh process is done."""
    rows = [
        [title, f"{figures[key]:.3f}", f"{aim:.1f}" if (aim := figures["aim"].get(key)) else "–"]
        for title, key in (
            ("`python -c pass`", "python_s"),
            ("`edgeguard --help`", "help_s"),
            ("importing the device's code and onnxruntime", "device_import_s"),
        )
    ]
    return markdown([f"seconds, median of {figures['runs']} fresh processes", "measured", "aim"], rows)


def synthetic_ecg(figures: dict[str, Any]) -> Iterable[str]:
    """Seconds to make a signal, ours and the peer's."""
    rows = [
        [name, f"{times['ours_s']:.3f}", f"{times['peer_s']:.3f}", f"{times['peer_s'] / times['ours_s']:.0f} ×"]
        for name, times in figures.items()
        if name != "peer"
    ]
    return markdown(["seconds to make", "EdgeGuard", f"`{figures['peer']}`", "faster"], rows)


TABLES: Final[dict[str, tuple[str, Callable[[dict[str, Any]], Iterable[str]]]]] = {
    "ecg5000": ("ecg5000-fcnet", ecg5000),
    "ecg5000-pgd": ("ecg5000-fcnet", ecg5000_pgd),
    "mitbih": ("mitbih-fcnet", mitbih),
    "mitbih-groups": ("mitbih-fcnet", mitbih_groups),
    "mitbih-fairness": ("fairness-mitbih", mitbih_fairness),
    "mitbih-fairness-groups": ("fairness-mitbih", mitbih_fairness_groups),
    "mitbih-fairness-readings": ("fairness-mitbih", fairness_readings),
    "mitbih-pgd": ("mitbih-fcnet", mitbih_pgd),
    "early-exit-table-1": ("early-exit-ensembles", early_exit_table("1")),
    "early-exit-table-2": ("early-exit-ensembles", early_exit_table("2")),
    "early-exit-curve": ("early-exit-ensembles", early_exit_curve),
    "early-exit-table-1-reduced": ("early-exit-ensembles-reduced", early_exit_table("1")),
    "early-exit-table-2-reduced": ("early-exit-ensembles-reduced", early_exit_table("2")),
    "early-exit-curve-reduced": ("early-exit-ensembles-reduced", early_exit_curve),
    "early-exit-table-1-eeg-reduced": ("early-exit-ensembles-eeg-vgg16-reduced", early_exit_table("1")),
    "early-exit-table-2-eeg-reduced": ("early-exit-ensembles-eeg-vgg16-reduced", early_exit_table("2")),
    "early-exit-curve-eeg-reduced": ("early-exit-ensembles-eeg-vgg16-reduced", early_exit_curve),
    **EXIT_TABLES,
    "attack-speed": ("attack-speed", attack_speed),
    "attack-speed-exits": ("attack-speed", attack_speed_exits),
    "attack-speed-distances": ("attack-speed", attack_speed_distances),
    "exit-cost": ("exit-cost", exit_cost),
    "early-stopping": ("early-stopping", early_stopping),
    "early-stopping-attacked": ("early-stopping", early_stopping_attacked),
    "device-latency": ("device-throughput", device_latency),
    "device-rates": ("device-throughput", device_rates),
    "device-real-time": ("device-throughput", device_real_time),
    "device-start": ("device-throughput", device_start),
    "device-faults": ("device-faults", device_faults),
    "device-memory": ("device-faults", device_memory),
    "eeg-device": ("eeg-device", eeg_device),
    "fleet-faults": ("fleet-faults", fleet_faults),
    "fleet-disk": ("fleet-faults", fleet_disk),
    "fleet-ingest": ("fleet-ingest", fleet_ingest),
    "fleet-api": ("fleet-pages", fleet_api),
    "fleet-pages": ("fleet-pages", fleet_pages),
    "fleet-scale": ("fleet-ingest", fleet_scale),
    "bridge-codec": ("bridge-codec", bridge_codec),
    "bridge-instructions": ("bridge-size", bridge_instructions),
    "bridge-loss": ("bridge-loss", bridge_loss),
    "bridge-size": ("bridge-size", bridge_size),
    "frontier-ecg5000": ("frontier-ecg5000-fcnet", frontier),
    "frontier-ecg5000-curve": ("frontier-ecg5000-fcnet", frontier_curve),
    "frontier-mitbih": ("frontier-mitbih-fcnet", frontier),
    "frontier-eeg": ("frontier-eeg-vgg16", frontier),
    "least-epsilon": ("least-epsilon", least_epsilon),
    "leave-one-out": ("leave-one-out", leave_one_out),
    "start-up": ("start-up", start_up),
    "synthetic-ecg": ("synthetic-ecg", synthetic_ecg),
    "qrs-detection": ("qrs-detection", qrs_detection),
    "qrs-detection-scaled": ("qrs-detection", qrs_detection_scaled),
    "qrs-detection-records": ("qrs-detection", qrs_detection_records),
    **detection_tables.TABLES,
    **{
        f"fairness-study-{name}{end}": (f"adversarial-training-hurts-fairness{end}", fairness_study_table(name))
        for name in FAIRNESS_STUDY
        for end in ("", "-reduced")
    },
}
SCOPES: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {  # tables of a part of their file: what of it
    f"fairness-study-{name}{end}": partial(fairness_study_scope, name=name)
    for name in FAIRNESS_STUDY
    for end in ("", "-reduced")
}


def spread(value: dict[str, Any]) -> str:
    """Mean ± standard deviation over seeds."""
    return f"{value['mean']:.3f} ± {value['std']:.3f}"


def paper(net: dict[str, Any], key: str) -> str:
    """The paper's figure, or a dash where it has none."""
    return f"{net['paper'][key]:.2f}" if key else "–"
