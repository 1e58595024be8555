from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from edgeguard.device.sources.replay import ReplaySource
from edgeguard.errors import ConfigError, SourceError
from edgeguard.signals.spec import SignalSpec
from tests.feeds import feed_of, samples_of, values_of

TWO = SignalSpec(channels=("I", "II"), units="mV", window=4, hop=4, rate_hz=100.0)
ECG = SignalSpec(channels=("ECG",), units="mV", window=4, hop=4, rate_hz=100.0)
ONE = SignalSpec(channels=("ECG",), units="z-score", window=4, hop=4)


def replayed(argument, signal, limit=None):
    return values_of(ReplaySource(str(argument), math.inf), signal, limit)


def refused(argument, signal, message):
    with pytest.raises(SourceError, match=message) as caught:
        replayed(argument, signal)
    assert "\n" not in str(caught.value)


def test_npz_windows_are_laid_end_to_end(tmp_path):
    x = np.arange(24.0).reshape(3, 2, 4)
    np.savez(tmp_path / "w.npz", x=x)
    np.testing.assert_array_equal(replayed(tmp_path / "w.npz", TWO), np.hstack(list(x)))


def test_npz_windows_of_one_channel_may_leave_it_out(tmp_path):
    np.savez(tmp_path / "w.npz", x=np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(replayed(tmp_path / "w.npz", ONE), np.arange(12.0)[None])


def test_npz_signal_with_its_rate(tmp_path):
    signal = np.arange(20.0).reshape(2, 10)
    np.savez(tmp_path / "s.npz", signal=signal, rate_hz=100)
    np.testing.assert_array_equal(replayed(tmp_path / "s.npz", TWO), signal)
    assert feed_of(ReplaySource(str(tmp_path / "s.npz"), math.inf), TWO).rate_hz == 100
    refused(tmp_path / "s.npz,channels=0", ONE, "has 100 Hz, but the model takes windows without a rate")


def test_a_recording_keeps_its_own_rate_and_is_played_once(tmp_path):
    np.savez(tmp_path / "s.npz", signal=np.zeros((2, 10)), rate_hz=250)
    feed = feed_of(ReplaySource(str(tmp_path / "s.npz"), math.inf), TWO)
    assert (feed.rate_hz, feed.live) == (250, False)
    np.savez(tmp_path / "s.npz", signal=np.zeros((2, 9)), rate_hz=250)
    refused(tmp_path / "s.npz", TWO, "holds 9 samples, less than one window of 10")


def test_start_passes_over_seconds(tmp_path):
    np.savez(tmp_path / "s.npz", signal=np.arange(20.0).reshape(1, 20), rate_hz=4)
    chunks = samples_of(ReplaySource(f"{tmp_path}/s.npz,start=2", math.inf), msgspec.structs.replace(ECG, rate_hz=4.0))
    assert (chunks[0].start, chunks[0].values[0, 0]) == (8, 8.0)


def test_a_loop_begins_again_behind_a_gap(tmp_path):
    np.savez(tmp_path / "s.npz", signal=np.arange(20.0).reshape(1, 20), rate_hz=100)
    chunks = samples_of(ReplaySource(f"{tmp_path}/s.npz,loop=true,start=0.1", math.inf), ECG, limit=3)
    assert [(chunk.start, chunk.values[0, 0], chunk.values.shape[1]) for chunk in chunks] == [
        (10, 10.0, 10),
        (21, 0.0, 20),
        (42, 0.0, 20),
    ]


def test_recordings_in_one_folder_follow_one_another_behind_a_gap(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("ECG\n" + f"{ord(name)}\n" * 6)
    chunks = samples_of(ReplaySource(f"{tmp_path}/a.csv+b.csv", math.inf), ECG)
    assert [(chunk.start, chunk.values[0, 0]) for chunk in chunks] == [(0, 97.0), (7, 98.0)]
    refused(f"{tmp_path}/a.csv+c.csv", ECG, r"there is no recording at .*c\.csv: check the path")


def test_wrong_option_is_one_line(tmp_path):
    (tmp_path / "s.csv").write_text("1\n" * 4)
    with pytest.raises(ConfigError, match=r"replay: unknown key 'chanels' \(did you mean 'channels'\?\)"):
        ReplaySource(f"{tmp_path}/s.csv,chanels=1", math.inf)


@pytest.mark.parametrize("head", ["", "I,II\n", "\ufeffI,II\n"])
def test_csv_with_and_without_a_header(tmp_path, head):
    (tmp_path / "s.csv").write_text(head + "1,2\n3,4\n5,6\n7,8\n", encoding="utf-8")
    np.testing.assert_array_equal(replayed(tmp_path / "s.csv", TWO), [[1, 3, 5, 7], [2, 4, 6, 8]])


def test_csv_columns_are_taken_by_name(tmp_path):
    (tmp_path / "s.csv").write_text("time,II,I\n" + "0,2,1\n" * 4)
    np.testing.assert_array_equal(replayed(tmp_path / "s.csv", TWO)[:, 0], [1, 2])
    np.testing.assert_array_equal(replayed(f"{tmp_path / 's.csv'},channels=II+time", TWO)[:, 0], [2, 0])


def test_missing_samples_are_passed_on_as_nan(tmp_path):
    (tmp_path / "s.csv").write_text("1\n\n,\nnan\n3\n4\n".replace("\n,", ""))
    np.savez(tmp_path / "w.npz", x=[[1, np.nan, 3, 4]])
    np.testing.assert_array_equal(replayed(tmp_path / "w.npz", ONE), [[1, np.nan, 3, 4]])
    np.testing.assert_array_equal(replayed(tmp_path / "s.csv", ONE), [[1, np.nan, 3, 4]])


def test_empty_cell_is_nan(tmp_path):
    (tmp_path / "s.csv").write_text("1,2\n,4\n5, \n7,8\n")
    np.testing.assert_array_equal(replayed(tmp_path / "s.csv", TWO), [[1, np.nan, 5, 7], [2, 4, np.nan, 8]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"s\.csv cannot be read \(it is empty\): get the whole file"),
        ("1,2\n3,4\n5\n", r"row 3 has 1 columns, the first has 2"),
        ("1,2\n3,x\n", "could not convert string to float: 'x'"),
        ("I,II\n1,2\n", "holds 1 samples, less than one window of 4"),
        ("I,II\n", "holds 0 samples, less than one window of 4"),
        (
            "1,2,3\n" * 4,
            r"gives 3 channels \(3 without names\), but the model takes 2 \(I, II\): choose with ,channels=",
        ),
        ("I,V5\n" + "1,2\n" * 4, r"has no channel 'II' \(there are: I, V5\): name one"),
    ],
)
def test_unusable_csv_is_one_line(tmp_path, content, message):
    (tmp_path / "s.csv").write_text(content)
    refused(tmp_path / "s.csv", TWO, message)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 2, 5))}, "holds windows of 5 samples, but the model takes 4: cut it anew"),
        ({"x": np.zeros((3, 3, 4))}, "gives 3 channels"),
        ({"x": np.zeros((0, 2, 4))}, "holds 0 samples, less than one window"),
        ({"x": np.zeros(4)}, r"x has shape \(4,\), not \(n, channels, samples\)"),
        ({"signal": np.zeros(4)}, r"signal has shape \(4,\), not \(channels, n\)"),
        ({"y": np.zeros(4)}, "it holds y, neither x nor signal"),
        ({"x": np.array([{}], dtype=object)}, "Object arrays cannot be loaded"),
        ({"x": np.array(["a"])}, "could not convert string"),
    ],
)
def test_unusable_npz_is_one_line(tmp_path, arrays, message):
    np.savez(tmp_path / "w.npz", **arrays)
    refused(tmp_path / "w.npz", TWO, message)


def test_cut_npz_is_one_line(tmp_path):
    np.savez(tmp_path / "w.npz", x=np.zeros((100, 2, 4)))
    whole = (tmp_path / "w.npz").read_bytes()
    for keep in (0, 10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "w.npz").write_bytes(whole[:keep])
        refused(tmp_path / "w.npz", TWO, r"w\.npz cannot be read \(.*\): get the whole file")


def test_changed_bytes_in_a_compressed_npz_are_one_line(tmp_path):
    np.savez_compressed(tmp_path / "w.npz", x=np.random.default_rng(0).normal(size=(100, 2, 4)))
    whole = (tmp_path / "w.npz").read_bytes()
    for position in range(100, len(whole) - 200, 150):
        (tmp_path / "w.npz").write_bytes(whole[:position] + bytes(8) + whole[position + 8 :])
        refused(tmp_path / "w.npz", TWO, r"w\.npz cannot be read \(.*\): get the whole file")


def test_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    refused("", TWO, r"\. is no \.npz, \.csv, \.edf, \.bdf or WFDB record: check the path")
    refused(tmp_path / "a.wav", TWO, r"a\.wav is no \.npz, \.csv, \.edf, \.bdf or WFDB record")


def test_real_beats_play_back_in_order(data_folder):
    beats = SignalSpec(channels=("ECG",), units="z-score", window=140, hop=140)
    with np.load(data_folder / "ecg5000.npz") as arrays:
        np.testing.assert_array_equal(replayed(data_folder / "ecg5000.npz", beats), arrays["x"].reshape(1, -1))
