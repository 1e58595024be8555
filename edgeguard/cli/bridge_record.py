"""``edgeguard bridge record``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeguard.errors import SourceError

if TYPE_CHECKING:
    from firmware_bridge.client import Client


@click.command("record")
@click.argument("link")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The .egb file to write.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="To record; until Ctrl-C unless given.")
@click.option("--overwrite", is_flag=True, help="An old file of that name may go.")
@click.option("--quiet", is_flag=True, help="No line when the link comes and goes.")
def command(*, link: str, out: Path, seconds: float | None, overwrite: bool, quiet: bool) -> None:
    """Start the wearable at LINK, and keep every byte that it sends, damaged ones too, until Ctrl-C or SIGTERM.

    LINK is serial:PATH, tcp:HOST:PORT or ble:NAME, or the bare path of a serial port. Where it breaks off it is opened
    again. The recording can be played by edgeguard bridge replay and edgeguard run --source.
    """
    from edgeguard import __version__
    from edgeguard.cli.bridge_links import link_from, run_until_told
    from edgeguard.cli.console import say
    from edgeguard.device.sources.bridge_errors import translated

    with translated():
        from firmware_bridge.client import Client
        from firmware_bridge.listening import listen
        from firmware_bridge.recording import RecordingWriter

        opened, breaks = link_from(link), list[str]()

        def down(error: Exception, pause_s: float) -> None:
            breaks.append(str(error))
            say(f"{error}; trying again in {pause_s:.1f} s", quiet=quiet)

        def up() -> None:
            say(f"{opened.name}: recording to {out}", quiet=quiet)

        with RecordingWriter(out, opened.name, software=f"edgeguard {__version__}", overwrite=overwrite) as writer:
            client = Client(opened, on_bytes=lambda came: writer.write(came.host_s, came.data))
            try:
                run_until_told(listen(client, lambda _news: None, up=up, down=down), seconds)
            finally:
                if writer.empty:
                    out.unlink()
    if writer.empty:
        raise SourceError(f"nothing came from {opened.name}: no recording was made")
    click.echo(_summary(out, writer.size, client, len(breaks)))


def _summary(out: Path, size: int, client: Client, breaks: int) -> str:
    counts, decoded = client.session.counts, client.decoder.counts
    return (
        f"{out}: {size} bytes, {counts.samples} samples, {counts.gaps} gaps, {counts.missing} missing, "
        f"{decoded.crc} CRC errors, {decoded.rejected - decoded.crc} other pieces dropped, "
        f"{counts.restarts} restarts, {breaks} reconnections"
    )
