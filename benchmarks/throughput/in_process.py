"""The daemon in this process, over sources of our own: all its parts but the command line and the network."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import msgspec

from benchmarks.throughput.meter import CountedJudge, Meter
from edgeguard.device.config import BundleConfig, DeviceConfig, Log, Spool
from edgeguard.device.daemon import Daemon
from edgeguard.device.judge import Judge
from edgeguard.device.model import open_model
from edgeguard.device.outputs import Outputs
from edgeguard.device.parts import Parts
from edgeguard.device.samples import Sink, Source, StreamCounts
from edgeguard.device.serving import Seen
from edgeguard.device.systemd import Notifier
from edgeguard.device.wishes import Wishes
from edgeguard.telemetry.broker import BrokerConfig


class MeteredOutputs(Outputs):
    """The configured sinks, and the meter behind them."""

    meter: Meter

    @property
    def sinks(self) -> list[Sink]:
        """The meter comes last: what it sees has passed all the others."""
        return [*super().sinks, self.meter]


def config_in(folder: Path, bundle: Path) -> DeviceConfig:
    """A verdict log, and summaries and alerts that wait in the spool: no broker is ever reached."""
    return DeviceConfig(
        bundle=BundleConfig(path=str(bundle)),
        broker=BrokerConfig(url="mqtt://127.0.0.1:9"),
        spool=Spool(folder=str(folder / "spool")),
        log=Log(file=str(folder / "verdicts.jsonl")),
    )


async def serve(
    bundle: Path,
    sources: Callable[[], dict[str, Source]],
    meter: Meter,
    **tables: msgspec.Struct,
) -> CountedJudge:
    """Run the daemon until the sources, made when everything else is ready, have ended; how its model was asked."""
    with tempfile.TemporaryDirectory() as folder:
        config = msgspec.structs.replace(config_in(Path(folder), bundle), **tables)
        model = open_model(config)
        judge = CountedJudge(model.judge)
        parts = Parts(config, replace(model, judge=cast("Judge", judge)), sources())
        counts = {name: StreamCounts() for name in parts.sources}
        outputs = MeteredOutputs(config, parts.model, counts, None)
        outputs.meter = meter
        daemon = Daemon(parts, counts, outputs, notifier=Notifier({}), seen=Seen())
        await daemon.run(Wishes(), lambda: None)
        return judge


def run(bundle: Path, sources: Callable[[], dict[str, Source]], meter: Meter, **tables: msgspec.Struct) -> CountedJudge:
    """`serve` in an event loop of its own."""
    return asyncio.run(serve(bundle, sources, meter, **tables))
