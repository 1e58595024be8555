"""How well R peaks are found on MIT-BIH, streamed, beside wfdb's XQRS and neurokit2; judged by wfdb's comparator.

``EDGEGUARD_DATA=data python -m benchmarks.qrs_detection``

All beats of all records count, from the first sample to the last, ventricular flutter included. Our detector gets the
signal in chunks of random size, the peers get whole records. A detection is right within 150 ms of a beat.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import neurokit2
import numpy as np
import wfdb
from numpy.typing import NDArray
from wfdb.processing import XQRS, compare_annotations

from benchmarks import RESULTS
from edgeguard.errors import DataError, EdgeGuardError
from edgeguard.lab.data import data_folder
from edgeguard.metrics.intervals import share_interval
from edgeguard.record import write_result
from edgeguard.signals.qrs_constants import CONSTANTS, QrsConstants
from edgeguard.signals.r_peaks import RPeakDetector

BEATS: Final = frozenset("NLRBAaJSVrFejnE/fQ?")
WINDOW_S: Final = 0.15
OURS: Final = "EdgeGuard"
LARGEST_CHUNK: Final = 1000
QUARTER_SECOND: Final = 90
# read off this data set, not taken from the literature
CHOSEN_HERE: Final = (
    "smooth_hz",
    "threshold",
    "overdue_beats",
    "overdue_s",
    "silence_s",
    "flutter_waves",
    "flutter_interval_s",
    "flutter_valley",
)

Values = NDArray[np.float64]
Peaks = NDArray[np.int64]
Detect = Callable[[Values, float], Peaks]


@dataclass(frozen=True)
class Record:
    """Both leads (2, n), the beats' samples, and the samples where ventricular flutter begins and ends in turn."""

    name: str
    rate_hz: float
    values: Values
    beats: Peaks
    flutter: Peaks

    @property
    def hours(self) -> float:
        """Length."""
        return len(self.values[0]) / self.rate_hz / 3600

    def outside_flutter(self, peaks: Peaks) -> Peaks:
        """Those of `peaks` that do not lie within ventricular flutter."""
        inside: NDArray[np.bool_] = np.searchsorted(self.flutter, peaks) % 2 == 1
        return peaks[~inside]


def read_record(path: Path) -> Record:
    """The record whose header is `path`.hea."""
    signal, annotation = wfdb.rdrecord(str(path)), wfdb.rdann(str(path), "atr")
    symbols = np.array(annotation.symbol)
    return Record(
        path.name,
        signal.fs,
        signal.p_signal.T,
        annotation.sample[np.isin(symbols, list(BEATS))],
        annotation.sample[np.isin(symbols, ["[", "]"])],
    )


def read_records(folder: Path, names: Sequence[str] | None) -> list[Record]:
    """The named records in `folder`, or all; DataError where they are not there."""
    names = names or sorted(path.stem for path in folder.glob("*.hea"))
    missing = [name for name in names if not (folder / f"{name}.hea").is_file()]
    if missing or not names:
        raise DataError(f"{folder} has no record {', '.join(missing)}: set EDGEGUARD_DATA to the folder of mitdb")
    return [read_record(folder / name) for name in names]


def streamed(values: Values, rate_hz: float, ends: Iterable[int], constants: QrsConstants = CONSTANTS) -> Peaks:
    """Our peaks in one lead that arrives in chunks with these `ends`."""
    detector = RPeakDetector(rate_hz, constants)
    peaks, begin = [], 0
    for end in ends:
        peaks += detector.feed(values[begin:end])
        begin = end
    return np.array(peaks + detector.finish(), dtype=np.int64)


def in_random_chunks(seed: int) -> Detect:
    """Our peaks, streamed in chunks of 1 to `LARGEST_CHUNK` samples."""

    def detect(values: Values, rate_hz: float) -> Peaks:
        rng = np.random.default_rng(seed)
        sizes = rng.integers(1, LARGEST_CHUNK, 4 * len(values) // LARGEST_CHUNK, endpoint=True)
        return streamed(values, rate_hz, [*np.minimum(np.cumsum(sizes), len(values)).tolist(), len(values)])

    return detect


def at_once(constants: QrsConstants) -> Detect:
    """Our peaks, the whole lead in one chunk: they are the same, and sooner there."""
    return lambda values, rate_hz: streamed(values, rate_hz, [len(values)], constants)


def in_quarter_seconds(values: Values, rate_hz: float) -> Peaks:
    """Our peaks, streamed in chunks of a quarter second at 360 Hz."""
    return streamed(values, rate_hz, range(QUARTER_SECOND, len(values) + QUARTER_SECOND, QUARTER_SECOND))


def by_xqrs(values: Values, rate_hz: float) -> Peaks:
    """The peaks that wfdb's XQRS finds in the whole lead."""
    detector = XQRS(sig=values, fs=rate_hz)
    detector.detect(verbose=False)
    return np.asarray(detector.qrs_inds)


def by_neurokit(method: str) -> Detect:
    """The peaks that neurokit2 finds in the whole lead, cleaned and searched by `method`."""

    def detect(values: Values, rate_hz: float) -> Peaks:
        cleaned = neurokit2.ecg_clean(values, sampling_rate=rate_hz, method=method)
        _, found = neurokit2.ecg_peaks(cleaned, sampling_rate=rate_hz, method=method)
        return np.asarray(found["ECG_R_Peaks"], dtype=np.int64)

    return detect


def counted(beats: Peaks, peaks: Peaks, rate_hz: float) -> Peaks:
    """True positives, false positives and false negatives (3,) by wfdb's comparator."""
    found = compare_annotations(beats, peaks, round(WINDOW_S * rate_hz))
    return np.array([found.tp, found.fp, found.fn])


def shares(counts: Sequence[int] | Peaks) -> dict[str, float]:
    """Sensitivity and positive predictivity of counts (3,)."""
    right, false, missed = (int(count) for count in counts)
    return {"sensitivity": right / max(right + missed, 1), "predictivity": right / max(right + false, 1)}


def summary(rows: Mapping[str, Peaks]) -> dict[str, Any]:
    """Counts of each record, gross shares with exact 95 % intervals, averages over records, and the worst records."""
    total = np.sum(list(rows.values()), axis=0)
    right, false, missed = (int(count) for count in total)
    each = {name: shares(counts) for name, counts in rows.items()}
    return {
        "counts": [right, false, missed],
        **shares(total),
        "sensitivity_95": share_interval(right, right + missed),
        "predictivity_95": share_interval(right, right + false),
        "average": {key: float(np.mean([row[key] for row in each.values()])) for key in shares(total)},
        "worst": {key: min((row[key], name) for name, row in each.items()) for key in shares(total)},
        "records": {name: counts.tolist() for name, counts in rows.items()},
    }


def judged(detect: Detect, records: Sequence[Record], lead: int) -> dict[str, Any]:
    """`summary` of one detector on one lead of all records, and its CPU seconds per hour of ECG."""
    rows, cpu_s = {}, 0.0
    for record in records:
        values = np.ascontiguousarray(record.values[lead])
        begun = time.process_time()
        peaks = detect(values, record.rate_hz)
        cpu_s += time.process_time() - begun
        rows[record.name] = counted(record.beats, peaks, record.rate_hz)
    return {"lead": lead + 1, "cpu_s_per_hour": cpu_s / sum(record.hours for record in records), **summary(rows)}


def outside_flutter(records: Sequence[Record]) -> dict[str, Any]:
    """`summary` of ours on the first lead where neither beats nor peaks within ventricular flutter count."""
    return summary(
        {
            record.name: counted(
                record.outside_flutter(record.beats),
                record.outside_flutter(at_once(CONSTANTS)(record.values[0], record.rate_hz)),
                record.rate_hz,
            )
            for record in records
        }
    )


def scaled(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Gross shares on the first lead with each of our constants a fifth smaller and larger, the others as they are."""
    rows = []
    for name, value in asdict(CONSTANTS).items():
        for factor in (0.8, 1.2):
            other = value * factor if isinstance(value, float) else round(value * factor)
            constants = QrsConstants(**{**asdict(CONSTANTS), name: other})
            found = judged(at_once(constants), records, 0)
            kept = {key: found[key] for key in ("sensitivity", "predictivity")}
            rows.append({"constant": name, "chosen_here": name in CHOSEN_HERE, "value": other, **kept})
    return rows


@click.command()
@click.option("--records", help="Only these, as 100,101; all 48 without.")
@click.option("--seed", default=0, show_default=True, help="Of the chunk sizes.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Folder of the result.")
def command(records: str | None, seed: int, results: Path) -> None:
    """Measure and write qrs-detection.json."""
    try:
        found = read_records(data_folder() / "mitdb", records.split(",") if records else None)
    except EdgeGuardError as error:
        raise click.ClickException(str(error)) from error
    path = write_result(
        "qrs-detection",
        measure(found, seed),
        libraries=("numpy", "scipy", "wfdb", "neurokit2"),
        scale=f"records {records}" if records else "full",
        seeds=[seed],
        folder=results,
    )
    click.echo(f"written to {path}")


def measure(records: Sequence[Record], seed: int) -> dict[str, Any]:
    """All figures; one line per detector on the way."""
    runs: list[tuple[str, Detect, int]] = [
        (OURS, in_random_chunks(seed), 0),
        (OURS, in_random_chunks(seed), 1),
        (f"{OURS}, in quarter seconds", in_quarter_seconds, 0),
        ("wfdb XQRS", by_xqrs, 0),
        ("neurokit2, neurokit", by_neurokit("neurokit"), 0),
        ("neurokit2, pantompkins1985", by_neurokit("pantompkins1985"), 0),
    ]
    detectors = []
    for name, detect, lead in runs:
        detectors.append({"name": name, **judged(detect, records, lead)})
        last = detectors[-1]
        click.echo(f"{name:<28} lead {lead + 1}  Se {last['sensitivity']:.4%}  +P {last['predictivity']:.4%}")
    return {
        "window_s": WINDOW_S,
        "beats": sum(len(record.beats) for record in records),
        "hours": sum(record.hours for record in records),
        "largest_chunk": LARGEST_CHUNK,
        "detectors": detectors,
        "outside_flutter": outside_flutter(records),
        "without_flutter_rule": judged(at_once(replace(CONSTANTS, flutter_valley=math.inf)), records, 0),
        "scaled": scaled(records),
    }


if __name__ == "__main__":
    command()
