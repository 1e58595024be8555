from __future__ import annotations

import io
import shutil
import zipfile
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import wfdb

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import load_dataset, mitbih
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import fetch, files_sha256
from edgeguard.lab.data.mitbih import DS1, DS2, VALIDATION, age_band, annotated_beats
from edgeguard.signals.spec import FilterSpec

RATE, SECONDS = 360, 20
OPTIONS = {"rate_hz": 180.0, "window": 100, "before": 40}
HEADERS = {"101": "75 F 1011 654 x1", "106": "24 M 1581 654 x1", "100": "-1 M 742 654 x1", "202": "50 F 1 2 x1"}


def write_record(folder, name):
    """A spike with a broad T wave every 0.8 s, annotated 25 ms after its peak; codes take turns."""
    peaks = np.arange(0.5, SECONDS - 0.1, 0.8) * RATE
    time = np.arange(SECONDS * RATE)[:, None]
    wave = np.exp(-(((time - peaks) / 5) ** 2)).sum(axis=1) + 0.2 * np.exp(-(((time - peaks - 90) / 25) ** 2)).sum(
        axis=1
    )
    header = {"fmt": ["16"] * 2, "comments": [HEADERS[name]], "write_dir": str(folder)}
    wfdb.wrsamp(name, RATE, ["mV"] * 2, ["MLII", "V1"], p_signal=np.stack([wave, -wave], axis=1), **header)
    marks = np.concatenate([[20], peaks.astype(int) + 9])
    codes = ["+", *np.resize(["N", "R", "A", "V", "F", "Q"], len(peaks)).tolist()]
    wfdb.wrann(name, "atr", marks, codes, write_dir=str(folder))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four short records in a folder mitdb."""
    place = tmp_path_factory.mktemp("data") / "mitdb"
    place.mkdir()
    for name in HEADERS:
        write_record(place, name)
    return place.parent


@pytest.fixture(autouse=True)
def four_records(monkeypatch, request):
    """101 validates, 106 is learned from, 100 and 202 test; not where the real records are meant."""
    if "data_folder" not in request.fixturenames:
        monkeypatch.setattr(mitbih, "DS1", ("101", "106"))
        monkeypatch.setattr(mitbih, "DS2", ("100", "202"))
        monkeypatch.setattr(mitbih, "VALIDATION", ("101",))
        names = tuple(f"{record}.{suffix}" for suffix in ("atr", "dat", "hea") for record in sorted(HEADERS))
        monkeypatch.setitem(FACTS, "mitbih", replace(FACTS["mitbih"], files=(names,)))


def test_windows_lie_around_the_detected_peaks_and_hold_the_first_channel(folder):
    dataset = load_dataset("mitbih", folder, OPTIONS)
    assert dataset.x.shape[1:] == (1, 100)
    assert (np.abs(dataset.x[:, 0].argmax(axis=1) - 40) <= 1).all()
    assert dataset.x.max() == pytest.approx(1.0, abs=0.02)
    assert dataset.signal.beats.before == 40
    assert dataset.signal.channels == ("ECG",)


def test_beats_have_aami_classes_and_their_wearers_groups(folder):
    dataset = load_dataset("mitbih", folder, OPTIONS)
    counts = Counter(zip(dataset.wearers.tolist(), dataset.y.tolist(), strict=True))
    assert set(dataset.wearers) == {"101", "106", "100", "201"}  # 202 is the man of 201
    assert dataset.classes == ("N", "S", "V", "F", "Q")
    assert counts["106", 0] >= 7
    assert min(counts["106", label] for label in (1, 2, 3, 4)) >= 3
    by_wearer = dict(zip(dataset.wearers, zip(*dataset.groups.values(), strict=True), strict=True))
    assert by_wearer["101"] == ("female", "65+")
    assert by_wearer["100"] == ("male", "unknown")


def test_the_published_split_goes_by_record(folder):
    dataset = load_dataset("mitbih", folder, OPTIONS)
    parts = {name: set(dataset.wearers[part]) for name, part in vars(dataset.published).items()}
    assert parts == {"train": {"106"}, "validation": {"101"}, "test": {"100", "201"}}


def test_filters_and_quality_are_options_as_in_a_recipe(folder):
    options = {**OPTIONS, "filters": [{"kind": "highpass", "hz": [0.5]}], "quality": {"saturation": 5.0}}
    dataset = load_dataset("mitbih", folder, options)
    assert dataset.signal.filters == (FilterSpec(kind="highpass", hz=(0.5,)),)
    assert dataset.signal.quality.saturation == 5.0
    assert not np.array_equal(dataset.x, load_dataset("mitbih", folder, OPTIONS).x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"before": 100}, "mitbih: the peak, 100 samples in, is outside the window of 100"),
        ({"filters": [{"kind": "lowpass", "hz": [90.0]}]}, "mitbih: a filter lies at or above half of rate_hz 180"),
        ({"filters": [{"kind": "low", "hz": [40.0]}]}, "option 'filters': Invalid enum value 'low'"),
        ({"rate_hz": 50.0}, "mitbih: rate_hz 50 is outside 100 to 1000"),
        ({"rate_hz": 359.999}, r"mitbih: 360 Hz cannot be resampled to 359\.999 Hz"),
        ({"windows": 3}, r"has no option 'windows' \(did you mean 'window'\?\)"),
    ],
)
def test_options_that_do_not_fit_are_one_line(folder, change, message):
    with pytest.raises(ConfigError, match=message):
        load_dataset("mitbih", folder, {**OPTIONS, **change})


def test_a_folder_without_the_records_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="run edgeguard data fetch mitbih or name its folder with --data-dir"):
        load_dataset("mitbih", tmp_path, OPTIONS)


def test_a_record_without_beats_is_refused(tmp_path):
    wfdb.wrann("1", "atr", np.array([20]), ["+"], write_dir=str(tmp_path))
    with pytest.raises(DataError, match=r"1\.atr holds no annotated beats: get the whole file"):
        annotated_beats(tmp_path / "1")


@pytest.mark.parametrize(("age", "band"), [(23, "18-39"), (39, "18-39"), (40, "40-64"), (65, "65+"), (None, "unknown")])
def test_age_bands(age, band):
    assert age_band(age) == band


def zipped(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted((folder / "mitdb").iterdir()):
            archive.write(path, f"mit-bih-arrhythmia-database-1.0.0/{path.name}")
        archive.writestr("mit-bih-arrhythmia-database-1.0.0/mitdbdir/intro.htm", "about")
    return packed.getvalue()


@pytest.fixture
def published(folder, monkeypatch):
    """The four records count as the published ones; returns their archive."""
    paths = [folder / "mitdb" / name for name in FACTS["mitbih"].files[0]]
    monkeypatch.setitem(FACTS, "mitbih", replace(FACTS["mitbih"], files_sha256=files_sha256(paths)))
    return zipped(folder)


def test_the_archive_is_fetched_from_its_folder_and_loads(tmp_path, home, published):
    home.content = published
    assert fetch("mitbih", tmp_path, url=home.url) == f"mitbih is now in {tmp_path / 'mitdb'}"
    assert len(load_dataset("mitbih", tmp_path, OPTIONS).y) > 80
    assert not (tmp_path / "mitdb" / "intro.htm").exists()


def test_a_changed_file_is_not_kept(tmp_path, home, folder, published):
    other = shutil.copytree(folder, tmp_path / "other")
    header = other / "mitdb" / "101.hea"
    header.write_text(header.read_text().replace("75 F", "76 F"))
    home.content = zipped(other)
    with pytest.raises(DataError, match=r"what .* sent is not the published mitbih"):
        fetch("mitbih", tmp_path / "data", url=home.url)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.data
def test_the_real_beats_are_as_many_as_the_literature_has(data_folder):
    place = data_folder / "mitdb"
    counts = {
        path.stem: np.bincount(annotated_beats(path.with_suffix(""))[1], minlength=5) for path in place.glob("*.hea")
    }
    assert sum(counts.values()).tolist() == [90631, 2781, 7236, 803, 8043]
    assert sum(counts[record] for record in DS1).tolist() == [45866, 944, 3788, 415, 8]
    assert sum(counts[record] for record in DS2).tolist() == [44259, 1837, 3221, 388, 7]
    assert sum(counts[record] for record in VALIDATION).min() > 0


@pytest.mark.data
def test_the_real_files_are_the_published_ones(data_folder):
    facts = FACTS["mitbih"]
    assert files_sha256(facts.find(data_folder)) == facts.files_sha256
