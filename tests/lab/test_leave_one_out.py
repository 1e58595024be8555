from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.leave_one_out import Retraining
from edgeguard.lab.nets import with_exits
from edgeguard.lab.nets.early_exit import early_exit_net
from edgeguard.lab.nets.fcnet import fcnet
from edgeguard.lab.stacked_training import NOTHING, Schedule


def dense(seed):
    torch.manual_seed(seed)
    return with_exits(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)), [], example=torch.zeros(1, 4))


def small(**changes):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((40, 4)).astype(np.float32), rng.integers(0, 2, 40)
    test = rng.standard_normal((7, 4)).astype(np.float32)
    given = {"make_net": dense, "x": x, "y": y, "test": test, "schedule": Schedule(2, 10, 0.05), "together": 2}
    return Retraining(**{**given, **changes})


def test_every_left_out_sample_has_a_network_and_nothing_left_out_is_the_seed_alone():
    found = small().leave_one_out([NOTHING, 3, 5, NOTHING], seed=4)
    assert found.shape == (4, 7, 2)
    np.testing.assert_allclose(found.sum(axis=2), 1, rtol=1e-5)
    np.testing.assert_allclose(found[0], small().other_seeds([4])[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found[0], found[3])
    assert np.abs(found[1] - found[0]).max() > 1e-5


def test_other_seeds_differ_from_each_other_and_come_again():
    found = small().other_seeds([1, 2, 3])
    assert np.abs(found[0] - found[1]).max() > 1e-3
    np.testing.assert_allclose(found[2], small().other_seeds([3])[0], rtol=1e-4, atol=1e-6)


def test_two_processes_find_what_one_finds():
    one, two = (small(jobs=jobs).leave_one_out([1, 2, 3, 4, 5], seed=0) for jobs in (1, 2))
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


def test_chunks_do_not_change_what_is_found():
    stacked, alone = (small(together=size).leave_one_out([1, 2, 3], seed=0) for size in (3, 1))
    np.testing.assert_allclose(stacked, alone, rtol=1e-3, atol=1e-5)


def test_in_float64_chunks_do_not_change_what_is_found_at_all():
    exact = small(x=small().x.astype(np.float64))
    stacked, alone = (replace(exact, together=size).leave_one_out([1, 2, 3], seed=0) for size in (3, 1))
    np.testing.assert_allclose(stacked, alone, rtol=1e-6)


def test_what_is_finished_is_not_trained_again(tmp_path):
    kept = small(folder=tmp_path)
    first = kept.leave_one_out([1, 2, 3], seed=0)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    second = kept.leave_one_out([1, 2, 3, 4, 5], seed=0)
    np.testing.assert_array_equal(first[:2], second[:2])
    assert len(files) == 2
    assert len(list(tmp_path.iterdir())) == 4
    assert {path: path.stat().st_mtime_ns for path in files} == files


@pytest.mark.parametrize("changes", [{"x": np.zeros((40, 4), np.float32)}, {"schedule": Schedule(1, 10, 0.05)}])
def test_what_was_kept_of_another_training_is_not_taken(tmp_path, changes):
    kept = small(folder=tmp_path)
    kept.other_seeds([0, 1])
    other = replace(kept, **changes)
    np.testing.assert_array_equal(other.other_seeds([0, 1]), replace(other, folder=None).other_seeds([0, 1]))


def test_a_damaged_file_is_named(tmp_path):
    kept = small(folder=tmp_path)
    kept.other_seeds([0])
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"torn")
    with pytest.raises(DataError, match=path.name):
        kept.other_seeds([0])


def test_networks_with_batch_normalization_are_trained_one_at_a_time():
    def make_net(seed):
        torch.manual_seed(seed)
        return early_exit_net(fcnet(1, filters=4, kernels=(3,)), classes=2)

    x = np.random.default_rng(0).standard_normal((30, 1, 12)).astype(np.float32)
    given = {"make_net": make_net, "x": x, "y": np.arange(30) % 2, "test": x[:5]}
    assert small(**given, together=1).leave_one_out([0, 1], seed=0).shape == (2, 5, 2)
    with pytest.raises(ConfigError, match="one network at a time"):
        small(**given).leave_one_out([0, 1], seed=0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: small().leave_one_out([40], seed=0), "no sample 40"),
        (lambda: small().leave_one_out([], seed=0), "no network is asked for"),
        (lambda: small(together=0), "at least one network"),
        (lambda: small(x=np.full((40, 4), np.inf, np.float32)).other_seeds([0]), "look for it in the data"),
    ],
)
def test_what_cannot_be_trained_is_refused(ask, message):
    with pytest.raises(ConfigError, match=message):
        ask()


def test_rows_and_classes_that_differ_in_number_are_a_mistake():
    with pytest.raises(ValueError, match="differ"):
        small(y=np.zeros(3, np.int64))
