"""Verdicts for the fleet: a summary every interval and an alert per alarm, by way of the spool."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from edgeguard.device.delivery import Delivery
from edgeguard.device.reports import Reports
from edgeguard.device.samples import Verdict
from edgeguard.device.spool import Precious, Spool
from edgeguard.errors import StorageError
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.messages import encode
from edgeguard.telemetry.session import Presence, Session
from edgeguard.telemetry.summary import SummaryBuilder
from edgeguard.telemetry.topics import Address

log = logging.getLogger(__name__)

_DRAIN_S: Final = 10.0


class StreamCounts(Protocol):
    """What was wrong with the stream of samples so far."""

    gaps: int
    missing_samples: int
    repeated_samples: int


class MqttSink:
    """Keeps messages in the spool, and once connected sends them, with a retained state beside them.

    Args:
        reports: Writes the messages.
        address: Whose messages these are.
        spool: Holds them until the broker has them; closed with the sink.
        stream: Live counts of the stream that the verdicts come from.
        interval_s: Seconds from one summary to the next.
        monotonic: A clock that never jumps, in seconds.
    """

    def __init__(
        self,
        reports: Reports,
        address: Address,
        spool: Spool,
        stream: StreamCounts,
        interval_s: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reports = reports
        self._address = address
        self._spool = spool
        self._delivery = Delivery(spool)
        self._stream = stream
        self._reported = (0, 0, 0)  # of the stream's counts
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._disk_fails = False
        self._builder = SummaryBuilder(reports.manifest.classes)
        self._begin_interval()

    def connect(self, broker: Broker, retry_s: tuple[float, float] = (1.0, 60.0)) -> None:
        """Connect and stay connected; BrokerError where the broker refuses us, nothing where it is not there yet."""
        presence = Presence(self._address.topic("state"), lambda status: encode(self._reports.state(status)))
        self._delivery.connect(
            lambda changed: Session(
                broker, self._address.client_id, presence=presence, on_connection=changed, retry_s=retry_s
            )
        )

    @property
    def delivered(self) -> int:
        """Messages that the broker has acknowledged."""
        return self._delivery.delivered

    @property
    def waiting(self) -> int:
        """Messages still in the spool."""
        return len(self._spool)

    def put(self, verdict: Verdict, latency_ms: float) -> None:
        """Count one verdict; send an alert if it is an alarm, and a summary if one is due."""
        if verdict.predicted is None:
            self._builder.reject(verdict.rejected or "unknown")
        else:
            self._builder.add(
                predicted=verdict.predicted,
                confidence=verdict.confidence,
                exit_probabilities=verdict.exit_probabilities,
                disagreement=verdict.disagreement,
                alarm=verdict.alarm,
                latency_ms=latency_ms,
            )
        if verdict.alarm:
            self._send("alert", lambda seq: encode(self._reports.alert(seq, verdict)))
        if self._monotonic() - self._began >= self._interval_s:
            self._summarize()

    def close(self) -> None:
        """Send the last summary, wait a little for what is in flight, say good-bye; harmless when called twice."""
        if not self._spool.closed:
            self._summarize()
            self._delivery.close(_DRAIN_S)
            self._spool.close()

    def _begin_interval(self) -> None:
        self._from_ms, self._began = self._reports.now_ms(), self._monotonic()

    def _summarize(self) -> None:
        interval_ms = (self._from_ms, self._from_ms + round(1000 * (self._monotonic() - self._began)))
        stream = (self._stream.gaps, self._stream.missing_samples, self._stream.repeated_samples)
        gaps, missing, repeated = (now - before for now, before in zip(stream, self._reported, strict=True))
        tally = self._builder.take(gaps=gaps, missing_samples=missing, repeated_samples=repeated)
        self._reported = stream
        self._begin_interval()
        self._send("telemetry", lambda seq: encode(self._reports.summary(seq, interval_ms, self._spool.lost, tally)))

    def _send(self, kind: Precious, payload_for: Callable[[int], bytes]) -> None:
        try:
            self._delivery.send(self._address.topic(kind), kind, payload_for)
        except StorageError as error:
            if not self._disk_fails:
                log.warning("%s; messages are lost until then", error)
            self._disk_fails = True
        else:
            self._disk_fails = False
