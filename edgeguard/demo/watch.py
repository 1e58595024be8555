"""What arrives over MQTT from one device: kept for the summary, and told line by line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Final

from edgeguard.errors import MessageError
from edgeguard.telemetry.messages import MESSAGES, Alert, State, Summary, decode
from edgeguard.telemetry.tally import Tally
from edgeguard.telemetry.topics import parse

_BAR: Final = 24


class Watch:
    """Takes the messages of one device in the session's thread.

    Attributes:
        summaries: All summaries, in order of arrival.
        alerts: All alerts, in order of arrival.
        stopped: Set when the device says that it stopped.
    """

    def __init__(self, threshold: float, tell: Callable[[str, bool], None]) -> None:
        self.summaries: list[Summary] = []
        self.alerts: list[Alert] = []
        self.stopped = threading.Event()
        self._threshold = threshold
        self._tell = tell
        self._seen: set[tuple[str, int]] = set()

    @property
    def tally(self) -> Tally | None:
        """All summaries added up; None where none has arrived."""
        return reduce(add, (summary.tally for summary in self.summaries)) if self.summaries else None

    def take(self, topic: str, payload: bytes) -> None:
        """Keep and tell one message; a repeated (boot, seq) counts once, what is no message is told and dropped."""
        try:
            message = decode(payload, MESSAGES[parse(topic)[1]])
        except MessageError as error:
            self._tell(f"refused  {error}", True)
            return
        if isinstance(message, Summary | Alert):
            if (message.boot, message.seq) in self._seen:
                return
            self._seen.add((message.boot, message.seq))
        if isinstance(message, Summary):
            self._summary(message)
        elif isinstance(message, Alert):
            self._alert(message)
        elif isinstance(message, State):
            self._tell(f"state    {message.status}: {message.bundle.name} {message.bundle.version}", False)
            if message.status == "stopped":
                self.stopped.set()

    def _summary(self, message: Summary) -> None:
        tally = message.tally
        self.summaries.append(message)
        if tally.predictions:
            classes = ", ".join(f"{count} {name}" for name, count in sorted(tally.predictions.items()))
            mean = tally.disagreement.mean
            self._tell(f"summary  {self._bar(mean)} mean {mean:.3f}  {tally.windows} windows: {classes}", False)

    def _alert(self, message: Alert) -> None:
        self.alerts.append(message)
        what = "ALARM" if message.raised else "over"
        kind = "" if message.kind == "window" else f" {message.kind}"
        self._tell(
            f"{what:<8} {self._bar(message.value)} {message.value:.3f} {'>' if message.raised else '≤'} "
            f"{message.threshold:.3f}  sample {message.window_start}: {message.predicted} at "
            f"{message.confidence:.0%}{kind}",
            message.raised,
        )

    def _bar(self, value: float) -> str:
        """Half full at the threshold."""
        full = min(round(_BAR / 2 * value / self._threshold), _BAR) if self._threshold else 0
        return "█" * full + "░" * (_BAR - full)
