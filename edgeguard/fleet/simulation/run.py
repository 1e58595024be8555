"""One simulation from beginning to end: history as fast as the broker takes it, then live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edgeguard import files
from edgeguard.fleet.clock import HOUR_MS, Now, unix_ms
from edgeguard.fleet.iso_times import iso_from_unix_ms
from edgeguard.fleet.simulation.csv_files import Labelled, labels_csv, wearers_csv
from edgeguard.fleet.simulation.outbox import Outbox
from edgeguard.fleet.simulation.plan import Wishes, make_plan
from edgeguard.fleet.simulation.world import World
from edgeguard.telemetry.broker import Broker
from edgeguard.telemetry.connection import Message

Tell = Callable[[str, str], None]  # a phase and what it is about

_HISTORY_INTERVAL_MS: Final = 900_000  # from one summary to the next; live they may come more often
_OPEN_END_MS: Final = 10 * 60_000  # what is spread over an open end is spread over so much
_PATIENCE_S: Final = (60.0, 3.0)  # for what waits at the end; after Ctrl-C
_SHOWN: Final = 20


@dataclass(frozen=True)
class Scenario:
    """What is to be simulated.

    Attributes:
        devices: How many.
        fleet: Their fleet id.
        interval_s: From one summary of a device to its next.
        speed: Times faster than real time; infinite: as fast as the broker takes it.
        hours: Of live messages; None: until `stop`.
        history_ms: Before that.
        attacked: Share of the devices that are attacked.
        unfair: Attribute and value of the group that the model is unfair to.
        seed: The same seed, the same fleet.
        wearers: Where the file goes that says who wears what, and their groups.
        labels: Where the file goes that says what a clinician found.
    """

    devices: int
    fleet: str = "simulated"
    interval_s: float = 60.0
    speed: float = 1.0
    hours: float | None = None
    history_ms: int = 0
    attacked: float = 0.0
    unfair: tuple[str, str] | None = None
    seed: int = 0
    wearers: Path | None = None
    labels: Path | None = None

    def live_ms(self, now_ms: int) -> tuple[int, int | None]:
        """When live begins and ends; sped up, it begins in the past so that it never runs ahead of the clock."""
        if self.hours is None:
            return now_ms, None
        length_ms = int(self.hours * HOUR_MS)
        end_ms = now_ms + int(length_ms / self.speed)
        return end_ms - length_ms, end_ms


class Simulation:
    """A world, a broker, and the way between them.

    Args:
        scenario: What is to be simulated.
        broker: Where to.
        tell: Is told of each phase.
        now_ms: The wall clock.
    """

    def __init__(self, scenario: Scenario, broker: Broker, tell: Tell, now_ms: Now = unix_ms) -> None:
        self._scenario = scenario
        self._tell = tell
        self._now_ms = now_ms
        self._outbox = Outbox(broker)
        self._began_ms = now_ms()
        self._live_ms, self._end_ms = scenario.live_ms(self._began_ms)
        open_end = _OPEN_END_MS if self._end_ms is None else self._end_ms - self._live_ms
        wishes = Wishes(
            devices=scenario.devices,
            fleet=scenario.fleet,
            began_ms=self._live_ms - scenario.history_ms,
            length_ms=scenario.history_ms + open_end,
            attacked=scenario.attacked,
            unfair=scenario.unfair,
            seed=scenario.seed,
        )
        self.plan = make_plan(wishes)
        self._interval_ms = int(scenario.interval_s * 1000)
        first_ms = max(self._interval_ms, _HISTORY_INTERVAL_MS) if scenario.history_ms else self._interval_ms
        self._world = World(self.plan, first_ms)
        self._labelled = Labelled(scenario.seed)

    def run(self) -> None:
        """All of it; KeyboardInterrupt ends it well. BrokerError where the broker refuses us."""
        self._announce()
        self._outbox.start()
        patience_s, in_haste_s = _PATIENCE_S
        try:
            self._history()
            self._live()
        except KeyboardInterrupt:
            patience_s = in_haste_s
            self._tell("stopped", "the devices say good-bye")
        finally:
            self._end(patience_s)

    def _announce(self) -> None:
        plan, scenario = self.plan, self._scenario
        self._tell("fleet", f"{scenario.devices} virtual devices of fleet {scenario.fleet}, seed {scenario.seed}")
        first, last = (iso_from_unix_ms(at)[:16] for at in plan.rollout)
        self._tell("rollout", f"model 1.0 to 1.1 from {first} to {last} UTC")
        if plan.attacked:
            shown = ", ".join(plan.attacked[:_SHOWN]) + (" …" if len(plan.attacked) > _SHOWN else "")
            self._tell("attack", f"from {iso_from_unix_ms(plan.attack_ms)[:16]} UTC on {shown}")
        if scenario.unfair is not None:
            count = sum(fate.unfair for fate in plan.fates)
            self._tell("unfair", f"to {'='.join(scenario.unfair)}: {count} wearers")
        if scenario.wearers is not None:
            files.write_text(scenario.wearers, wearers_csv(plan))
            self._tell("wearers", f"{scenario.wearers}: read by edgeguard fleet import-wearers")

    def _history(self) -> None:
        if self._scenario.history_ms:
            days = self._scenario.history_ms / (24 * HOUR_MS)
            self._tell("history", f"{days:g} days up to {iso_from_unix_ms(self._live_ms)[:16]} UTC")
            began = time.monotonic()
            count = self._publish(self._world.until(self._live_ms))
            seconds = time.monotonic() - began
            self._tell("history", f"{count} messages in {seconds:.1f} s, {count / seconds:.0f} a second")
            self._world.set_interval(self._interval_ms, self._live_ms)
            self._write_labels()

    def _live(self) -> None:
        until = "until Ctrl-C" if self._end_ms is None else f"up to {iso_from_unix_ms(self._end_ms)[:16]} UTC"
        self._tell("live", f"a summary of each device every {self._scenario.interval_s:g} s, {until}")
        while self._end_ms is None or self._world.next_ms <= self._end_ms:
            self._sleep_until_due()
            self._publish(self._world.until(self._world.next_ms))

    def _sleep_until_due(self) -> None:
        if self._scenario.speed != float("inf"):
            due_ms = self._began_ms + (self._world.next_ms - self._live_ms) / self._scenario.speed
            time.sleep(max(0.0, (due_ms - self._now_ms()) / 1000))

    def _publish(self, messages: Iterable[Message]) -> int:
        count = 0
        for count, message in enumerate(messages, start=1):  # noqa: B007 - the count of all is wanted
            self._outbox.put(message)
        return count

    def _end(self, patience_s: float) -> None:
        try:
            self._publish(self._world.farewells())
            self._outbox.wait_delivered(patience_s)
        finally:
            self._outbox.stop()
            self._write_labels()
        self._tell("delivered", f"{self._outbox.acknowledged} messages, {self._outbox.waiting} not")

    def _write_labels(self) -> None:
        self._labelled.add(self._world.take_judged())
        if self._scenario.labels is not None:
            files.write_text(self._scenario.labels, labels_csv(self._labelled.rows, self._scenario.fleet))
            self._tell("labels", f"{self._scenario.labels}: {len(self._labelled.rows)} windows that a clinician saw")
