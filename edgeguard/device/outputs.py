"""Where the verdicts of a device go, as its config says: terminal, log, raw windows, metrics, broker."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgeguard.device.config import DeviceConfig, device_id, spool_folder
from edgeguard.device.model import Model
from edgeguard.device.reports import Reports
from edgeguard.device.samples import Sink, StreamCounts
from edgeguard.device.sinks.alarm_windows import AlarmWindowsSink
from edgeguard.device.sinks.json_lines import JsonLinesSink
from edgeguard.device.sinks.mqtt import MqttSink
from edgeguard.device.sinks.terminal import TerminalSink
from edgeguard.device.spool import Spool
from edgeguard.errors import StorageError
from edgeguard.telemetry.broker import broker_of
from edgeguard.telemetry.messages import BundleFact, Command
from edgeguard.telemetry.topics import Address

if TYPE_CHECKING:
    from edgeguard.device.metrics_endpoint import MetricsSink, Snapshot


log = logging.getLogger(__name__)


class Outputs:
    """The sinks of one device; `close` closes those that nobody else did.

    Args:
        config: See `edgeguard.device.config`.
        model: That judges at first.
        counts: Of each source by its name, live.
        write: Takes a line for each verdict, or None.

    Attributes:
        mqtt: The sink to the broker; None without one.
    """

    def __init__(
        self,
        config: DeviceConfig,
        model: Model,
        counts: Mapping[str, StreamCounts],
        write: Callable[[str], None] | None,
    ) -> None:
        self._config = config
        self._counts = counts
        self._write = write
        self._unlogged = 0
        self.mqtt: MqttSink | None = None
        self._raw: AlarmWindowsSink | None = None
        self._metrics: MetricsSink | None = None
        self._model = model
        self._log = self._open_log()
        self._terminal = self._open_terminal()
        try:
            self._open_lasting()
        except BaseException:
            self.close()
            raise

    @property
    def sinks(self) -> list[Sink]:
        """All of them, the broker's first: it is closed last."""
        there = (self.mqtt, self._metrics, self._raw, self._log, self._terminal)
        return [sink for sink in there if sink is not None]

    @property
    def unlogged(self) -> int:
        """Verdicts that the log could not take."""
        return self._unlogged + (self._log.lost if self._log else 0)

    def connect(self, on_command: Callable[[Command], None]) -> None:
        """Connect to the broker, if there is one; BrokerError where it refuses us. Commands come from its thread."""
        if self.mqtt is not None:
            self.mqtt.connect(broker_of(self._config.broker), on_command)

    def serve(self, model: Model) -> list[Sink]:
        """The sinks for another model, in the thread to which they belong; a log that fails just now is logged."""
        self._model = model
        self._terminal = self._open_terminal()
        if self._log is not None:
            self._unlogged += self._log.lost
            self._log.close()
            try:
                self._log = self._open_log()
            except StorageError as error:
                log.warning("%s; it is not written until the device is started anew", error)
                self._log = None
        if self._raw is not None:
            self._raw.bundle_sha256 = model.sha256
        if self.mqtt is not None:
            self.mqtt.serve(model.manifest, model.sha256)
        return self.sinks

    def close(self) -> None:
        """Close all sinks; harmless where they are closed."""
        for sink in reversed(self.sinks):
            sink.close()

    def _open_lasting(self) -> None:
        config = self._config
        if config.raw.folder is not None:
            self._raw = AlarmWindowsSink(Path(config.raw.folder), config.raw, self._model.sha256)
        if config.broker.url is not None:
            broker_of(config.broker)  # what is wrong with it is said before the spool is opened
            self.mqtt = self._open_mqtt()
        if config.metrics.port is not None:
            from edgeguard.device.metrics_endpoint import MetricsSink  # noqa: PLC0415 - off by default, and slow to load

            self._metrics = MetricsSink(config.metrics.port, self._snapshot)

    def _open_log(self) -> JsonLinesSink | None:
        if self._config.log.file is None:
            return None
        return JsonLinesSink(self._model.manifest, Path(self._config.log.file), _bytes(self._config.log.max_mb))

    def _open_terminal(self) -> TerminalSink | None:
        if self._write is None:
            return None
        threshold = self._model.judge.rule.threshold
        return TerminalSink(self._model.manifest, self._write, tuple(self._counts), threshold)

    def _open_mqtt(self) -> MqttSink:
        config = self._config
        address = Address(config.device.fleet, device_id(config))
        spool = Spool(spool_folder(config), _bytes(config.spool.max_mb))
        reports = Reports(self._model.manifest, self._model.sha256, spool.boot)
        sink = MqttSink(reports, address, spool, interval_s=config.telemetry.interval_s)
        for name, counts in self._counts.items():
            sink.add_source(name, counts)
        return sink

    def _snapshot(self) -> Snapshot:
        from edgeguard.device.metrics_endpoint import Snapshot  # noqa: PLC0415 - as above

        manifest, mqtt = self._model.manifest, self.mqtt
        bundle = BundleFact(name=manifest.name, version=manifest.version, sha256=self._model.sha256)
        if mqtt is None:
            return Snapshot(bundle, self._counts)
        dropped = {str(kind): count for kind, count in mqtt.dropped.items()}
        return Snapshot(bundle, self._counts, mqtt.waiting, dropped, mqtt.connected)


def _bytes(megabytes: float) -> int:
    return round(1_000_000 * megabytes)
