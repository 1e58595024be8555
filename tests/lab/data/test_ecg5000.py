from __future__ import annotations

import numpy as np
import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data.ecg5000 import load
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import content_sha256


@pytest.mark.parametrize("place", ["", "ECG5000"])
@pytest.mark.parametrize("suffix", [".txt", ".tsv", ".ts", ".arff"])
def test_every_published_format_gives_the_same_dataset(tmp_path, ucr, suffix, place):
    ucr.write(tmp_path / place, suffix)
    dataset = load(tmp_path, classes="five")
    np.testing.assert_array_equal(dataset.x[:, 0], ucr.x.astype(np.float32))
    np.testing.assert_array_equal(dataset.y, ucr.y - 1)


def test_npz_gives_the_same_dataset(tmp_path, ucr):
    np.savez(tmp_path / "ecg5000.npz", x=ucr.x.astype(np.float32), y=ucr.y)
    dataset = load(tmp_path)
    np.testing.assert_array_equal(dataset.x[:, 0], ucr.x.astype(np.float32))
    np.testing.assert_array_equal(dataset.y, ucr.y != 1)
    assert dataset.classes == ("normal", "abnormal")
    assert (dataset.signal.shape, dataset.signal.rate_hz, dataset.signal.units) == ((1, 140), None, "z-score")


@pytest.mark.data
def test_real_beats_have_the_published_counts_and_content(data_folder):
    dataset = load(data_folder, classes="five")
    assert np.bincount(dataset.y).tolist() == [2919, 1767, 96, 194, 24]
    assert np.bincount(dataset.y[:500]).tolist() == [292, 177, 10, 19, 2]
    np.testing.assert_allclose(dataset.x[0, 0, :4], [-0.11252183, -2.8272038, -3.7738969, -4.3497511], rtol=1e-6)
    assert content_sha256(dataset) == FACTS["ecg5000"].content_sha256


@pytest.mark.data
def test_real_beats_are_z_normalized(data_folder):
    beats = load(data_folder).x.astype(np.float64)
    np.testing.assert_allclose(beats.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(beats.std(axis=-1, ddof=1), 1, atol=1e-5)


def test_missing_set_says_where_it_looked_and_what_to_type(tmp_path):
    with pytest.raises(DataError, match=r"in .*ECG5000 nor in .*: run edgeguard data fetch ecg5000 or .*--data-dir"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda text: text[: text.index("\n", len(text) // 2) + 1],
            r"TEST\.ts holds 22\d\d rows, but .* has 4500 rows",
        ),
        (lambda text: text[: len(text) // 2], r"line \d+ holds \d+ samples, but ECG5000 has 4500 rows of 140 there"),
        (lambda text: text.replace(":3\n", ":6\n"), "holds labels other than 1 to 5"),
        (lambda text: text.replace(":3\n", ":normal\n"), "could not convert string to float: 'normal'"),
        (lambda text: "", "holds 0 rows, but ECG5000 has 4500 rows"),
    ],
    ids=["cut at a line", "cut in a line", "label", "word", "empty"],
)
def test_damaged_file_is_one_line_that_says_what_should_be_there(tmp_path, ucr, damage, message):
    ucr.write(tmp_path, ".ts")
    path = tmp_path / "ECG5000_TEST.ts"
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError, match=message) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_nan_in_the_file_is_refused(tmp_path, ucr):
    ucr.write(tmp_path, ".tsv")
    path = tmp_path / "ECG5000_TRAIN.tsv"
    label, _, rest = path.read_text().split("\t", 2)
    path.write_text(f"{label}\tnan\t{rest}")
    with pytest.raises(DataError, match="1 windows hold NaN or infinity, the first is number 0"):
        load(tmp_path)


def test_cut_npz_is_refused(tmp_path, ucr):
    np.savez(tmp_path / "ecg5000.npz", x=ucr.x, y=ucr.y)
    whole = (tmp_path / "ecg5000.npz").read_bytes()
    (tmp_path / "ecg5000.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"ecg5000\.npz cannot be read .*: get the whole file"):
        load(tmp_path)


def test_unknown_classes_name_the_near_match(tmp_path):
    with pytest.raises(ConfigError, match=r"no classes are called 'fiv' \(did you mean 'five'\?\)"):
        load(tmp_path, classes="fiv")
