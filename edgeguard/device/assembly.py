"""The parts of a device, opened as its config says, and the daemon run over them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from edgeguard.device.config import DeviceConfig
from edgeguard.device.daemon import Daemon
from edgeguard.device.outputs import Outputs
from edgeguard.device.parts import Parts, open_parts
from edgeguard.device.samples import StreamCounts
from edgeguard.device.serving import Seen
from edgeguard.device.systemd import Notifier
from edgeguard.device.wishes import Wishes
from edgeguard.errors import EdgeGuardError

log = logging.getLogger(__name__)

Write = Callable[[str], None]


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        seen: Windows, rejections and alarms.
        gaps: Jumps in the samples.
        faults: What else was wrong with the sources.
        unlogged: Verdicts that the log could not take.
        delivered: Messages that the broker has; None without a broker.
        waiting: Messages left in the spool.
    """

    seen: Seen
    gaps: int = 0
    faults: int = 0
    unlogged: int = 0
    delivered: int | None = None
    waiting: int = 0

    def add(self, counts: dict[str, StreamCounts], outputs: Outputs) -> None:
        """Count what one serving came to."""
        self.gaps += sum(one.gaps for one in counts.values())
        self.faults += sum(sum(one.faults.values()) for one in counts.values())
        self.unlogged += outputs.unlogged
        if outputs.mqtt is not None:
            self.delivered = (self.delivered or 0) + outputs.mqtt.delivered
            self.waiting = outputs.mqtt.waiting


def run_device(
    config: DeviceConfig,
    *,
    limit: int | None = None,
    reread: Callable[[], DeviceConfig] | None = None,
    write: Write | None = None,
) -> Outcome:
    """Run the configured bundle on the configured sources until they end, `limit` windows are done, or SIGTERM.

    Args:
        config: See `edgeguard.device.config`.
        limit: Windows to stop after, or None.
        reread: Gives the config anew on SIGHUP; without it that signal has its usual effect.
        write: Takes a line for each verdict, or None.

    Raises:
        EdgeGuardError: the config, bundle, engine, a recording or the spool is wrong, or the broker refuses the login.
    """
    return asyncio.run(_run(config, reread, limit, write))


async def _run(
    config: DeviceConfig, reread: Callable[[], DeviceConfig] | None, limit: int | None, write: Write | None
) -> Outcome:
    notifier, wishes, outcome = Notifier(), Wishes(), Outcome(Seen())
    before: DeviceConfig | None = None
    with wishes.listening(reloads=reread is not None):
        parts: Parts | None = open_parts(config)
        while parts is not None:
            counts = {name: StreamCounts() for name in parts.sources}
            try:
                outputs = Outputs(parts.config, parts.model, counts, write)
                device = Daemon(parts, counts, outputs, notifier=notifier, seen=outcome.seen, limit=limit)
                await device.connect()
            except EdgeGuardError as error:
                parts.model.close()
                if before is None:
                    raise
                log.warning("%s; the device goes on as it was", error)
                parts, before = open_parts(before), None
                continue
            before = parts.config
            try:
                parts = await device.run(wishes, lambda: open_parts(reread() if reread else config))
            finally:
                outcome.add(counts, outputs)
    notifier.close()
    return outcome
