"""One wearable over one link: identified, started, listened to."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from firmware_bridge.decoder import Decoder, Rejected
from firmware_bridge.frames import Ack, Action, Hello
from firmware_bridge.links import Link
from firmware_bridge.session import Happening, Session

ANSWER_S: Final = 0.5  # after which a command is sent again
TRIES: Final = 6


@dataclass(frozen=True)
class Bytes:
    """Raw bytes as they came, at `host_s` of the monotonic clock; given only to whoever asks for them."""

    host_s: float
    data: bytes


News: TypeAlias = Happening | Rejected


class Client:
    """Reads a wearable. Decoder and session outlast the link: after `close`, `open` goes on where it broke off.

    Args:
        link: To the wearable.
        device: The id that it must have, or None for any.
        monotonic: Seconds of a clock that never jumps.
        on_bytes: Is given everything that comes, before it is decoded: a recorder.

    Attributes:
        decoder: Counts what was dropped.
        session: Counts what is missing.
    """

    def __init__(
        self,
        link: Link,
        *,
        device: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        on_bytes: Callable[[Bytes], None] | None = None,
    ) -> None:
        self.link = link
        self.decoder = Decoder()
        self.session = Session()

    async def open(self) -> Hello:
        """Open the link and ask who is there; LinkDown, LinkRefused, or WearableError where nobody answers as he should."""
        raise NotImplementedError

    async def command(self, action: Action, argument: int = 0) -> Ack:
        """Have `action` done; the same command is sent again until it is answered. WearableError where it never is."""
        raise NotImplementedError

    def news(self) -> AsyncIterator[News]:
        """Everything that comes from now on, until the link breaks off (LinkDown)."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the link; harmless when called twice."""
        raise NotImplementedError
