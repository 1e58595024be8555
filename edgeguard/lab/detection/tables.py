"""The tables of a study of detectors, from its figures; the standard library alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from edgeguard.lab.detection.over_seeds import worst_attacks
from edgeguard.lab.papers.table import Table

Figures = Mapping[str, Any]

HARM_NOTE: Final = "Windows that do harm: attacked ones whose verdict is wrong. A dash: there are none."
WAIT_NOTE: Final = "A dash, and never: not within 1000 attacked windows. Over seeds it is the middle one's."
QUIET_NOTE: Final = (
    "A quiet attacker knows the network, the score named and its threshold; no attacker here knows the other detectors."
)


def detection_tables(study: Figures) -> Iterator[Table]:
    """Every table of a study (see `edgeguard.lab.detection.study`)."""
    yield clean_table(study)
    for radius in study["mean"]["radii"]:
        for rate in study["rates"]:
            yield found_table(study, radius, rate)
        yield harm_table(study, radius)
        yield auroc_table(study, radius)
        yield from (wait_table(study, radius, alarm) for alarm in ("window", "drift"))


def clean_table(study: Figures) -> Table:
    """Of each detector: false alarms on clean windows at each promised rate, and by day of a clean stream."""
    clean, day = study["mean"]["clean"], study["windows_per_day"]
    rows = [
        (
            words(name),
            *(_percent(row["rates"][rate]["false_alarms"], 1) for rate in study["rates"]),
            *(_number(row["stream"][f"{kind}_alarms_per_day"]) for kind in ("window", "drift")),
        )
        for name, row in ((one, clean[one]) for one in study["detectors"])
    ]
    promised = (f"false alarms, {_rate(rate)} promised" for rate in study["rates"])
    header = ("detector", *promised, "false window alarms a day", "false drift alarms a day")
    notes = [
        f"Thresholds come from {_windows(study, 'calibration')} clean calibration windows alone.",
        f"False alarms are counted on {_windows(study, 'clean')} other clean windows.",
        f"A day: {day['windows']:,.0f} windows ({day['basis']}); alarms at {_rate(study['rates'][0])}.",
        *(f"{words(name)} is left out: {reason}." for name, reason in study["left_out"].items()),
    ]
    return Table(f"{_title(study)}: clean windows", header, tuple(rows), tuple(notes))


def found_table(study: Figures, radius: str, rate: str) -> Table:
    """Share of attacked windows over the threshold, by attack and detector, and each detector's worst attack."""
    title = f"Attacked windows found at {_rate(rate)} false alarms, ε = {radius}"
    notes = (f"{_windows(study, 'attacked')} windows are attacked.", QUIET_NOTE)
    return _by_attack(study, radius, title, lambda row: _percent(row["rates"][rate]["found"]), notes, (rate, "found"))


def harm_table(study: Figures, radius: str) -> Table:
    """The same at the first rate, of the attacked windows whose verdict is wrong, and how many these are."""
    rate = study["rates"][0]
    title = f"Windows that do harm found at {_rate(rate)} false alarms, ε = {radius}"
    worst = (rate, "found_harmful")
    shown = _by_attack(
        study, radius, title, lambda row: _percent(row["rates"][rate]["found_harmful"]), (HARM_NOTE,), worst
    )
    counts = [_number(study["mean"]["radii"][radius][attack]["harmful"]) for attack in study["attacks"]]
    rows = tuple((row[0], count, *row[1:]) for row, count in zip(shown.rows, [*counts, "", ""], strict=True))
    return Table(shown.title, (shown.header[0], "windows", *shown.header[1:]), rows, shown.notes)


def auroc_table(study: Figures, radius: str) -> Table:
    """Area under the ROC curve by attack and detector."""
    notes = ("0.5: no better than chance; below it attacked windows look less suspicious than clean ones.",)
    return _by_attack(study, radius, f"AUROC, ε = {radius}", lambda row: _decimals(row["auroc"]), notes)


def wait_table(study: Figures, radius: str, alarm: str) -> Table:
    """Attacked windows of a stream until an alarm: median, 90 %, and the share of streams where none comes."""
    title = f"Windows until the {alarm} alarm of a stream, ε = {radius}: median / 90 % / never"
    return _by_attack(study, radius, title, lambda row: _wait(row["windows_to_alarm"][alarm]), (WAIT_NOTE,))


def _by_attack(
    study: Figures,
    radius: str,
    title: str,
    cell: Callable[[Figures], str],
    notes: tuple[str, ...],
    worst: tuple[str, str] | None = None,
) -> Table:
    attacks = {name: study["mean"]["radii"][radius][name] for name in study["attacks"]}
    detectors = study["detectors"]
    rows = [(words(name), *(cell(row["detectors"][one]) for one in detectors)) for name, row in attacks.items()]
    if worst is not None:
        rate, key = worst
        least = worst_attacks(attacks, rate)
        rows.append(("the worst for it", *(_percent_of(least[name][key]["share"]) for name in detectors)))
        rows.append(("which is", *(words(least[name][key]["attack"] or "–") for name in detectors)))
    return Table(title, ("attack", *map(words, detectors)), tuple(rows), notes)


def words(name: str) -> str:
    """A detector's or attack's name as people read it."""
    return name.replace("_", " ")


def _percent_of(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _title(study: Figures) -> str:
    seeds = ", ".join(map(str, study["seeds"]))
    return f"{study['recipe']}, seed{'s' if len(study['seeds']) > 1 else ''} {seeds}"


def _windows(study: Figures, part: str) -> str:
    return f"{study['mean']['windows'][part]['mean']:.0f}"


def _rate(rate: str) -> str:
    return f"{100 * float(rate):g} %"


def _percent(figure: Figures, decimals: int = 0) -> str:
    if figure["mean"] is None:
        return "–"
    shown = f"{100 * figure['mean']:.{decimals}f}"
    return f"{shown} %" if len(figure["values"]) == 1 else f"{shown} ± {100 * figure['std']:.{decimals}f} %"


def _decimals(figure: Figures) -> str:
    if figure["mean"] is None:
        return "–"
    return f"{figure['mean']:.2f}" + ("" if len(figure["values"]) == 1 else f" ± {figure['std']:.2f}")


def _number(figure: Figures) -> str:
    value = figure["mean"]
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"


def _wait(figure: Figures) -> str:
    middle, most = (figure[key]["median"] for key in ("median", "ninety_percent"))
    shown = (f"{wait:g}" if wait is not None else "–" for wait in (middle, most))
    return f"{' / '.join(shown)} / {100 * figure['never']['mean']:.0f} %"
