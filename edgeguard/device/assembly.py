"""The parts of a device, opened as its config says, and the loop run over them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard import released
from edgeguard.bundle.reader import Bundle
from edgeguard.bundle.signature import load_public_key
from edgeguard.device import daemon
from edgeguard.device.config import BrokerConfig, BundleConfig, DeviceConfig, device_id, spool_folder
from edgeguard.device.engines import open_engine
from edgeguard.device.pipeline import Pipeline
from edgeguard.device.reports import Reports
from edgeguard.device.samples import Source
from edgeguard.device.sinks.json_lines import JsonLinesSink
from edgeguard.device.sinks.mqtt import MqttSink, StreamCounts
from edgeguard.device.sinks.terminal import TerminalSink
from edgeguard.device.spool import Spool
from edgeguard.errors import BrokerError, ConfigError
from edgeguard.telemetry.broker import Broker, broker_from
from edgeguard.telemetry.topics import Address

_ENGINE: Final = "onnxruntime"


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        seen: Windows, rejections and alarms.
        gaps: Jumps in the samples.
        unlogged: Verdicts that the log could not take.
        delivered: Messages that the broker has; None without a broker.
        waiting: Messages left in the spool.
    """

    seen: daemon.Seen
    gaps: int
    unlogged: int = 0
    delivered: int | None = None
    waiting: int = 0


def run_device(
    config: DeviceConfig,
    source: Source,
    *,
    limit: int | None = None,
    stop: daemon.Stop | None = None,
    write: Callable[[str], None] | None = None,
) -> Outcome:
    """Run the configured bundle on `source` until it ends, `limit` windows are done or `stop` is wanted.

    Args:
        config: See `edgeguard.device.config`.
        source: Closed at the end.
        limit: Windows to stop after, or None.
        stop: How to be stopped, or None.
        write: Takes a line for each verdict, or None.

    Raises:
        EdgeGuardError: the config, bundle, engine, source or spool is wrong, or the broker refuses the login.
    """
    with ExitStack() as opened:
        opened.callback(source.close)
        bundle = _open_bundle(config.bundle)
        pipeline = Pipeline(bundle.manifest, opened.enter_context(open_engine(_ENGINE, bundle)).infer)
        terminal = None if write is None else TerminalSink(bundle.manifest, write)
        log = None if config.log.file is None else JsonLinesSink(bundle.manifest, Path(config.log.file))
        opened.callback(log.close if log else lambda: None)
        mqtt = None if config.broker.url is None else _connected(config, bundle, pipeline.counts.stream)
        sinks = [sink for sink in (terminal, log, mqtt) if sink is not None]
        seen = daemon.run(source, bundle.manifest.signal, pipeline, sinks, limit=limit, stop=stop)
    return Outcome(
        seen,
        pipeline.counts.stream.gaps,
        unlogged=log.lost if log else 0,
        delivered=mqtt.delivered if mqtt else None,
        waiting=mqtt.waiting if mqtt else 0,
    )


def _open_bundle(config: BundleConfig) -> Bundle:
    if config.path is None:
        raise ConfigError("no bundle is given: name it on the command line, or as bundle.path in the config file")
    trusted = [load_public_key(Path(key)) for key in config.trusted_keys]
    return Bundle.open(released.bundle_path(config.path), trusted=trusted)


def _connected(config: DeviceConfig, bundle: Bundle, stream: StreamCounts) -> MqttSink:
    address = Address(config.device.fleet, device_id(config))
    broker = _broker(config.broker)
    spool = Spool(spool_folder(config), round(1_000_000 * config.spool.max_mb))
    reports = Reports(bundle.manifest, bundle.sha256, spool.boot)
    sink = MqttSink(reports, address, spool, stream, interval_s=config.telemetry.interval_s)
    try:
        sink.connect(broker)
    except BrokerError:
        spool.close()
        raise
    return sink


def _broker(config: BrokerConfig) -> Broker:
    files = {name: getattr(config, name) for name in ("password_file", "ca_file", "cert_file", "key_file")}
    paths = {name: Path(value) for name, value in files.items() if value is not None}
    return broker_from(config.url or "", username=config.username, **paths)
