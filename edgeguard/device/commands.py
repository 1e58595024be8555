"""Commands of the fleet: which are carried out, which are refused, and what is answered.

No command is refused for the time it bears: the wall clock of a device is wrong after a power cut, just when it is
asked how it does. Nor do old ones come: the broker keeps none for a device that is away, and retained ones are refused.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from edgeguard.errors import EdgeGuardError, MessageError, one_line
from edgeguard.registry import Name
from edgeguard.telemetry.messages import Command, decode

log = logging.getLogger(__name__)

_REMEMBERED: Final = 64  # answers
_PENDING: Final = 8  # commands that wait or are being carried out
_BURST: Final = 20  # commands at once; after that one a second
_REASON_LENGTH: Final = 200


class Actions(Protocol):
    """What a device does on command: each returns when it is done; EdgeGuardError, whose text is the reason, if not."""

    async def set_interval(self, interval_s: float) -> None:
        """Send summaries every `interval_s` seconds until the device is started again."""
        ...

    async def self_test(self) -> None:
        """Replay the golden windows of the bundle."""
        ...

    async def reload_bundle(self) -> None:
        """Open the bundle anew, test it, and judge with it from here on; keep the old one where that fails."""
        ...


async def carry_out(command: Command, actions: Actions) -> str:
    """Do what `command` asks; the reason why it could not be done, empty where it was."""
    try:
        if command.interval_s is not None:
            await actions.set_interval(command.interval_s)
        elif command.action == "self_test":
            await actions.self_test()
        elif command.action == "reload_bundle":
            await actions.reload_bundle()
    except EdgeGuardError as error:
        return str(error) or type(error).__name__
    return ""


@dataclass(frozen=True)
class Answer:
    """What the sender of a command is told: `reason` is empty where it was carried out."""

    id: str
    reason: str = ""


class Commands:
    """Decides on what arrives on one device's command topic. Any thread may call.

    A command that comes again is answered again and not carried out twice, as far back as the last 64 answers.

    Attributes:
        ignored: Messages that got no answer: not ours, without an id, or more than one a second for long.
    """

    def __init__(self, topic: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.ignored = 0
        self._topic = topic
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._pending: set[str] = set()
        self._answers: dict[str, Answer] = {}
        self._allowed: float = _BURST
        self._counted_at = monotonic()
        self._flooded = False

    def receive(self, topic: str, payload: bytes, retained: bool) -> Command | Answer | None:
        """A command to carry out and then `settle`, the answer to one that is not, or None where there is none."""
        with self._lock:
            if topic != self._topic or not self._within_rate():
                self.ignored += 1
                return None
            try:
                command = decode(payload, Command)
            except MessageError as error:
                return self._malformed(payload, error)
            return self._admit(command, retained)

    def settle(self, command: Command, reason: str) -> Answer:
        """The answer to a command that was carried out, or could not be for this `reason`."""
        with self._lock:
            self._pending.discard(command.id)
            answer = self._answers[command.id] = _refusal(command.id, reason)
            if len(self._answers) > _REMEMBERED:
                del self._answers[next(iter(self._answers))]
            return answer

    def _admit(self, command: Command, retained: bool) -> Command | Answer | None:
        if command.id in self._pending:  # its answer is on the way
            return None
        if command.id in self._answers:
            return self._answers[command.id]
        if retained:
            return _refusal(command.id, "it is retained, and would come at every connect: send it without retain")
        if len(self._pending) >= _PENDING:
            return _refusal(command.id, f"{_PENDING} commands are waiting already: send it again later")
        self._pending.add(command.id)
        return command

    def _malformed(self, payload: bytes, error: MessageError) -> Answer | None:
        log.warning("a command is refused: %s", error)
        if (sender_id := _id_in(payload)) is not None:
            return _refusal(sender_id, str(error))
        self.ignored += 1
        return None

    def _within_rate(self) -> bool:
        now = self._monotonic()
        self._allowed = min(_BURST, self._allowed + now - self._counted_at)
        self._counted_at = now
        within = self._allowed >= 1
        self._allowed -= within
        if not within and not self._flooded:
            log.warning("commands come faster than one a second; those over it are not answered")
        self._flooded = not within
        return within


def _refusal(command_id: str, reason: str) -> Answer:
    return Answer(command_id, one_line(reason)[:_REASON_LENGTH])


class _Named(msgspec.Struct):
    id: Name


def _id_in(payload: bytes) -> str | None:
    try:
        return msgspec.json.decode(payload, type=_Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
