from __future__ import annotations

import os
import stat
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from edgeguard.device.config import Raw
from edgeguard.device.samples import Alarm, Window
from edgeguard.device.sinks.alarm_windows import AlarmWindowsSink
from edgeguard.errors import StorageError

SHA = "ab" * 32
NOW_MS = 1_700_000_000_123


@pytest.fixture
def feed(verdict_at):
    """Gives a sink windows number `first` to `last`; a window alarm begins with those in `raised`, ends in `over`."""

    def run(sink, first, last, *, raised=(), over=(), source="ecg", samples=4):
        for k in range(first, last + 1):
            verdict = replace(verdict_at(100 * k), source=source)
            sink.keep(Window(100 * k, np.full((2, samples), k, dtype=np.float32), source=source))
            alarms = [Alarm("window", k in raised, verdict, 0.5, 0.25, 1, 0)] if k in {*raised, *over} else []
            sink.put(verdict, alarms, 0.25)

    return run


def sink_in(folder, before=2, after=3, **settings):
    raw = Raw(windows_before=before, windows_after=after, **settings)
    return AlarmWindowsSink(folder, raw, SHA, now_ms=lambda: NOW_MS)


def files_in(folder):
    found = []
    for path in sorted(folder.iterdir()):
        with np.load(path, allow_pickle=False) as arrays:
            found.append({name: arrays[name] for name in arrays})
    return found


def windows_in(folder):
    return [(file["starts"] // 100).tolist() for file in files_in(folder)]


def test_windows_before_and_after_an_alarm_are_one_file(tmp_path, feed):
    sink = sink_in(tmp_path / "raw")
    feed(sink, 0, 20, raised=[10])
    (file,) = files_in(tmp_path / "raw")
    assert file["starts"].tolist() == [800, 900, 1000, 1100, 1200, 1300]
    assert file["x"].dtype == np.float32
    assert np.array_equal(file["x"], np.arange(8, 14)[:, None, None] * np.ones((1, 2, 4)))
    assert (file["alarm_starts"].tolist(), file["alarm_kinds"].tolist()) == ([1000], ["window"])
    assert (str(file["source"]), int(file["time_ms"]), str(file["bundle_sha256"])) == ("ecg", NOW_MS, SHA)


def test_nobody_else_may_read_them_and_nothing_is_left_beside(tmp_path, feed):
    sink = sink_in(tmp_path / "raw")
    feed(sink, 0, 20, raised=[10], source="bed 7/../ä")
    (path,) = (tmp_path / "raw").iterdir()
    assert path.name == "alarm-20231114T221320.123Z-000000-bed-7-..-.npz"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_first_window_may_be_the_alarm_and_the_end_may_come_soon(tmp_path, feed):
    sink = sink_in(tmp_path)
    feed(sink, 0, 1, raised=[0])
    assert windows_in(tmp_path) == []
    sink.close()
    sink.close()
    assert windows_in(tmp_path) == [[0, 1]]


def test_alarm_without_windows_around_it_is_written_at_once(tmp_path, feed):
    feed(sink_in(tmp_path, before=0, after=0), 0, 5, raised=[5])
    assert windows_in(tmp_path) == [[5]]


def test_alarms_close_together_extend_one_file(tmp_path, feed):
    feed(sink_in(tmp_path), 0, 20, raised=[5, 7], over=[6, 8])
    assert windows_in(tmp_path) == [[3, 4, 5, 6, 7, 8, 9, 10]]
    assert files_in(tmp_path)[0]["alarm_starts"].tolist() == [500, 700]


def test_file_that_alarms_keep_extending_ends_and_the_next_goes_on(tmp_path, feed):
    feed(sink_in(tmp_path), 0, 60, raised=range(5, 60, 2))
    windows = windows_in(tmp_path)
    assert max(map(len, windows)) == 4 * (2 + 1 + 3)
    assert list(chain(*windows)) == list(range(3, 3 + sum(map(len, windows))))


def test_sources_do_not_mix(tmp_path, feed):
    sink = sink_in(tmp_path)
    for k in range(20):
        feed(sink, k, k, raised=[10], source="a")
        feed(sink, k, k, raised=[11], source="b")
    assert {str(file["source"]): (file["starts"] // 100).tolist() for file in files_in(tmp_path)} == {
        "a": [8, 9, 10, 11, 12, 13],
        "b": [9, 10, 11, 12, 13, 14],
    }


def test_rejected_windows_say_why(tmp_path, feed, verdict_at):
    sink = sink_in(tmp_path, after=1)
    sink.keep(Window(0, np.full((2, 4), np.nan, dtype=np.float32), rejected="flat", source="ecg"))
    sink.put(verdict_at(0, rejected="flat"), [], 0.25)
    feed(sink, 1, 2, raised=[1])
    (file,) = files_in(tmp_path)
    assert file["rejected"].tolist() == ["flat", "", ""]
    assert np.isnan(file["x"][0]).all()


def test_values_are_copied_when_they_are_kept(tmp_path, verdict_at):
    sink, values, verdict = sink_in(tmp_path, after=0), np.ones((2, 4), dtype=np.float32), verdict_at(0)
    sink.keep(Window(0, values))
    values[:] = 7
    sink.put(verdict, [Alarm("drift", True, verdict, 9.0, 5.0, 1, 0)], 0.25)
    assert (files_in(tmp_path)[0]["x"] == 1).all()


def test_windows_of_two_models_are_not_in_one_file(tmp_path, feed):
    sink = sink_in(tmp_path)
    feed(sink, 0, 6, raised=[5])
    sink.bundle_sha256 = "cd" * 32
    feed(sink, 7, 11, raised=[8], samples=5)
    assert windows_in(tmp_path) == [[3, 4, 5, 6], [7, 8, 9, 10, 11]]
    assert [str(file["bundle_sha256"]) for file in files_in(tmp_path)] == [SHA, "cd" * 32]


def test_oldest_files_go_and_are_counted(tmp_path, feed):
    (tmp_path / "notes.txt").write_text("not ours")
    sink = sink_in(tmp_path, before=0, after=0, max_mb=0.1)
    for k in range(20):
        feed(sink, k, k, raised=[k], samples=2000)  # 16 kB each
        (newest,) = tmp_path.glob(f"*-{k:06}-*")
        os.utime(newest, (k, k))
        assert sum(path.stat().st_size for path in tmp_path.glob("*.npz")) <= 100_000
    (tmp_path / "notes.txt").unlink()
    kept = [window for (window,) in windows_in(tmp_path)]
    assert kept == list(range(20 - len(kept), 20))
    assert (sink.deleted, len(kept), sink.lost) == (20 - len(kept), 5, 0)


def test_alarm_larger_than_the_room_is_counted_and_costs_no_other(tmp_path, feed, caplog):
    sink = sink_in(tmp_path, before=0, after=0, max_mb=0.01)
    feed(sink, 0, 0, raised=[0])
    feed(sink, 1, 2, raised=[1, 2], samples=2000)
    assert (sink.lost, sink.deleted, windows_in(tmp_path)) == (2, 0, [[0]])
    assert caplog.text.count("more than raw.max_mb: raise it, or keep fewer windows") == 1


def test_disk_that_fails_is_counted_and_the_device_goes_on(tmp_path, feed, caplog):
    sink = sink_in(tmp_path / "raw", before=0, after=0)
    (tmp_path / "raw").rmdir()
    (tmp_path / "raw").write_text("a file in the way")
    feed(sink, 0, 0, raised=[0])
    (tmp_path / "raw").unlink()
    feed(sink, 1, 1, raised=[1])
    assert (sink.lost, windows_in(tmp_path / "raw")) == (1, [[1]])
    assert caplog.text.count("the windows of an alarm are not kept") == 1


def test_leftovers_of_a_power_cut_go(tmp_path):
    (tmp_path / ".alarm-20231114T221320.123Z-000000-ecg.npz.0badcafe.tmp").write_bytes(b"half")
    sink_in(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "raw").touch()
    with pytest.raises(StorageError, match=r"raw cannot be made \(File exists\): choose another"):
        sink_in(tmp_path / "raw")
