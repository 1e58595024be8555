"""The MIT-BIH Arrhythmia Database: annotated beats of 47 people with the classes of ANSI/AAMI EC57.

Its two halves are those of de Chazal, O'Dwyer & Reilly 2004, "Automatic classification of heartbeats using ECG
morphology and heartbeat interval features", IEEE Trans. Biomed. Eng. 51(7): DS1 to learn from, DS2 to test on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, DataError, SourceError
from edgeguard.lab.data.dataset import Dataset, Labels, Split
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import files_sha256
from edgeguard.signals.beats import beats_at, nearest_peaks
from edgeguard.signals.conditioning import conditioned
from edgeguard.signals.r_peaks import RPeakDetector
from edgeguard.signals.resampling import rate_ratio
from edgeguard.signals.spec import BeatSpec, FilterSpec, Positive, PositiveFloat, QualitySpec, SignalSpec
from edgeguard.signals.wfdb_records import Demographics, demographics, read_annotations, read_record

CLASSES: Final = ("N", "S", "V", "F", "Q")
# EC57's groups of the annotators' codes; a paced beat, a fusion of paced and normal, and what nobody could name are Q
SYMBOLS: Final = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
DS1: Final = (
    *("101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122"),
    *("124", "201", "203", "205", "207", "208", "209", "215", "220", "223", "230"),
)
DS2: Final = (
    *("100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210"),
    *("212", "213", "214", "219", "221", "222", "228", "231", "232", "233", "234"),
)
# of DS1: every class is on both sides, and both bundle branch blocks are left to train on
VALIDATION: Final = ("101", "119", "124", "205", "220")
_SAME_WEARER: Final = {"202": "201"}  # two recordings of one man, one in each half
_AGE_BANDS: Final = ((18, 39, "18-39"), (40, 64, "40-64"), (65, 200, "65+"))
_UNKNOWN: Final = "unknown"
_RECORDED_HZ: Final = 360.0
_MATCH_S: Final = 0.15  # EC57's match window

_Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True)
class _Beats:
    """The annotated beats of one record: windows (n, 1, samples) and classes (n,)."""

    record: str
    person: Demographics
    x: NDArray[np.float32]
    y: Labels


def load(
    folder: Path,
    *,
    rate_hz: PositiveFloat = 360.0,
    window: Positive = 360,
    before: _Count = 180,
    filters: tuple[FilterSpec, ...] = (),
    quality: QualitySpec | None = None,
) -> Dataset:
    """Every annotated beat of the 44 records without a pacemaker, first channel; DS1, then DS2, in the order of time.

    The record is resampled and filtered as a device does it, and a window lies around the R peak that the device's
    detector finds within 150 ms of the annotation, else around the annotation itself. Beats too near an end of the
    record for a whole window are left out. Groups are sex and age band; wearers are people.

    Args:
        folder: Holds the records' .hea, .dat and .atr; or a folder mitdb that does.
        rate_hz: The model's rate.
        window: Samples per window, at that rate.
        before: Samples of it before the R peak.
        filters: Of the stream.
        quality: What a device must not judge; no beat is left out for it here.

    Raises:
        ConfigError: the window does not hold the peak, or the rate suits neither filters, resampling nor detector.
        DataError: files are missing, cut short or malformed.
    """
    signal = _signal(rate_hz, window, before, filters, quality)
    paths = _paths(folder)
    places = {path.stem: path.with_suffix("") for path in paths}
    parts = [_beats(record, places[record], signal, rate_hz) for record in (*DS1, *DS2)]
    counts = [len(part.y) for part in parts]
    return Dataset(
        name="mitbih",
        x=np.concatenate([part.x for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        classes=CLASSES,
        signal=signal,
        groups={
            "sex": np.repeat([part.person.sex or _UNKNOWN for part in parts], counts),
            "age_band": np.repeat([age_band(part.person.age) for part in parts], counts),
        },
        wearers=np.repeat([_SAME_WEARER.get(part.record, part.record) for part in parts], counts),
        published=_published(np.repeat([part.record for part in parts], counts)),
        origin_sha256=files_sha256(paths),
    )


def age_band(age: int | None) -> str:
    """``18-39``, ``40-64``, ``65+``, or ``unknown``."""
    return next((name for low, high, name in _AGE_BANDS if age is not None and low <= age <= high), _UNKNOWN)


def annotated_beats(record: Path) -> tuple[NDArray[np.int64], Labels]:
    """Sample numbers and class indices of all annotated beats of a record; DataError where there is none."""
    found = read_annotations(record)
    code = {symbol: index for index, name in enumerate(CLASSES) for symbol in SYMBOLS[name]}
    labels = np.array([code.get(symbol, -1) for symbol in found.symbols.tolist()], dtype=np.int64)
    if not (labels >= 0).any():
        raise DataError(f"{record}.atr holds no annotated beats: get the whole file")
    return found.samples[labels >= 0], labels[labels >= 0]


def _signal(
    rate_hz: float, window: int, before: int, filters: tuple[FilterSpec, ...], quality: QualitySpec | None
) -> SignalSpec:
    try:
        rate_ratio(_RECORDED_HZ, rate_hz)
        RPeakDetector(rate_hz)
        return SignalSpec(
            channels=("ECG",),
            units="mV",
            window=window,
            hop=window,
            rate_hz=rate_hz,
            filters=filters,
            beats=BeatSpec(before=before),
            quality=quality,
        )
    except (ValueError, SourceError) as error:
        raise ConfigError(f"mitbih: {error}") from error


def _paths(folder: Path) -> tuple[Path, ...]:
    facts = FACTS["mitbih"]
    paths = facts.find(folder)
    if paths is None:
        raise DataError(
            f"mitbih is neither in {folder / facts.folder} nor in {folder}: run edgeguard data fetch mitbih "
            "or name its folder with --data-dir"
        )
    return paths


def _beats(record: str, path: Path, signal: SignalSpec, rate_hz: float) -> _Beats:
    found = read_record(path)
    annotated, labels = annotated_beats(path)
    values = conditioned(found.values[:1], found.rate_hz, signal)
    detector = RPeakDetector(rate_hz)
    peaks = np.array(detector.feed(values[0]) + detector.finish(), dtype=np.int64)
    ratio = rate_ratio(found.rate_hz, rate_hz)
    moments = np.array([ratio.model_index(at) for at in annotated.tolist()])
    x, kept = beats_at(values, nearest_peaks(moments, peaks, round(_MATCH_S * rate_hz)), signal)
    return _Beats(record, demographics(found.comments), x, labels[kept])


def _published(records: NDArray[np.str_]) -> Split:
    def windows_of(names: Sequence[str]) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(records, names))

    return Split(
        train=windows_of([record for record in DS1 if record not in VALIDATION]),
        validation=windows_of(VALIDATION),
        test=windows_of(DS2),
    )
