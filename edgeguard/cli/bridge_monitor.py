"""``edgeguard bridge monitor``."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from edgeguard.cli.console import LiveView
    from firmware_bridge.client import Client
    from firmware_bridge.monitoring import Monitor

_FRAME_S: Final = 0.2  # from one drawing to the next


@click.command("monitor")
@click.argument("link")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="To watch; until Ctrl-C unless given.")
@click.option(
    "--every-s", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Between lines in a pipe."
)
def command(*, link: str, seconds: float | None, every_s: float) -> None:
    """Start the wearable at LINK, and show how it does: rate, drift, gaps, damage, battery, leads, signals.

    LINK is serial:PATH, tcp:HOST:PORT or ble:NAME, or the bare path of a serial port. On a terminal the view is live,
    elsewhere it is a line every few seconds. Where the link breaks off it is opened again.
    """
    from edgeguard.cli.bridge_links import link_from, run_until_told
    from edgeguard.cli.console import live_view
    from edgeguard.device.sources.bridge_errors import translated

    with translated():
        from firmware_bridge.client import Client
        from firmware_bridge.monitoring import Monitor

        client = Client(link_from(link))
        monitor = Monitor(client, time.monotonic())
        with live_view() as live:
            run_until_told(_watch(client, monitor, live, every_s), seconds)
    if live is not None:
        _tell(monitor)


async def _watch(client: Client, monitor: Monitor, live: LiveView | None, every_s: float) -> None:
    """Listen, and show how things stand again and again."""
    from firmware_bridge.listening import listen

    showing = asyncio.ensure_future(_show(monitor, live, every_s))
    try:
        await listen(
            client,
            monitor.take,
            up=lambda: monitor.up(time.monotonic()),
            down=lambda error, _pause_s: monitor.down(error, time.monotonic()),
        )
    finally:
        showing.cancel()


async def _show(monitor: Monitor, live: LiveView | None, every_s: float) -> None:
    from edgeguard.cli.bridge_monitor_view import view

    while True:
        if live is None:
            await asyncio.sleep(every_s)
            _tell(monitor)
        else:
            live.draw(view(monitor.standing(time.monotonic()), *live.size, braille=live.braille))
            await asyncio.sleep(_FRAME_S)


def _tell(monitor: Monitor) -> None:
    from edgeguard.cli.bridge_monitor_view import plain

    click.echo(plain(monitor.standing(time.monotonic())))
