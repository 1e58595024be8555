"""What is marked in a recording, whoever wrote it where."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from edgeguard.errors import DataError
from edgeguard.lab.data.recordings.description import Description
from edgeguard.lab.data.recordings.reading import Recording


class Mark(NamedTuple):
    """From `start_s` to `end_s` of a recording, its text; `channel` where it is about one."""

    start_s: float
    end_s: float
    text: str
    channel: str | None = None


def marks_in(path: Path, place: str, recording: Recording, described: Description) -> list[Mark]:
    """What is marked in the recording at `path`, called `place` in the folder; DataError where it cannot be read."""
    source = described.labels.source
    if source == "path":
        return [Mark(0.0, recording.values.shape[1] / recording.rate_hz, _in_path(place, described))]
    return list(_from_annotations(recording, described) if source == "annotations" else _from_file(path, described))


def fitting(marks: Sequence[Mark], path: Path, recording: Recording) -> list[Mark]:
    """The marks that are about channels that are taken; DataError where they are those of another recording.

    So it is where one begins before the recording, or ends behind it, by more than a second.
    """
    length_s = recording.values.shape[1] / recording.rate_hz
    for mark in marks:
        if mark.start_s < -1.0 or mark.end_s > length_s + 1.0 or mark.end_s < mark.start_s:
            raise DataError(
                f"{path} lasts {length_s:g} s, and {mark.text!r} is marked from {mark.start_s:g} to {mark.end_s:g} s: "
                "are these the labels of another recording?"
            )
    taken = set(recording.names)
    return [mark for mark in marks if mark.channel is None or not taken.isdisjoint(_poles(mark.channel, taken))]


def _in_path(place: str, described: Description) -> str:
    if not (found := re.search(described.labels.path, place)) or not found[1]:
        raise DataError(f"labels.path {described.labels.path!r} finds nothing in {place!r}: correct it")
    return found[1]


def _from_annotations(recording: Recording, described: Description) -> Iterator[Mark]:
    for one in recording.annotations:
        length_s = described.labels.duration_s if not one.duration_s else one.duration_s
        yield Mark(one.onset_s, one.onset_s + length_s, one.text)


def _from_file(path: Path, described: Description) -> Iterator[Mark]:
    labels = described.labels
    file = path.parent / labels.file.replace("{stem}", path.stem)
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            lines = (line for line in stream if line.strip() and not line.startswith("#"))
            rows = list(csv.DictReader(lines, dialect="excel-tab" if file.suffix == ".tsv" else "excel"))
        for row in rows:
            start_s = float(row[labels.start])
            end_s = start_s + float(row[labels.duration]) if labels.duration else float(row[labels.end])
            yield Mark(
                start_s, end_s, row[labels.text].strip(), row[labels.channel].strip() if labels.channel else None
            )
    except KeyError as error:
        raise DataError(f"{file} has no column {error}: name its columns in [labels]") from error
    except (OSError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read ({error}): is it there, and a CSV of marks?") from error


def _poles(channel: str, taken: set[str]) -> set[str]:
    """The channels that a label's channel is about: itself, and of a bipolar ``FP1-F7`` both of its electrodes."""
    electrodes = {part.strip().upper() for part in channel.split("-")}
    return {channel} | {name for name in taken if electrodes & set(re.split(r"[^A-Z0-9]+", name.upper()))}
