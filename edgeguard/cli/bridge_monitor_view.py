"""How `edgeguard bridge monitor` shows a wearable: a moment to lines of text with styles. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from edgeguard.cli.sparkline import sparkline
from edgeguard.errors import one_line
from firmware_bridge.frames import Hello
from firmware_bridge.monitoring import SHOWN_S, Standing

Style = Literal["", "bold", "dim", "good", "note", "bad"]
Line = list[tuple[str, Style]]

_LABEL: Final = 18  # columns before a channel's signal
_TALLEST: Final = 6  # lines of one channel
_RATE_NOTE: Final = 0.001  # of the promised rate
_RATE_BAD: Final = 0.05  # where the device rejects windows
_DRIFT_NOTE_PPM: Final = 200.0


def view(now: Standing, width: int, height: int, *, braille: bool) -> list[Line]:
    """At most `height` lines of at most `width` letters; signals in Braille, or else in ASCII."""
    head = [_who(now), _link(now), _clocks(now), _body(now), _samples(now), _frames(now), _why(now)]
    lines = [*head, *_channels(now, width, height - len(head), braille=braille)]
    return [_cropped(line, width) for line in lines[:height]]


def plain(now: Standing) -> str:
    """The same on one line, for a file or a pipe."""
    if now.hello is None or now.state != "connected":
        return _text([*_link(now), ("  ", ""), *_why(now)]).rstrip()
    promised_hz = now.hello.rate_hz
    rate = f"{promised_hz:g} Hz promised" if now.rate_hz is None else f"{now.rate_hz:.2f} of {promised_hz:g} Hz"
    battery = "" if now.battery is None else f", battery {now.battery:.0%}"
    off = ", ".join(_off(now, now.hello))
    counts, decoded = now.counts, now.decoded
    return (
        f"{now.hello.device}: {rate}, {counts.samples} samples, {counts.gaps} gaps, "
        f"{counts.missing} missing, {decoded.crc} CRC errors, {decoded.rejected - decoded.crc} other pieces dropped, "
        f"{counts.restarts} restarts{battery}{f', leads off: {off}' if off else ''}"
    )


def _who(now: Standing) -> Line:
    if (hello := now.hello) is None:
        return [("no wearable yet", "dim")]
    many = len(hello.channels)
    facts = f"firmware {hello.firmware}, {many} channel{'s' * (many > 1)}, {8 * hello.width} bit, {hello.rate_hz:g} Hz"
    return [(hello.device, "bold"), (f"  {facts}", "")]


def _link(now: Standing) -> Line:
    minutes, seconds = divmod(int(now.seconds), 60)
    styles: dict[str, Style] = {"connected": "good", "connecting": "note", "down": "bad"}
    line: Line = [(now.link, ""), (f"  {now.state}", styles[now.state]), (f" for {minutes}:{seconds:02}", "")]
    if now.breaks:
        line.append((f", breaks so far {now.breaks}", "note"))
    return line


def _why(now: Standing) -> Line:
    return [(one_line(now.why), "bad")]


def _clocks(now: Standing) -> Line:
    line: Line = [("rate     ", "dim")]
    if now.hello is None or now.rate_hz is None:
        line.append(("not measured yet", ""))
    else:
        off = abs(now.rate_hz / now.hello.rate_hz - 1)
        style: Style = "bad" if off > _RATE_BAD else "note" if off > _RATE_NOTE else "good"
        line += [(f"{now.rate_hz:.2f} Hz", style), (f" measured, {now.hello.rate_hz:g} promised", "")]
    line.append(("   clock ", "dim"))
    if now.drift_ppm is None:
        return [*line, ("drift not known yet", "")]
    return [*line, (f"{now.drift_ppm:+.0f} ppm", "note" if abs(now.drift_ppm) > _DRIFT_NOTE_PPM else "good")]


def _body(now: Standing) -> Line:
    line: Line = [("battery  ", "dim")]
    if now.battery is None:
        line.append(("not told", ""))
    else:
        low: Style = "bad" if now.battery < 0.1 else "note" if now.battery < 0.25 else "good"
        line.append((f"{now.battery:.0%}", low))
    line.append(("   leads ", "dim"))
    off = [] if now.hello is None else _off(now, now.hello)
    return [*line, (f"{', '.join(off)} off", "bad") if off else ("on", "good" if now.hello else "")]


def _samples(now: Standing) -> Line:
    counts = now.counts
    return [
        ("samples  ", "dim"),
        (str(counts.samples), ""),
        *_counted("gaps", counts.gaps, "note"),
        *_counted("missing", counts.missing, "note"),
        *_counted("lost on wearable", counts.lost_on_wearable, "bad"),
        *_counted("restarts", counts.restarts, "bad"),
    ]


def _frames(now: Standing) -> Line:
    decoded, counts = now.decoded, now.counts
    reasons = [(one.name, getattr(decoded, one.name)) for one in fields(decoded)[2:]]
    why = ", ".join(f"{name} {count}" for name, count in reasons if count)
    return [
        ("frames   ", "dim"),
        (str(decoded.frames), ""),
        *_counted("damaged", decoded.rejected, "note"),
        (f" ({why})" if why else "", "note"),
        *_counted("twice", counts.duplicates, "note"),
        *_counted("late", counts.late, "note"),
    ]


def _counted(name: str, count: int, style: Style) -> Line:
    return [(f"   {name} ", "dim"), (str(count), style if count else "good")]


def _channels(now: Standing, width: int, height: int, *, braille: bool) -> Iterator[Line]:
    if now.hello is None or height < 2:
        return
    many = len(now.hello.channels)
    tall = max(1, min(_TALLEST, (height - 1) // many))
    shown = min(many, (height - 1) // tall)
    for number in range(shown):
        drawn = sparkline(now.signal[number], max(width - _LABEL, 1), tall, braille=braille)
        for label, row in zip(_labels(now, now.hello, number, tall), drawn, strict=True):
            yield [label, (row, "")]
    more = f"; {many - shown} more channels would need a taller terminal" if shown < many else ""
    yield [(f"the last {SHOWN_S:g} s{more}; Ctrl-C ends", "dim")]


def _labels(now: Standing, hello: Hello, number: int, tall: int) -> list[tuple[str, Style]]:
    """What stands before each line of a channel: its name, and below it its range."""
    channel, off = hello.channels[number], number in now.leads_off
    texts: list[tuple[str, Style]] = [(f"{channel.name}{' lead off' if off else ''}", "bad" if off else "bold")]
    texts.append((_range(now.signal[number], channel.unit), "dim"))
    texts += [("", "")] * max(tall - 2, 0)
    return [(f"{text[: _LABEL - 1]:<{_LABEL}}", style) for text, style in texts[:tall]]


def _range(values: NDArray[np.float32], unit: str) -> str:
    there = values[np.isfinite(values)]
    return f"{_number(there.min())}..{_number(there.max())} {unit}" if len(there) else "no samples"


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def _off(now: Standing, hello: Hello) -> list[str]:
    return [channel.name for number, channel in enumerate(hello.channels) if number in now.leads_off]


def _text(line: Line) -> str:
    return "".join(text for text, _ in line)


def _cropped(line: Line, width: int) -> Line:
    cropped: Line = []
    for text, style in line:
        part = text[:width]
        width -= len(part)
        if part:
            cropped.append((part, style))
    return cropped
