"""Whether all that was sampled arrives, whole and in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from firmware_bridge.frames import Heartbeat, Hello
from firmware_bridge.grading.findings import Finding, by_size
from firmware_bridge.grading.observations import Observations, Stream, stream_of, unfolded

_FEW: Final = 0.001  # of frames or samples
_HEARTBEAT_S: Final = 1.0
_HELLO_S: Final = 10.0


def of_stream(seen: Observations, figures: dict[str, float]) -> Iterator[Finding]:
    """Damage, gaps, overruns, restarts, heartbeats, hellos."""
    if not seen.came:
        return
    stream = stream_of(seen)
    yield _of_damage(seen, figures)
    if len(stream.index):
        yield _of_gaps(stream, figures)
    yield _of_restarts(seen)
    yield from _of_heartbeats(seen, figures)
    yield from _of_hellos(seen, stream)


def _of_damage(seen: Observations, figures: dict[str, float]) -> Finding:
    counts = seen.counts
    figures |= {"bytes": counts.bytes, "frames": counts.frames, "damaged_frames": counts.rejected}
    if not counts.rejected:
        return Finding("ok", "damaged frames", f"none of {counts.frames}")
    reasons = ((name, count) for name, count in vars(counts).items() if count and name not in ("bytes", "frames"))
    seen_ = (
        f"{counts.rejected} of {counts.frames + counts.rejected} ({', '.join(f'{n} {name}' for name, n in reasons)})"
    )
    share = counts.rejected / (counts.frames + counts.rejected)
    advice = "a shorter cable, a common ground, a lower baud rate, flow control; nothing else may print to this port"
    return by_size("damaged frames", share, 0, _FEW, seen_, advice)


def _of_gaps(stream: Stream, figures: dict[str, float]) -> Finding:
    missing, gaps = int(stream.missing.sum()), int((stream.missing > 0).sum())
    whole = int(stream.count.sum()) + missing
    figures |= {"samples": whole - missing, "gaps": gaps, "missing_samples": missing}
    unsent = int((stream.missing[stream.lost_frames == 0] > 0).sum())
    text = f"{gaps}, {missing} of {whole} samples are missing"
    if not gaps:
        return Finding("ok", "gaps", f"none in {whole} samples")
    if unsent:
        text += f"; {unsent} where no frame is, so the wearable left them out"
    advice = "make its buffer larger or its frames fuller, and see what damages frames"
    return by_size("gaps", missing / whole, 0, _FEW, text, advice)


def _of_restarts(seen: Observations) -> Finding:
    boots = [frame.boot for _, frame in seen.came]
    changes = int(np.count_nonzero(np.diff(boots)))
    if not changes:
        return Finding("ok", "restarts", "none")
    if changes >= len(set(boots)):
        text = f"{len(set(boots))} boots alternate: two wearables speak on one wire, part them"
        return Finding("wrong", "restarts", text)
    text = f"{changes} while it was examined: look at its supply and its watchdog"
    return Finding("wrong", "restarts", text)


def _of_heartbeats(seen: Observations, figures: dict[str, float]) -> Iterator[Finding]:
    boot = seen.came[-1][1].boot
    beats = [(at, one) for at, one in seen.of(Heartbeat) if one.boot == boot]
    span_s = seen.came[-1][0] - seen.came[0][0]
    if len(beats) < 2:
        if span_s > 3 * _HEARTBEAT_S:
            yield Finding("wrong", "heartbeats", f"{len(beats)} in {span_s:.0f} s: send one every second, always")
        return
    apart_s = np.diff([at for at, _ in beats])
    figures |= {"heartbeats": len(beats), "longest_without_heartbeat_s": float(apart_s.max())}
    seen_ = f"{len(beats)}, one every {np.median(apart_s):.3g} s, {apart_s.max():.3g} s at most"
    if np.median(apart_s) < 0.5 * _HEARTBEAT_S:
        yield Finding("note", "heartbeats", f"{seen_}: one a second is enough")
    else:
        advice = "send one every second, streaming or not, before samples where both wait"
        worst_s = max(float(np.median(apart_s)) * 2, float(apart_s.max()))
        yield by_size("heartbeats", worst_s, 2.5 * _HEARTBEAT_S, 4 * _HEARTBEAT_S, seen_, advice)
    yield _of_overruns(beats, figures)
    yield from _of_next(seen, beats)


def _of_overruns(beats: list[tuple[float, Heartbeat]], figures: dict[str, float]) -> Finding:
    lost = np.diff(unfolded([one.lost for _, one in beats], 32))
    figures["overrun_samples"] = float(lost.sum())
    if (lost < 0).any():
        return Finding("wrong", "overruns", "lost goes back: count up from the start, modulo 2^32")
    if lost.any():
        text = f"{lost.sum()} samples found no room in the wearable"
        return Finding("wrong", "overruns", f"{text}: a larger buffer, a faster link, or the delta codings")
    return Finding("ok", "overruns", "no sample found the buffer full")


def _of_next(seen: Observations, beats: list[tuple[float, Heartbeat]]) -> Iterator[Finding]:
    """Each heartbeat's `next` against the samples that came before it."""
    stream = stream_of(seen)
    if not len(stream.index):
        return
    at_s, following = np.array([at for at, _ in beats]), np.array([one.next_index for _, one in beats])
    sent = np.searchsorted(stream.host_s, at_s, side="left") - 1
    known = (sent >= 0) & (at_s <= stream.host_s[-1])
    behind = (following - (stream.index + stream.count)[sent]) % (1 << 32) >= 1 << 31
    if (known & behind).any():
        text = "next is below what was sent already: give the index that the next sample will have"
        yield Finding("wrong", "next of heartbeats", text)
    elif (known & ~np.array([one.streaming for _, one in beats])).any():
        yield Finding("wrong", "streaming of heartbeats", "0 while samples are sent: give 1 between start and stop")


def _of_hellos(seen: Observations, stream: Stream) -> Iterator[Finding]:
    if not len(stream.index) or np.ptp(stream.host_s) < 1.5 * _HELLO_S:
        return
    times = [at for at, _ in seen.of(Hello, until_s=stream.host_s[-1])]
    longest_s = max(np.diff([*times, stream.host_s[-1]]), default=np.inf)
    advice = "send one every 10 s while it streams, for whoever listens later"
    yield by_size("hello again", longest_s, 1.25 * _HELLO_S, np.inf, f"{longest_s:.3g} s without one at most", advice)
