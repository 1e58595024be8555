"""Whether the model treats its wearers alike: the largest gaps in words, then every figure by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nicegui import ui

from edgeguard.fleet import fairness
from edgeguard.fleet.fairness_report import FigureRow, Report, Unit
from edgeguard.fleet.pages import fairness_charts as charts
from edgeguard.fleet.pages import fairness_words as say
from edgeguard.fleet.pages import states
from edgeguard.fleet.pages.alarm_narrowing import model_name
from edgeguard.fleet.pages.chart import Chart
from edgeguard.fleet.pages.fairness_alerts import MOST, draw_alerts
from edgeguard.fleet.pages.fairness_csv import as_csv
from edgeguard.fleet.pages.fairness_filters import DAYS, ORIGINS, filters_from
from edgeguard.fleet.pages.panel import Panel
from edgeguard.fleet.pages.shell import page
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.pages.visit import Visit
from edgeguard.fleet.parts import Parts
from edgeguard.fleet.store import fairness_alerts, models, wearers
from edgeguard.fleet.store.fairness_alerts import FairnessAlert
from edgeguard.fleet.store.models import ModelRow
from edgeguard.metrics.figures import Estimate

_EVERY_MODEL: Final = 0
_MOST_CHARTS: Final = 6  # of one figure; there are as many rows as classes


@dataclass(frozen=True)
class Choices:
    """What can be compared."""

    attributes: list[str]
    models: list[ModelRow]


@dataclass(frozen=True)
class Answer:
    """What the page shows."""

    report: Report
    alerts: list[FairnessAlert]


def add(parts: Parts) -> None:
    """The page at /fairness."""

    @page(parts, "/fairness", "Fairness")
    async def _(visit: Visit) -> None:
        choices = await visit.read(_choices)
        if not choices.attributes:
            states.empty(
                "There are no groups to compare yet",
                "Say on the page Wearers who wears which device, and which groups they belong to.",
            )
            return
        await FairnessPage(visit, choices).show()


class FairnessPage:
    """One open fairness page."""

    def __init__(self, visit: Visit, choices: Choices) -> None:
        self.visit = visit
        self.filters = filters_from(visit.query, choices.attributes)
        self._choices = choices
        self._report: Report | None = None

    async def show(self) -> None:
        """Draw it; it is asked anew where somebody chooses something else."""
        with ui.element("div").classes("eg-card"), ui.element("div").classes("eg-row eg-controls"):
            self._build_controls()
        self._panel: Panel[Answer] = Panel(self.visit, self._ask, self._draw)
        await self._panel.show()

    def _ask(self, connection: Any) -> Answer:
        parts = self.visit.parts
        now_ms = parts.now_ms()
        question = self.filters.question(now_ms)
        report = fairness.report(parts.database, question, parts.config.fairness, now_ms)
        return Answer(report, fairness_alerts.alerts(connection, limit=MOST).rows)

    def _draw(self, answer: Answer) -> None:
        report = answer.report
        if not any(group.windows for group in report.groups) and not any(group.hidden for group in report.groups):
            states.empty("No window in this range is of a wearer with this attribute", "Choose a longer range.")
            return
        confidence = self.visit.parts.config.fairness.confidence
        self._report = report
        self._links.visible = True
        _headline(report, confidence)
        draw_alerts(answer.alerts)
        _groups(report)
        for title, figures in say.PARTS:
            _part(title, figures, report, confidence)
        _robustness(report)
        _notes(report, self.visit.parts.config.fairness.min_wearers)

    # ------------------------------------------------------------------------------------------- controls

    def _build_controls(self) -> None:
        chosen, names = self.filters, self._choices.attributes
        self._select("Groups by", {name: name for name in names}, chosen.attribute, "attribute")
        if len(names) > 1:
            second = {"": "—"} | {name: name for name in names}
            self._select("and by", second, chosen.second, "second")
        self._select("Range", DAYS, chosen.days, "days")
        known = {_EVERY_MODEL: "Every model"} | {row.id: model_name(row) for row in self._choices.models}
        model = chosen.model if chosen.model in known else _EVERY_MODEL
        self._select("Model", known, model, "model")
        self._select("Labels", ORIGINS, chosen.origin, "origin")
        self._links = ui.button("CSV", icon="download", on_click=self._export).props("no-caps outline dense")
        self._links.classes("eg-end-row").visible = False

    def _export(self) -> None:
        if self._report is not None:
            ui.download.content(as_csv(self._report), "fairness.csv", "text/csv")

    def _select(self, label: str, options: dict[Any, str], value: Any, field: str) -> None:
        async def narrow(event: Any) -> None:
            changed: dict[str, Any] = {field: event.value if event.value != _EVERY_MODEL else None}
            self.filters = replace(self.filters, **changed)
            ui.navigate.history.replace(self.filters.url())
            await self._panel.redraw()

        select = ui.select(options, label=label, value=value, on_change=narrow)
        select.props("outlined dense options-dense").classes("eg-select")


def _choices(connection: Any) -> Choices:
    return Choices([row.attribute for row in wearers.attributes(connection)], models.models(connection))


def _headline(report: Report, confidence: float) -> None:
    rows = say.largest(report)
    bad = any(say.outside(row) for row in report.figures)
    with ui.element("section").classes("eg-card").mark("headline"):
        text("h2", "The largest gaps" if rows else "No gap that is surely there")
        for row in rows:
            with ui.element("p").classes("eg-lead" if row is rows[0] else ""):
                if say.outside(row):
                    text("span", "▲ outside its band").classes("eg-badge eg-bad")
                text("span", " " + say.sentence(row, report, confidence))
        if not rows:
            text("p", "No figure differs between the groups by more than chance would give.").classes("eg-muted")
        elif not bad:
            text("p", "None is surely outside the band that is tolerated.").classes("eg-muted")


def _groups(report: Report) -> None:
    attribute = " × ".join(name for name in (report.question.attribute, report.question.second) if name)
    with ui.element("section").classes("eg-card"):
        text("h2", f"Groups by {attribute}")
        with ui.element("dl").classes("eg-facts"):
            for group in report.groups:
                text("dt", group.name)
                text("dd", say.size(group)).classes("eg-muted" if group.hidden else "")


def _part(title: str, figures: Sequence[str], report: Report, confidence: float) -> None:
    rows = [row for figure in figures for row in report.figures if row.figure == figure]
    if not rows:
        return
    text("h2", title).classes("eg-big")
    if title == "Where there are labels":
        text("p", say.origin(report)).classes("eg-muted")
    with ui.element("div").classes("eg-columns"):
        for figure in figures:
            of_figure = [row for row in rows if row.figure == figure]
            if of_figure:
                _figure(of_figure, report, confidence)


def _figure(rows: list[FigureRow], report: Report, confidence: float) -> None:
    """All rows of one figure: the classes with the largest gaps first, the rest on demand."""
    figure = rows[0].figure
    if len(rows) > 1:
        rows = sorted(rows, key=lambda row: -(row.gap.value or 0) if row.gap else 0)
    with ui.element("section").classes("eg-card eg-span" if rows[0].of else "eg-card").mark(f"figure-{figure}"):
        with ui.element("div").classes("eg-row"):
            text("h2", say.TITLES[figure])
            if any(say.outside(row) for row in rows):
                text("span", "▲ outside its band").classes("eg-badge eg-bad")
        text("p", say.MEANINGS[figure]).classes("eg-muted eg-small")
        _several(rows[:_MOST_CHARTS], report, confidence)
        if len(rows) > _MOST_CHARTS:
            with ui.expansion(f"{len(rows) - _MOST_CHARTS} more").classes("eg-wide"):
                _several(rows[_MOST_CHARTS:], report, confidence)


def _several(rows: Sequence[FigureRow], report: Report, confidence: float) -> None:
    with ui.element("div").classes("eg-columns"):
        for row in rows:
            with ui.element("div"):
                _row(row, report, confidence)


def _row(row: FigureRow, report: Report, confidence: float) -> None:
    if row.of:
        text("h3", row.of)
    if any(each.value is not None for each in row.groups):
        Chart(charts.dots(row, report.groups), charts.described(row, report.groups), height=charts.height(row))
    for line in charts.missing(row, report.groups):
        text("p", line).classes("eg-muted eg-small")
    if row.overall.value is not None:
        text("p", f"All groups together: {say.told(row.overall, row.unit)}").classes("eg-small")
    if told := say.sentence(row, report, confidence):
        text("p", told).classes("eg-small")


def _robustness(report: Report) -> None:
    with ui.element("section").classes("eg-card"):
        text("h2", "Robustness of the groups, by the margin")
        with ui.element("dl").classes("eg-facts"):
            robustness: tuple[tuple[str, str, Estimate, Unit], ...] = (
                ("Rob(f)", "the mean of the groups' mean margins, each counting the same", report.robustness, "share"),
                ("V_f(P)", "the variance of the groups' mean margins; 0 is fair", report.unfairness, "score"),
            )
            for name, meaning, estimate, unit in robustness:
                text("dt", name)
                between = say.interval(estimate.low, estimate.high, unit)
                value = say.shown(estimate.value, unit) if estimate.value is not None else estimate.reason
                text("dd", f"{value}{f' ({between})' if between else ''}: {meaning}")
        if report.curve is not None and any(report.curve.shares):
            text("p", "I_P(τ): the share of a group's windows whose margin is at least τ.").classes("eg-muted eg-small")
            Chart(
                charts.curves(report.curve, report.groups), "Share of windows by margin, for each group", height="16rem"
            )


def _notes(report: Report, min_wearers: int) -> None:
    with ui.element("section").classes("eg-card eg-small eg-muted"):
        text("h2", "What these figures rest on")
        for note in say.notes(report, min_wearers):
            text("p", note)
