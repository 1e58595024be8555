"""The TUH EEG Artifact Corpus (Temple University): EEG of patients with artifacts marked, the paper's EEG data set.

It is licensed, so nothing fetches it: ask for access at https://isip.piconepress.com and name its folder. Version 3 has
a CSV of marks beside each recording, version 2 one for each montage in its folder csv.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.recordings.description import (
    Description,
    LabelsTable,
    RecordingsTable,
    SignalTable,
)
from edgeguard.lab.data.recordings.labels import Mark
from edgeguard.lab.data.recordings.load import dataset_from
from edgeguard.signals.eeg import EEG_FILTERS, EEG_RATE_HZ, EEG_WINDOW
from edgeguard.signals.spec import FilterSpec, Positive, PositiveFloat, QualitySpec

CLASSES: Final = ("clean", "eye_movement")
FOLDER: Final = "tuh_eeg_artifact"
_EYES: Final = "eyem"
_COLUMNS: Final = ("# key", "channel_label", "start_time", "stop_time", "artifact_label")  # of version 2


def load(
    folder: Path,
    *,
    channels: tuple[str, ...] = ("FP1", "FP2"),
    window: Positive = EEG_WINDOW,
    hop: Positive = EEG_WINDOW,
    filters: tuple[FilterSpec, ...] = EEG_FILTERS,
    quality: QualitySpec | None = None,
    largest: PositiveFloat = 500.0,
) -> Dataset:
    """Windows with an eye movement against windows on which nothing is marked; wearers are patients.

    Marks are of channels of a bipolar montage; one counts where it is about an electrode that is taken. Windows that
    another artifact touches, alone or together with an eye movement, are left out.

    Args:
        folder: The corpus, with its folder edf; or one with a folder tuh_eeg_artifact that is.
        channels: Electrodes, as the corpus writes them without EEG and reference.
        window: Samples per window, at 250 Hz.
        hop: Samples from one window to the next.
        filters: Of the stream.
        quality: What is no signal: windows on it are left out, and a device does not judge them.
        largest: In uV, of the filtered signal.

    Raises:
        ConfigError: the filters cannot be computed.
        DataError: files are missing, cut short, or do not fit each other.
    """
    described = Description(
        name="tuh_artifact",
        classes=CLASSES,
        background=CLASSES[0],
        channels={name: (f"EEG {name}-REF", f"EEG {name}-LE") for name in channels},
        signal=SignalTable(
            units="uV",
            rate_hz=EEG_RATE_HZ,
            window=window,
            hop=hop,
            filters=filters,
            quality=quality,
            largest=largest,
        ),
        recordings=RecordingsTable(files=("edf/**/*.edf",), subject=r"([0-9a-z]{8})_s\d+_t\d+\.edf$"),
        labels=LabelsTable(
            source="files",
            start="start_time",
            end="stop_time",
            text="label",
            channel="channel",
            map={_EYES: CLASSES[1]},
            unclear=("*",),
        ),
    )
    try:
        described.spec()
    except ValueError as error:
        raise ConfigError(f"tuh_artifact: {error}") from error
    place = folder / FOLDER if (folder / FOLDER).is_dir() else folder
    return dataset_from(described, place, _central_marks(place))


def _central_marks(place: Path) -> dict[str, list[Mark]] | None:
    """Version 2: the marks of every recording, by its name without suffix; None where marks lie beside recordings."""
    paths = sorted(place.glob("csv/labels_*.csv"))
    if not paths:
        return None
    marks: dict[str, list[Mark]] = defaultdict(list)
    for path in paths:
        for key, mark in _marks_in(path):
            marks[key].append(mark)
    return marks


def _marks_in(path: Path) -> Iterator[tuple[str, Mark]]:
    """Recording and mark of each row; the line of names is a comment."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = iter(stream)
            head = next((line for line in lines if line.startswith(_COLUMNS[0])), "")
            names = [name.strip() for name in head.split(",")]
            where = [names.index(column) for column in _COLUMNS]
            for row in csv.reader((line for line in lines if not line.startswith("#")), skipinitialspace=True):
                if row:
                    key, channel, start, stop, text = (row[at].strip() for at in where)
                    yield key, Mark(float(start), float(stop), text, channel)
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise DataError(f"{path} is no table of marks ({error}): get the whole file") from error
