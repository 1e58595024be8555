"""The demo's device half: the daemon as a process of its own, a broker between it and us, and what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard import files
from edgeguard.demo.preparation import Prepared
from edgeguard.demo.watch import Watch
from edgeguard.errors import EdgeGuardError
from edgeguard.metrics.intervals import share_interval
from edgeguard.telemetry.broker import broker_from
from edgeguard.telemetry.session import Session
from edgeguard.telemetry.topics import Address

WINDOWS_PER_SECOND: Final = 20.0
DEVICE: Final = Address("demo", "wearable-1")
_LATE_S: Final = 15.0
_LONGEST_S: Final = 120.0


class LineBroken(EdgeGuardError):
    """What should have arrived at the end of the line did not."""


@dataclass(frozen=True)
class Outcome:
    """What arrived over MQTT, counted against what was sent.

    Attributes:
        promised_rate: False alarms that the bundle promises.
        clean: Clean windows sent.
        false_alarms: Alarms among them.
        attacked: Attacked windows sent.
        alarms: Alarms among them.
        latency_ms: Mean from a window's last sample to its verdict.
    """

    promised_rate: float
    clean: int
    false_alarms: int
    attacked: int
    alarms: int
    latency_ms: float

    @property
    def false_alarm_interval(self) -> tuple[float, float]:
        """Exact 95 % interval of the false-alarm rate."""
        return share_interval(self.false_alarms, self.clean)


def run_line(prepared: Prepared, broker_url: str, folder: Path, tell: Callable[[str, bool], None]) -> Outcome:
    """Run the device on the stream, listening at the broker as a fleet would; LineBroken where something is missing."""
    shutil.rmtree(folder / "spool", ignore_errors=True)  # what an interrupted demo left is not this one's
    watch = Watch(prepared.manifest.disagreement.threshold, tell)
    session = Session(
        broker_from(broker_url),
        "edgeguard-demo",
        subscriptions=[DEVICE.topic("state"), DEVICE.topic("telemetry"), DEVICE.topic("alert")],
        on_message=lambda topic, payload, _retained: watch.take(topic, payload),
    )
    session.start()
    try:
        _run_device(_command(prepared, broker_url, folder))
        watch.stopped.wait(_LATE_S)
    finally:
        session.stop()
    return _outcome(prepared, watch)


def _run_device(command: list[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            command, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LineBroken(f"the device was not done after {_LONGEST_S:.0f} s: look at its load") from error
    if done.returncode != 0:
        raise LineBroken(f"the device ended with status {done.returncode}: {done.stderr.strip()[-500:]}")


def _command(prepared: Prepared, broker_url: str, folder: Path) -> list[str]:
    config = folder / "device.toml"
    files.write_text(
        config,
        f"[device]\nid = {json.dumps(DEVICE.device)}\nfleet = {json.dumps(DEVICE.fleet)}\n"
        f"[telemetry]\ninterval_s = 1.0\n[spool]\nfolder = {json.dumps(str((folder / 'spool').resolve()))}\n",
    )
    signal = prepared.manifest.signal
    speed = WINDOWS_PER_SECOND * (signal.hop / signal.rate_hz if signal.rate_hz else 1.0)
    return [
        *(sys.executable, "-m", "edgeguard", "run", str(prepared.bundle), "--key", str(prepared.public_key)),
        *("--source", f"replay:{prepared.stream}", "--speed", str(speed), "--broker", broker_url),
        *("--config", str(config), "--quiet"),
    ]


def _outcome(prepared: Prepared, watch: Watch) -> Outcome:
    late = [alert for alert in watch.alerts if alert.window_start >= prepared.attack_start]
    clean = prepared.attack_start // prepared.manifest.signal.hop
    if not watch.stopped.is_set() or (tally := watch.tally) is None:
        raise LineBroken("the device's last message did not arrive over MQTT")
    if tally.windows != prepared.windows:
        raise LineBroken(f"{prepared.windows} windows were sent, {tally.windows} arrived over MQTT")
    if tally.alarms != len(watch.alerts):
        raise LineBroken(f"{tally.alarms} alarms were counted, {len(watch.alerts)} arrived over MQTT")
    if not late:
        raise LineBroken("the attack raised no alarm")
    return Outcome(
        promised_rate=prepared.manifest.disagreement.false_alarm_rate,
        clean=clean,
        false_alarms=len(watch.alerts) - len(late),
        attacked=prepared.windows - clean,
        alarms=len(late),
        latency_ms=tally.latency_ms.mean,
    )
