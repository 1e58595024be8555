"""Whether the wearable says who it is, and does what it is told: once, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from firmware_bridge.frames import Battery, Heartbeat, Hello, Leads, Result, Samples
from firmware_bridge.grading.findings import Finding, by_size
from firmware_bridge.grading.observations import Observations, Trial, stream_of

_SOON_S: Final = 0.1
_SETTLED_S: Final = 1.0  # after which a command has had its effects
_REFUSALS: Final = {
    Trial.UNKNOWN: (Result.UNKNOWN_ACTION, "answer actions above 3 with unknown action"),
    Trial.IMPOSSIBLE: (Result.WRONG_VALUE, "answer rates that it cannot sample at with wrong value"),
    Trial.BUSY: (Result.NOT_NOW, "the rate may not change while it streams, answer not now"),
}


def of_answers(seen: Observations, figures: dict[str, float]) -> Iterator[Finding]:
    """Link, hello, answers, refusals, start and stop."""
    if seen.broke_off:
        yield Finding("wrong", "link", f"{seen.broke_off}; the examination ended there")
    if not seen.came:
        yield _of_rubbish(seen)
        return
    yield _of_hello(seen)
    yield _of_events(seen)
    yield _of_answers(seen, figures)
    for trial in (Trial.IDENTIFY, Trial.START, Trial.REPEATED, Trial.STOP):
        yield from _of_denial(seen, trial)
    for trial in _REFUSALS:
        yield from _of_refusal(seen, trial)
    if Trial.DAMAGED in seen.asked:
        yield _of_damaged(seen)
    if seen.done_s(Trial.START) is not None:
        yield _of_start(seen)
    if seen.done_s(Trial.REPEATED) is not None:
        yield _of_repeated(seen)
    if Trial.STOP in seen.asked:
        yield from _of_stop(seen)


def _of_rubbish(seen: Observations) -> Finding:
    if not seen.counts.bytes:
        text = "nothing came: is the firmware running, does it call the bridge in its loop, are RX and TX crossed?"
        return Finding("wrong", "frames", text)
    if seen.echoed:
        text = f"{seen.echoed} commands came back and nothing else: switch off the echo, and uncross RX and TX"
        return Finding("wrong", "frames", text)
    reasons = {name: count for name, count in vars(seen.counts).items() if count and name not in ("bytes", "frames")}
    what = ", ".join(f"{count} {name}" for name, count in reasons.items()) or "no edge"
    text = f"{seen.counts.bytes} bytes came and no frame was whole ({what})"
    if "version" in reasons:
        return Finding(
            "wrong", "frames", f"{text}: its firmware speaks another version of the protocol, update one end"
        )
    return Finding("wrong", "frames", f"{text}: check the baud rate, and that nothing else prints to this port")


def _of_hello(seen: Observations) -> Finding:
    if (hello := seen.hello) is None:
        return Finding("wrong", "hello", "none came: send one at the start and after identify, before its ack")
    many, units = len(hello.channels), ", ".join(sorted({channel.unit for channel in hello.channels}))
    text = (
        f"{hello.device}, firmware {hello.firmware}: {many} channel{'s' * (many > 1)} in {units}, "
        f"{8 * hello.width} bit, {hello.rate_hz:g} Hz"
    )
    said = {(one.device, one.width, one.channels) for _, one in seen.of(Hello)}
    if len(said) > 1:
        return Finding("wrong", "hello", f"{text}; but it did not say the same each time: only the rate may change")
    return Finding("ok", "hello", text)


def _of_events(seen: Observations) -> Finding:
    missing = [name for name, kind in (("leads", Leads), ("battery", Battery)) if not seen.of(kind)]
    if missing:
        text = f"no {' and no '.join(missing)} came: send both with every hello, or nobody learns of them"
        return Finding("note", "events", text)
    percent = seen.of(Battery)[-1][1].percent
    return Finding("ok", "events", f"leads and battery come with hello; the battery is at {percent} %")


def _of_answers(seen: Observations, figures: dict[str, float]) -> Finding:
    due = {trial: asked for trial, asked in seen.asked.items() if trial is not Trial.DAMAGED}
    mute = [trial.value for trial, asked in due.items() if asked.answered_s is None]
    if mute:
        text = f"none to {'; '.join(mute)}: answer every command with an ack that bears its id"
        return Finding("wrong", "answers", text)
    took_s = max((asked.answered_s or 0) - asked.sent_s[-1] for asked in due.values())
    again = sum(len(asked.sent_s) - 1 for asked in due.values())
    figures |= {"slowest_answer_ms": 1000 * took_s, "commands_sent_again": again}
    text = f"{len(due)} of {len(due)} commands, the slowest in {1000 * took_s:.3g} ms"
    if again:
        text += f", {again} times only when asked again"
        return Finding(
            "note", "answers", f"{text}: bytes to the wearable are lost, read them in an interrupt or with DMA"
        )
    return by_size("answers", took_s, _SOON_S, 10, text, "hand what comes to the bridge more often")


def _of_denial(seen: Observations, trial: Trial) -> Iterator[Finding]:
    asked = seen.asked.get(trial)
    if asked is not None and asked.result:  # neither DONE nor unanswered
        yield Finding("wrong", trial.value, f"answered with {_name(asked.result)}: it must be possible then")


def _of_refusal(seen: Observations, trial: Trial) -> Iterator[Finding]:
    asked = seen.asked.get(trial)
    if asked is None or asked.result is None:
        return
    wanted, advice = _REFUSALS[trial]
    text = f"answered with {_name(asked.result)}"
    if asked.result == wanted:
        yield Finding("ok", trial.value, text)
    elif asked.result == Result.DONE:
        yield Finding("wrong", trial.value, f"{text}: {advice}")
    else:
        yield Finding("note", trial.value, f"{text}, not {_name(wanted)}: {advice}")


def _of_damaged(seen: Observations) -> Finding:
    asked = seen.asked[Trial.DAMAGED]
    if asked.answered_s is not None or seen.of(Samples, asked.sent_s[0] + 0.05, asked.sent_s[0] + 0.3):
        return Finding("wrong", "damaged command", "it was obeyed: check the CRC of what comes before anything else")
    return Finding("ok", "damaged command", "passed over in silence")


def _of_start(seen: Observations) -> Finding:
    asked, stream = seen.asked[Trial.START], stream_of(seen)
    if not len(stream.index):
        return Finding("wrong", "start", "done, but no samples came: is the converter running, is its interrupt on?")
    first_s = float(stream.host_s.min())
    if not seen.of(Hello, asked.sent_s[0], first_s + 1e-9):
        return Finding("wrong", "start", "samples came before a hello: send hello when it starts, and then samples")
    before = seen.of(Heartbeat, until_s=asked.sent_s[0])
    if before and stream.index[0] == before[-1][1].next_index:
        text = "its first sample has the index that was next before: leave one out, so that nobody joins the two"
        return Finding("wrong", "start", text)
    return Finding("ok", "start", f"hello, and samples {1000 * (first_s - asked.sent_s[0]):.3g} ms later")


def _of_repeated(seen: Observations) -> Finding:
    """Every start leaves an index out: a hole where no frame is missing shows that it was done twice."""
    asked, stream = seen.asked[Trial.REPEATED], stream_of(seen)
    near = (stream.host_s >= asked.sent_s[0]) & (stream.host_s < asked.sent_s[-1] + _SETTLED_S)
    if (near & (stream.missing == 1) & (stream.lost_frames == 0)).any():
        text = "done twice: where id, action and argument are the last command's, answer as before and do nothing"
        return Finding("wrong", Trial.REPEATED.value, text)
    return Finding("ok", Trial.REPEATED.value, "answered again, done once")


def _of_stop(seen: Observations) -> Iterator[Finding]:
    done_s = seen.done_s(Trial.STOP)
    if done_s is None:
        return
    late = seen.of(Samples, done_s + _SETTLED_S / 2)
    if late:
        text = f"samples still came {late[-1][0] - done_s:.1f} s after it was done: drop what waits, stop the converter"
        yield Finding("wrong", Trial.STOP.value, text)
    else:
        yield Finding("ok", Trial.STOP.value, "done, and no samples came any more")


def _name(result: Result) -> str:
    return result.name.lower().replace("_", " ")
