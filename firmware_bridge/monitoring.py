"""What is to be said of a wearable right now, from everything that came. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.client import Client, News
from firmware_bridge.decoder import DecoderCounts
from firmware_bridge.errors import LinkDown
from firmware_bridge.frames import Hello
from firmware_bridge.session import Block, Described, Restarted, SessionCounts

SHOWN_S: Final = 6.0
_MEASURED_S: Final = 60.0
_MOST: Final = 1 << 16  # samples of a channel that are kept, whatever rate the wearable claims
_LEAST_S: Final = 5.0  # that show a rate


@dataclass(frozen=True)
class Standing:
    """One moment.

    Attributes:
        link: Its name.
        state: Of the link.
        why: Why it is down.
        seconds: Since it is as it is.
        breaks: How often it broke off.
        hello: Who is there; None before the wearable has answered.
        rate_hz: As measured over the last minute; None before it is known.
        drift_ppm: Of the wearable's clock against ours; None before it is known.
        counts: What was wrong with the samples.
        decoded: What was wrong with the frames.
        battery: 0 to 1; None before it is known.
        leads_off: Channels whose leads are off.
        signal: (channels, n) in each channel's unit, the last `SHOWN_S` seconds; NaN where nothing came.
    """

    link: str
    state: Literal["connecting", "connected", "down"]
    why: str
    seconds: float
    breaks: int
    hello: Hello | None
    rate_hz: float | None
    drift_ppm: float | None
    counts: SessionCounts
    decoded: DecoderCounts
    battery: float | None
    leads_off: frozenset[int]
    signal: NDArray[np.float32]


class Monitor:
    """Is told what comes over a client's link, and says how things stand; times are of one monotonic clock."""

    def __init__(self, client: Client, now_s: float) -> None:
        self._client = client
        self._state: Literal["connecting", "connected", "down"] = "connecting"
        self._why = ""
        self._since_s = now_s
        self._breaks = 0
        self._hello: Hello | None = None
        self._came: deque[tuple[float, int]] = deque()  # when its first sample was taken, and its index
        self._blocks: deque[Block] = deque()

    def up(self, now_s: float) -> None:
        """The link was opened."""
        self._state, self._why, self._since_s = "connected", "", now_s

    def down(self, error: LinkDown, now_s: float) -> None:
        """The link broke off, or could not be opened again."""
        if self._state != "down":
            self._breaks += self._state == "connected"
            self._since_s = now_s
        self._state, self._why = "down", str(error)
        self._came.clear()

    def take(self, news: News) -> None:
        """Take note of what came."""
        match news:
            case Block():
                self._take_block(news)
            case Described(hello=hello):
                if self._hello is None or hello.channels != self._hello.channels:
                    self._blocks.clear()
                self._hello = hello
                self._came.clear()
            case Restarted():
                self._came.clear()
            case _:
                pass

    def standing(self, now_s: float) -> Standing:
        """How things stand at `now_s`."""
        session = self._client.session
        return Standing(
            link=self._client.link.name,
            state=self._state,
            why=self._why,
            seconds=now_s - self._since_s,
            breaks=self._breaks,
            hello=self._hello,
            rate_hz=self._rate_hz(),
            drift_ppm=session.drift_ppm,
            counts=session.counts,
            decoded=self._client.decoder.counts,
            battery=session.battery,
            leads_off=session.leads_off,
            signal=self._signal(),
        )

    def _take_block(self, block: Block) -> None:
        self._hello = block.hello
        self._came.append((block.host_s, block.start))
        while block.host_s - self._came[0][0] > _MEASURED_S:
            self._came.popleft()
        self._blocks.append(block)
        while len(self._blocks) > 1 and self._behind(self._blocks[1]) > self._shown():
            self._blocks.popleft()

    def _behind(self, block: Block) -> int:
        """Samples from the begin of `block` to the last one that came."""
        last = self._blocks[-1]
        return int(last.start + last.values.shape[1] - block.start)

    def _shown(self) -> int:
        """Samples that are shown."""
        return 0 if self._hello is None else min(round(SHOWN_S * self._hello.rate_hz), _MOST)

    def _rate_hz(self) -> float | None:
        """The slope of the index over the time at which it was taken, by least squares."""
        if not self._came or self._came[-1][0] - self._came[0][0] < _LEAST_S:
            return None
        at_s, index = np.array(self._came, dtype=np.float64).T
        at_s, index = at_s - at_s.mean(), index - index.mean()
        return float(at_s @ index / (at_s @ at_s))

    def _signal(self) -> NDArray[np.float32]:
        shown = self._shown()
        signal = np.full((0 if self._hello is None else len(self._hello.channels), shown), np.nan, dtype=np.float32)
        for block in self._blocks:
            at = shown - self._behind(block)
            part = block.values[:, max(-at, 0) :]
            signal[:, max(at, 0) : max(at, 0) + part.shape[1]] = part
        return signal
