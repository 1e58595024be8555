"""Gaps that have left their band: those that last first."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from edgeguard.fleet.fairness_report import FIGURES
from edgeguard.fleet.pages.fairness_words import TITLES, interval, shown
from edgeguard.fleet.pages.moment import Moment
from edgeguard.fleet.pages.text import text
from edgeguard.fleet.store.fairness_alerts import FairnessAlert

MOST: Final = 20


def draw_alerts(alerts: list[FairnessAlert]) -> None:
    """Each in a line; nothing where there are none."""
    if not alerts:
        return
    with ui.element("section").classes("eg-card").mark("alerts"):
        text("h2", "Fairness alerts")
        for alert in sorted(alerts, key=lambda alert: alert.ended_ms is not None):
            _alert(alert)


def _alert(alert: FairnessAlert) -> None:
    figure, _, of = alert.figure.partition(":")
    unit = FIGURES[figure][0] if figure in FIGURES else "score"
    lasts = alert.ended_ms is None
    with ui.element("div").classes("eg-row eg-item"):
        text("span", "▲ lasts" if lasts else "✓ over").classes(f"eg-badge {'eg-bad' if lasts else 'eg-good'}")
        with ui.element("div").classes("eg-grow"):
            what = TITLES.get(figure, figure) + (f" ({of})" if of else "")
            text("span", f"{what} by {alert.attribute}: {alert.worst}").classes("eg-strong")
            gap = f"gap {shown(alert.gap, unit)} ({interval(alert.low, alert.high, unit)})"
            model = "over all models" if alert.bundle_id is None else "of one model"
            text("div", f"{gap}, tolerated {shown(alert.band, unit)}, {model}").classes("eg-small eg-muted")
        with ui.element("div").classes("eg-small eg-muted"):
            text("span", "since ")
            Moment(alert.began_ms)
            if not lasts:
                text("span", " until ")
                Moment(alert.ended_ms)
