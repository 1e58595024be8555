"""The TOML file that says what lies in a folder of recordings: files, channels, subjects, labels, groups."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edgeguard import config
from edgeguard.errors import ConfigError
from edgeguard.lab.recipe import Name
from edgeguard.signals.spec import FilterSpec, Positive, PositiveFloat, QualitySpec, SignalSpec

Names = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class SignalTable(_Table, frozen=True, kw_only=True):
    """[signal]: what a window is; recordings of another rate or unit are converted.

    Attributes:
        units: Of the windows.
        rate_hz: Of the windows.
        window: Samples.
        hop: Samples from one window to the next.
        filters: Of the stream, after the resampling.
        quality: What is no signal: windows on it are left out, and a device does not judge them.
        largest: Windows with a filtered value beyond it, to either side, are left out.
    """

    units: str
    rate_hz: PositiveFloat
    window: Positive
    hop: Positive
    filters: tuple[FilterSpec, ...] = ()
    quality: QualitySpec | None = None
    largest: PositiveFloat | None = None


class RecordingsTable(_Table, frozen=True, kw_only=True):
    """[recordings]: which files, and what their names say.

    Attributes:
        files: Patterns such as ``**/*.edf``, from the description's folder: EDF, EDF+, BDF, CSV and NPZ.
        subject: Regular expression on the path from there; its first group is who wore the electrodes. Without it,
            every file is another subject.
        rate_hz: Of files that do not say.
        units: Of files that do not say.
    """

    files: Names
    subject: str = ""
    rate_hz: PositiveFloat | None = None
    units: str | None = None


class LabelsTable(_Table, frozen=True, kw_only=True):
    """[labels]: where labels come from.

    Attributes:
        source: ``annotations`` of the EDF+ file; ``files``: a CSV beside each recording; ``path``: the recording as a
            whole, by its path.
        map: What is written there, and the class that it is; texts that none of these three has are an error.
        unclear: What is written there and is none of the classes: windows that it touches are left out; ``*`` for all
            that the others do not have.
        ignore: What is written there and says nothing; ``*`` likewise.
        duration_s: Length of a mark that has none.
        file: Of ``files``: the label file's name; ``{stem}`` is the recording's name without its suffix.
        start: Column with the seconds at which a mark begins.
        end: Column with those at which it ends.
        duration: Column with its length, in the place of `end`.
        text: Column with its text.
        channel: Column with the channel that it is about; marks of channels that are not taken are left out.
        path: Of ``path``: regular expression; its first group is looked up in `map`.
    """

    source: Literal["annotations", "files", "path"]
    map: Annotated[dict[str, str], msgspec.Meta(min_length=1)]
    unclear: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    duration_s: PositiveFloat = 1.0
    file: str = "{stem}.csv"
    start: str = "start"
    end: str = "end"
    duration: str = ""
    text: str = "label"
    channel: str | None = None
    path: str = ""


class GroupsTable(_Table, frozen=True, kw_only=True):
    """[groups]: a CSV or TSV with a row per subject.

    Attributes:
        file: Its path, from the description's folder.
        subject: Column with the subject.
        columns: Columns that are group attributes.
    """

    file: str
    subject: str = "subject"
    columns: Names


class Description(_Table, frozen=True, kw_only=True):
    """All of the file.

    Attributes:
        name: Of the data set.
        classes: In the order of their indices.
        background: Class of windows that no mark touches; without it they are left out.
        channels: The model's, in order, with what files may call each; an empty list stands for the name itself.
        signal: See `SignalTable`.
        recordings: See `RecordingsTable`.
        labels: See `LabelsTable`.
        groups: See `GroupsTable`.
    """

    name: Name
    classes: Annotated[tuple[str, ...], msgspec.Meta(min_length=2)]
    background: str | None = None
    channels: Annotated[dict[str, tuple[str, ...]], msgspec.Meta(min_length=1)]
    signal: SignalTable
    recordings: RecordingsTable
    labels: LabelsTable
    groups: GroupsTable | None = None

    def spec(self) -> SignalSpec:
        """What a window is; ValueError where filters and rate contradict each other."""
        table = self.signal
        return SignalSpec(
            channels=tuple(self.channels),
            units=table.units,
            window=table.window,
            hop=table.hop,
            rate_hz=table.rate_hz,
            filters=table.filters,
            quality=table.quality,
        )

    def class_index(self, text: str) -> int | None:
        """The class of a label's text; -1 where it is none of them, None where it says nothing.

        KeyError where the description does not say.
        """
        labels = self.labels
        if text in labels.map:
            return self.classes.index(labels.map[text])
        for known in (text, "*"):
            if known in labels.unclear:
                return -1
            if known in labels.ignore:
                return None
        raise KeyError(text)


def read_description(path: Path) -> Description:
    """The description at `path`; ConfigError names what is wrong with it."""
    tables: dict[str, Any] = config.read_toml(path)
    found = config.record_from(tables, Description, str(path))
    try:
        _check(found)
        found.spec()
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    return found


def _check(found: Description) -> None:
    labels = found.labels
    for name in [*labels.map.values(), *([found.background] if found.background is not None else [])]:
        if name not in found.classes:
            raise ValueError(f"{name!r} is none of the classes {', '.join(found.classes)}: add it to classes")
    if (labels.source == "path") != bool(labels.path):
        raise ValueError("labels.path belongs to labels.source = 'path', and is needed there")
    for pattern in (found.recordings.subject, labels.path):
        _check_pattern(pattern)


def _check_pattern(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression ({error})") from error
    if pattern and not groups:
        raise ValueError(f"{pattern!r} has no group: put what is to be taken in parentheses")
