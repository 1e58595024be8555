"""Summaries of a fleet as PUBLISH packets, prepared before the clock runs."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from edgeguard.telemetry.histogram import DisagreementHistogram, LatencyHistogram, ShareHistogram
from edgeguard.telemetry.messages import Summary, encode
from edgeguard.telemetry.tally import NOTHING, Tally
from edgeguard.telemetry.topics import Address

CLASSES: Final = ("N", "S", "V", "F", "Q")
_WINDOWS: Final = 75  # a minute of beats
_SEQ: Final = b'"seq":1,'
_VARIETY: Final = 64


def tally(rng: np.random.Generator, windows: int = _WINDOWS) -> Tally:
    """Of windows with random verdicts of a model of five classes and four exits."""
    mean = rng.dirichlet(np.full(len(CLASSES), 0.2), windows)
    predicted, top = mean.argmax(axis=1), np.sort(mean, axis=1)
    confidence = {CLASSES[k]: ShareHistogram.of(top[predicted == k, -1]) for k in np.unique(predicted)}
    return msgspec.structs.replace(
        NOTHING,
        windows=windows,
        stages=(0, 0, 0, windows),
        predictions={name: histogram.total for name, histogram in confidence.items()},
        confidence=confidence,
        probability=dict(zip(CLASSES, mean.sum(axis=0).tolist(), strict=True)),
        disagreement=DisagreementHistogram.of(rng.exponential(0.02, windows)),
        margin=ShareHistogram.of(top[:, -1] - top[:, -2]),
        latency_ms=LatencyHistogram.of(rng.exponential(2.0, windows)),
    )


def payloads(now_ms: int, seed: int) -> list[bytes]:
    """Summaries that differ in all but their ``seq``."""
    rng = np.random.default_rng(seed)
    return [
        encode(
            Summary(
                boot="0123456789abcdef",
                seq=1,
                source="ecg",
                from_ms=now_ms - 60_000,
                to_ms=now_ms,
                bundle_sha256="ab" * 32,
                dropped={},
                waiting=0,
                tally=tally(rng),
            )
        )
        for _ in range(_VARIETY)
    ]


def packets(devices: int, rounds: range, now_ms: int, seed: int) -> Iterator[bytes]:
    """PUBLISH packets with QoS 1, packet ids 1, 2, …: in each round one summary of every device."""
    some = payloads(now_ms, seed)
    topics = [Address("bench", f"device-{k:06}").topic("telemetry").encode() for k in range(devices)]
    number = 0
    for turn in rounds:
        for k, topic in enumerate(topics):
            payload = some[(k + turn) % _VARIETY].replace(_SEQ, b'"seq":%d,' % (turn + 1), 1)
            yield _publish(topic, payload, number % 65_535 + 1)
            number += 1


def _publish(topic: bytes, payload: bytes, number: int) -> bytes:
    body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", number) + payload
    return b"\x32" + _length(len(body)) + body


def _length(size: int) -> bytes:
    digits = bytearray()
    while size > 127:
        digits.append(size % 128 | 128)
        size //= 128
    digits.append(size)
    return bytes(digits)
