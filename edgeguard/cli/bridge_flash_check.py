"""``edgeguard bridge flash-check``; plain text, it runs beside a debugger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from edgeguard.errors import one_line

if TYPE_CHECKING:
    from firmware_bridge.grading import Report


@click.command("flash-check")
@click.argument("link")
@click.option("--seconds", type=click.FloatRange(5, 3600), default=60.0, show_default=True, help="To listen.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines: findings and figures.")
def command(*, link: str, seconds: float, as_json: bool) -> int:
    """Try every command on the wearable at LINK, listen to it, and grade what came: ok, note or wrong, a line each.

    LINK is serial:PATH, tcp:HOST:PORT or ble:NAME, or the bare path of a serial port. Each line that is not ok says
    what to do in the firmware. Exit status 1 where something is wrong. The wearable is stopped at the end.
    """
    import asyncio

    from edgeguard.cli.bridge_links import link_from
    from edgeguard.cli.console import say
    from edgeguard.device.sources.bridge_errors import translated

    with translated():
        from firmware_bridge.examination import examine
        from firmware_bridge.grading import grade

        opened = link_from(link)
        say(f"{opened.name}: trying its commands, then listening for {seconds:g} s", quiet=as_json)
        report = grade(asyncio.run(examine(opened, seconds)))
    click.echo(_json(report) if as_json else _lines(report))
    return int(report.grade == "poor")


def _json(report: Report) -> str:
    findings = [{"kind": one.kind, "about": one.about, "text": one_line(one.text)} for one in report.findings]
    return json.dumps({"grade": report.grade, "findings": findings, "figures": report.figures}, indent=2)


def _lines(report: Report) -> str:
    lines = [f"{one.kind:<5}  {one_line(one.about)}: {one_line(one.text)}" for one in report.findings]
    kinds = [one.kind for one in report.findings]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("ok", "note", "wrong") if kind in kinds)
    return "\n".join([*lines, f"grade: {report.grade} ({counts})"])
