from __future__ import annotations

import numpy as np
import pytest

from edgeguard.errors import DataError
from edgeguard.lab.data import load_dataset
from edgeguard.lab.data.fetch import files_sha256


def write(folder, **changes):
    x = 850 + np.random.default_rng(0).normal(size=(6, 4, 510))
    arrays = {"x": x, "long_blink": np.array([0, 1] * 3), "subject": np.array([0, 0, 0, 2, 2, 2])}
    np.savez(folder / "muse_blink_cued.npz", **{**arrays, **changes})


def test_windows_are_less_their_mean_and_know_their_wearers(tmp_path):
    write(tmp_path)
    dataset = load_dataset("muse_blinks", tmp_path, {})
    assert dataset.y.tolist() == [0, 1] * 3
    assert dataset.wearers.tolist() == ["S0"] * 3 + ["S2"] * 3
    assert np.abs(dataset.x.mean(axis=2)).max() < 1e-3
    assert dataset.origin_sha256 == files_sha256([tmp_path / "muse_blink_cued.npz"])


@pytest.mark.parametrize("changes", [{"subject": np.zeros(2)}, {"x": np.zeros((6, 4))}, {"x": np.zeros((6, 3, 510))}])
def test_a_damaged_file_is_one_line(tmp_path, changes):
    write(tmp_path, **changes)
    with pytest.raises(DataError):
        load_dataset("muse_blinks", tmp_path, {})


def test_the_real_set_has_both_blinks(data_folder):
    assert np.bincount(load_dataset("muse_blinks", data_folder, {}).y).tolist() == [500, 450]
