"""``edgeguard bridge replay``."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from firmware_bridge.replaying import ReplayedWearable
    from firmware_bridge.simulator.running import Plug

_TICK_S: Final = 0.05
_FAREWELL_S: Final = 0.5  # for the reader to take the last bytes


@click.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pty", type=click.Path(path_type=Path), help="Link to the pseudo terminal; a new one unless given.")
@click.option("--tcp", metavar="HOST:PORT", help="Listen there instead; port 0 for a free one.")
@click.option("--speed", default="1", metavar="TIMES", show_default=True, help="Times faster than it came, or max.")
@click.option("--loop", is_flag=True, help="Begin anew when it ends, as a wearable that was restarted.")
def command(*, file: Path, pty: Path | None, tcp: str | None, speed: str, loop: bool) -> None:
    """Stand in for the wearable that FILE was recorded from: its bytes at their pace, damage and gaps included.

    It begins when a reader sends the first command, answers commands, and ends with the recording, on Ctrl-C or
    SIGTERM. edgeguard run --source FILE decodes the recording without a port.
    """
    from edgeguard.cli.bridge_links import plug_from, run_until_told
    from edgeguard.cli.console import say
    from edgeguard.device.sources import speed_from
    from edgeguard.device.sources.bridge_errors import translated

    with translated():
        from firmware_bridge.recording import read_recording
        from firmware_bridge.replaying import ReplayedWearable

        recording, pace = read_recording(file), speed_from(speed)
        wearable = ReplayedWearable(recording, loop=loop)
        plug = plug_from(pty, tcp)

        async def play() -> None:
            async with plug:
                header = recording.header
                click.echo(f"{file}: {header.link}, {header.started_utc[:19]} UTC; play it from {plug.address}")
                await _run_until_over(plug, wearable, pace)

        run_until_told(play())
        if recording.cut:
            say(f"{file}: its last {recording.cut} bytes are cut off or damaged, and were left out", quiet=False)


async def _run_until_over(plug: Plug, wearable: ReplayedWearable, speed: float) -> None:
    running = asyncio.ensure_future(plug.run(wearable, speed=speed))
    try:
        while not wearable.over and not running.done():
            await asyncio.sleep(_TICK_S)
        await asyncio.sleep(_FAREWELL_S)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
