"""The daemon: all sources, one worker, until the sources end or someone says stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Final, TypeVar

from edgeguard.device.commands import carry_out
from edgeguard.device.in_loop import InLoop
from edgeguard.device.model import Model, check_same_input, open_model
from edgeguard.device.outputs import Outputs
from edgeguard.device.parts import Parts
from edgeguard.device.samples import StreamCounts
from edgeguard.device.serving import Seen, Serving
from edgeguard.device.supervision import Supervisor
from edgeguard.device.systemd import Notifier
from edgeguard.device.wishes import Wishes
from edgeguard.device.worker import Worker
from edgeguard.errors import BundleError, EdgeGuardError
from edgeguard.telemetry.messages import Command

log = logging.getLogger(__name__)

T = TypeVar("T")

_LOOK_S: Final = 1.0


class Daemon:
    """Serves one model to some sources. To be made in the event loop.

    Args:
        parts: Closed at the end.
        counts: Of each source, live.
        outputs: Closed at the end.
        notifier: Told how it goes.
        seen: Is counted up.
        limit: Windows in `seen` after which it ends, or None.
    """

    def __init__(
        self,
        parts: Parts,
        counts: Mapping[str, StreamCounts],
        outputs: Outputs,
        *,
        notifier: Notifier,
        seen: Seen,
        limit: int | None = None,
    ) -> None:
        self._config, self._model = parts.config, parts.model
        self._outputs = outputs
        self._notifier = notifier
        self._seen = seen
        self._loop = asyncio.get_running_loop()
        self._one_at_a_time = asyncio.Lock()
        self._jobs: set[asyncio.Task[None]] = set()
        self._full = asyncio.Event()
        self._begun = asyncio.Event()
        self._sources, self._counts = parts.sources, counts
        self._serving = Serving(parts.model.judge, outputs.sinks, counts, parts.config.alarms, seen=seen, limit=limit)
        self._desk: InLoop | Worker  # from `run` on
        self._supervisors: dict[str, Supervisor] = {}

    async def run(self, wishes: Wishes, check: Callable[[], T]) -> T | None:
        """Until all sources have ended, the limit is reached or a wish is heard; what is under way is finished.

        Returns:
            What `check` gave when it was wished to begin anew, else None. Where it raises an EdgeGuardError, this is
            logged, and the daemon goes on.

        Raises:
            EdgeGuardError: the broker refuses us, or a recording cannot be played.
        """
        self._begin()
        tasks = [
            asyncio.create_task(self._listen_to_all()),
            asyncio.create_task(wishes.stop.wait()),
            asyncio.create_task(self._full.wait()),
            asyncio.create_task(self._desk.ended()),
            asyncio.create_task(self._look_after()),
        ]
        anew = asyncio.create_task(self._checked(wishes, check))
        try:
            done, _ = await asyncio.wait([*tasks, anew], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel([*tasks, anew, *self._jobs])
        if anew not in done:
            self._notifier.stopping()
        await self._desk.close()
        self._model.close()
        for task in done:
            task.result()
        return anew.result() if anew in done else None

    async def connect(self) -> None:
        """Connect the outputs, before `run`; BrokerError where the broker refuses us, and all outputs are closed."""

        def on_command(command: Command) -> None:
            self._loop.call_soon_threadsafe(lambda: self._start(self._carry_out(command)))

        try:
            await asyncio.to_thread(self._outputs.connect, on_command)
        except EdgeGuardError:
            self._serving.close()
            raise

    async def set_interval(self, interval_s: float) -> None:
        """Send summaries every `interval_s` seconds until the device is started again."""
        if self._outputs.mqtt is not None:
            self._outputs.mqtt.set_interval(interval_s)

    async def self_test(self) -> None:
        """Replay the golden windows, in their turn among the others; EngineError where they come out otherwise."""
        await self._desk.call(self._serving.probe)

    async def reload_bundle(self) -> None:
        """Open the bundle anew, test it, and judge with it from here on; EdgeGuardError, and the old one goes on."""
        async with self._one_at_a_time:
            model = await asyncio.to_thread(open_model, self._config)
            try:
                check_same_input(self._model.signal, model.signal)
            except BundleError:
                model.close()
                raise
            # Nothing is awaited between these: what the streams have cut so far is judged before the change.
            for supervisor in self._supervisors.values():
                supervisor.take_up(model.signal)
            await self._desk.call(lambda: self._change_to(model))
            log.info("%s %s judges from here on", model.manifest.name, model.manifest.version)

    def _change_to(self, model: Model) -> None:
        self._serving.judge_with(model.judge, self._outputs.serve(model))
        self._model.close()
        self._model = model

    async def _probe(self) -> None:
        try:
            await self.self_test()
        except EdgeGuardError as error:
            log.warning("%s", error)

    def _begin(self) -> None:
        desk = InLoop if len(self._sources) == 1 else Worker
        self._desk = desk(self._serving, self._config.engine, self._full.set)
        self._supervisors = {
            name: Supervisor(name, source, self._model.signal, self._desk, self._counts[name])
            for name, source in self._sources.items()
        }
        self._begun.set()
        self._notifier.ready()

    def _start(self, job: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _carry_out(self, command: Command) -> None:
        await self._begun.wait()
        try:
            reason = await carry_out(command, self)
        except Exception as error:
            log.exception("the command %s failed", command.action)
            reason = f"{type(error).__name__}: {error}"
        if self._outputs.mqtt is not None:
            self._outputs.mqtt.answer(command, reason)

    async def _listen_to_all(self) -> None:
        listening = [self._listen_to(name, supervisor) for name, supervisor in self._supervisors.items()]
        ends = await asyncio.gather(*listening, return_exceptions=True)
        for error in ends:
            if error is not None:
                raise error

    async def _listen_to(self, name: str, supervisor: Supervisor) -> None:
        try:
            await supervisor.run()
        except Exception as error:
            if len(self._supervisors) > 1:
                log.warning("%s is not listened to any more: %s", name, error)
            raise

    async def _look_after(self) -> None:
        """Every second: are the sources heard, and do windows advance?"""
        advanced, due_s = -1, 0.0
        watchdog_s = self._notifier.watchdog_s
        while True:
            await asyncio.sleep(min(_LOOK_S, (watchdog_s or _LOOK_S) / 2))
            now_s = time.monotonic()
            for supervisor in self._supervisors.values():
                supervisor.look(now_s)
            if watchdog_s is None:
                continue
            if self._desk.advanced != advanced:
                advanced, due_s = self._desk.advanced, now_s + watchdog_s / 2
                self._notifier.alive()
                self._notifier.status(f"{self._seen.windows} windows, {self._seen.alarms} alarms")
            elif now_s >= due_s:  # no window came of itself
                due_s = now_s + watchdog_s / 2
                self._start(self._probe())

    async def _checked(self, wishes: Wishes, check: Callable[[], T]) -> T:
        while True:
            await wishes.reload.wait()
            wishes.reload.clear()
            self._notifier.reloading()
            try:
                return await asyncio.to_thread(check)
            except EdgeGuardError as error:
                log.warning("%s; the device goes on as it was", error)
            self._notifier.ready()


async def _cancel(tasks: list[asyncio.Task[T]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
