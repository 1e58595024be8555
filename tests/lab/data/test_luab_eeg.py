from __future__ import annotations

import numpy as np
import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import load_dataset
from edgeguard.lab.data.dataset import wearer_split
from edgeguard.lab.data.fetch import files_sha256


def write(folder, **changes):
    """Two recordings of noise, 18 s of two people, the second with a blink 10 s after its start."""
    n = 4500
    x = np.random.default_rng(0).normal(scale=10, size=(2 * n, 2)).astype(np.float32) + 80_000
    x[n + 2500 - 40 : n + 2500 + 40] -= 150 * np.hanning(80)[:, None].astype(np.float32)
    arrays = {
        "x": x,
        "offsets": np.array([0, n, 2 * n]),
        "subject": np.array([3, 11]),
        "eyes_closed": np.array([1, 0], dtype=np.int8),
        "blink_rec": np.array([1]),
        "blink_sample": np.array([2500]),
    }
    np.savez(folder / "luab_fp1fp2.npz", **{**arrays, **changes})


def test_windows_are_labelled_by_blinks_and_know_their_wearers(tmp_path):
    write(tmp_path)
    dataset = load_dataset("luab_eeg", tmp_path, {})
    assert dataset.x.shape[1:] == (2, 2000)
    assert set(dataset.y[dataset.wearers == "S03"]) == {0}
    assert set(dataset.y[dataset.wearers == "S11"]) == {1}
    assert set(dataset.groups["eyes"][dataset.wearers == "S11"]) == {"open"}
    assert dataset.origin_sha256 == files_sha256([tmp_path / "luab_fp1fp2.npz"])


def test_the_offset_of_the_electrodes_is_filtered_away(tmp_path):
    write(tmp_path)
    assert np.abs(load_dataset("luab_eeg", tmp_path, {}).x).max() < 200


def test_windows_beyond_the_largest_value_are_left_out(tmp_path):
    write(tmp_path)
    assert set(load_dataset("luab_eeg", tmp_path, {"largest": 80.0}).wearers) == {"S03"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": np.zeros((5, 3))}, "5, 3"),
        ({"offsets": np.array([0, 9])}, "1 recordings"),
        ({"x": "no"}, "cannot be read"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, changes, message):
    write(tmp_path, **changes)
    with pytest.raises(DataError, match=message):
        load_dataset("luab_eeg", tmp_path, {})


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(DataError, match="--data-dir"):
        load_dataset("luab_eeg", tmp_path, {})


def test_filters_above_half_the_rate_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="half of rate_hz"):
        load_dataset("luab_eeg", tmp_path, {"filters": [{"kind": "notch", "hz": [130.0]}]})


def test_the_real_set_is_split_by_people(data_folder):
    dataset = load_dataset("luab_eeg", data_folder, {"hop": 1000})
    split = wearer_split(dataset.y, dataset.wearers, (0.7, 0.15, 0.15), seed=0)
    people = [set(dataset.wearers[part]) for part in (split.train, split.validation, split.test)]
    assert len(set.union(*people)) == sum(map(len, people)) == 41
