"""Where things lie in an EDF, EDF+, BDF or BDF+ file, and its annotations: pure, on bytes.

A header of 256 bytes and 256 per signal, then data records of equal size, in each a stretch of every signal. In EDF+
and BDF+ some signals hold text instead: annotations with their times, of which the first says when the record begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

HEAD: Final = 256
_ANNOTATIONS: Final = (b"EDF Annotations ", b"BDF Annotations ")
_MOST_SIGNALS: Final = 4096
_ONSET: Final = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,12})?)(?:\x15(\d{1,12}(?:\.\d{0,12})?))?")


@dataclass(frozen=True)
class Layout:
    """The facts of a header that say how the file is divided.

    Attributes:
        header_bytes: Length of the header.
        records: Data records.
        record_bytes: Length of one.
        record_s: Seconds of signal in one.
        texts: First byte and end, within a record, of the signals that hold annotations.
        continuous: Whether each record begins where the one before ends.
    """

    header_bytes: int
    records: int
    record_bytes: int
    record_s: float
    texts: tuple[tuple[int, int], ...]
    continuous: bool


@dataclass(frozen=True)
class EdfAnnotation:
    """What somebody wrote about a moment or stretch of a recording.

    Attributes:
        onset_s: Seconds after the first sample.
        duration_s: Length of the stretch; None where there is none.
        text: As it was written.
    """

    onset_s: float
    duration_s: float | None
    text: str


def signals_in(head: bytes) -> int:
    """How many signals the first 256 bytes of a header announce; ValueError where they are none."""
    if len(head) < HEAD or head[:8].strip() not in (b"0", b"\xffBIOSEMI"):
        raise ValueError("it does not begin as one")
    if not 1 <= (signals := int(head[252:256])) <= _MOST_SIGNALS:
        raise ValueError(f"it announces {signals} signals")
    return signals


def layout_from(header: bytes) -> Layout:
    """How a file is divided, from its whole header; ValueError where that does not add up."""
    signals = signals_in(header)
    if len(header) != HEAD * (1 + signals):
        raise ValueError("its header is cut short")
    labels = [header[HEAD + 16 * number :][:16] for number in range(signals)]
    counts = [int(header[HEAD + 216 * signals + 8 * number :][:8]) for number in range(signals)]
    records, record_s = int(header[236:244]), float(header[244:252])
    if min(counts) < 1 or records < 1 or not 0 <= record_s < 1e6:
        raise ValueError(f"it announces {records} records of {record_s:g} s: was the recording finished?")
    width = 3 if header[0] == 0xFF else 2
    ends = list(accumulate(width * count for count in counts))
    parts = zip(labels, [0, *ends[:-1]], ends, strict=True)
    texts = tuple((start, end) for label, start, end in parts if label in _ANNOTATIONS)
    return Layout(len(header), records, ends[-1], record_s, texts, header[195:197] != b"+D")


def acceptable(header: bytes) -> bytes:
    """The header as the library takes it: of a continuous file, and with uV for µV."""
    header = header.replace(b"\xc2\xb5V", b"uV ").replace(b"\xb5V", b"uV")
    return header[:196] + b"C" + header[197:] if header[192:197] in (b"EDF+D", b"BDF+D") else header


def annotations_in(text: bytes) -> tuple[float, list[EdfAnnotation]]:
    """When a record begins, and its annotations, in seconds of the file; ValueError where they are malformed."""
    begins_s, found = None, []
    for entry in filter(None, text.split(b"\0")):
        when, *said = entry.split(b"\x14")
        if (times := _ONSET.fullmatch(when)) is None or not said or said.pop():
            raise ValueError("its annotations are malformed")
        onset_s, duration_s = float(times[1]), float(times[2]) if times[2] else None
        if begins_s is None:
            if said[:1] != [b""]:
                raise ValueError("a record does not say when it begins")
            begins_s = onset_s
        found += [EdfAnnotation(onset_s, duration_s, _text(one)) for one in said if one]
    if begins_s is None:
        raise ValueError("a record does not say when it begins")
    return begins_s, found


def _text(said: bytes) -> str:
    try:
        return said.decode()
    except UnicodeDecodeError:  # against the standard, and common
        return said.decode("latin-1")
