from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edgeguard.device.samples import Alarm
from edgeguard.device.sinks.json_lines import JsonLinesSink
from edgeguard.errors import StorageError

NOW_MS = 1_700_000_000_000


@pytest.fixture
def sink_at(manifest):
    """Opens a log with a clock that stands still; all are closed at the end."""
    opened = []

    def make(path, max_bytes=10**6):
        opened.append(JsonLinesSink(manifest, path, max_bytes, now_ms=lambda: NOW_MS))
        return opened[-1]

    yield make
    for sink in opened:
        sink.close()


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def rejected_line(start):
    return f'{{"time_ms":{NOW_MS},"source":"","start":{start},"rejected":"flat"}}\n'


def test_verdicts_are_on_disk_at_once_and_the_log_is_continued(tmp_path, sink_at, verdict_at):
    path = tmp_path / "logs" / "verdicts.jsonl"
    for start in (0, 100):
        sink = sink_at(path)
        sink.put(verdict_at(start), [], 0.25)
        assert read(path)[-1]["start"] == start
        sink.close()
        sink.close()
    assert read(path)[0] == {
        "time_ms": NOW_MS,
        "source": "",
        "start": 0,
        "class": "abnormal",
        "confidence": 0.625,
        "disagreement": 0.125,
        "alarm": False,
        "alarms": [],
        "stages": 2,
        "exit_probabilities": [[0.25, 0.75], [0.5, 0.5]],
        "latency_ms": 0.25,
    }


def test_alarms_that_begin_or_end_are_in_the_line(tmp_path, sink_at, verdict_at):
    verdict = verdict_at(0, disagreement=0.5)
    alarms = [
        Alarm("window", True, verdict, 0.5, 0.25, windows=1, suppressed=0),
        Alarm("drift", False, verdict, 0.0, 5.0, windows=9, suppressed=0),
    ]
    sink_at(tmp_path / "log").put(verdict, alarms, 0.25)
    (line,) = read(tmp_path / "log")
    assert line["alarms"] == [{"kind": "window", "raised": True}, {"kind": "drift", "raised": False}]


def test_rejected_window_says_why(tmp_path, sink_at, verdict_at):
    sink_at(tmp_path / "log").put(verdict_at(7, rejected="flat"), [], 0.25)
    assert (tmp_path / "log").read_text() == rejected_line(7)


def test_line_cut_short_is_ended_before_the_next(tmp_path, sink_at, verdict_at):
    (tmp_path / "log").write_text('{"start":1}\n{"sta')
    sink_at(tmp_path / "log").put(verdict_at(2, rejected="flat"), [], 0.25)
    assert (tmp_path / "log").read_text() == '{"start":1}\n{"sta\n' + rejected_line(2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_full_disk_is_counted_and_the_device_goes_on(sink_at, verdict_at, tmp_path, caplog):
    sink = sink_at(tmp_path / "log")
    file, sink._file = sink._file, Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115 - the sink closes it
    sink.put(verdict_at(0), [], 0.25)
    sink.put(verdict_at(1), [], 0.25)
    assert sink.lost == 2
    assert caplog.text.count("fails (No space left on device): verdicts are lost") == 1
    sink.close()
    sink._file = file
    sink.put(verdict_at(2), [], 0.25)
    sink.close()
    assert json.loads((tmp_path / "log").read_text().splitlines()[-1])["start"] == 2


def test_log_that_cannot_be_opened_is_one_line(tmp_path, sink_at):
    with pytest.raises(StorageError, match=r"cannot be opened \(Is a directory\): choose another file"):
        sink_at(tmp_path)


def test_file_and_its_predecessor_never_take_more_than_the_cap(tmp_path, sink_at, verdict_at):
    path, old = tmp_path / "log", tmp_path / "log.1"
    sink = sink_at(path, max_bytes=1000)
    for start in range(1000, 1100):
        sink.put(verdict_at(start, rejected="flat"), [], 0.25)
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 1000
    starts = [line["start"] for line in read(old) + read(path)]
    assert starts == list(range(starts[0], 1100))
    assert len(starts) > 500 // len(rejected_line(1000))
    assert sink.lost == 0


def test_restart_goes_on_below_the_cap(tmp_path, sink_at, verdict_at):
    for start in range(1000, 1050):
        sink = sink_at(tmp_path / "log", max_bytes=1000)
        sink.put(verdict_at(start, rejected="flat"), [], 0.25)
        sink.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 1000


def test_files_from_a_larger_cap_go(tmp_path, sink_at, verdict_at, caplog):
    for name in ("log", "log.1"):
        (tmp_path / name).write_text("{}\n" * 1000)
    sink_at(tmp_path / "log", max_bytes=1000).put(verdict_at(5, rejected="flat"), [], 0.25)
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert (tmp_path / "log").read_text() == rejected_line(5)
    assert caplog.text.count("was larger than half of what logs may take: it is gone") == 2


def test_rename_that_fails_is_counted_and_logged(tmp_path, sink_at, verdict_at, caplog):
    sink = sink_at(tmp_path / "log", max_bytes=1000)
    (tmp_path / "log.1").mkdir()
    (tmp_path / "log.1" / "in the way").touch()
    for start in range(20):
        sink.put(verdict_at(start, rejected="flat"), [], 0.25)
    kept = len(read(tmp_path / "log"))
    assert (sink.lost, caplog.text.count("verdicts are lost until it is mended")) == (20 - kept, 1)
    assert 0 < (tmp_path / "log").stat().st_size <= 500
    (tmp_path / "log.1" / "in the way").unlink()
    (tmp_path / "log.1").rmdir()
    sink.put(verdict_at(20, rejected="flat"), [], 0.25)
    assert read(tmp_path / "log")[0]["start"] == 20


def test_lines_larger_than_the_cap_are_counted_and_cost_no_other(tmp_path, sink_at, verdict_at, caplog):
    sink = sink_at(tmp_path / "log", max_bytes=200)
    sink.put(verdict_at(0, rejected="flat"), [], 0.25)
    for start in (1, 2, 3):
        sink.put(verdict_at(start), [], 0.25)
    assert ((tmp_path / "log.1").read_text(), sink.lost) == (rejected_line(0), 3)
    assert caplog.text.count("it may take less than one line") == 1


def test_somebody_who_follows_the_file_sees_every_line(tmp_path, sink_at, verdict_at):
    sink, seen = sink_at(tmp_path / "log", max_bytes=1000), []
    following = (tmp_path / "log").open()
    for start in range(100):
        sink.put(verdict_at(start, rejected="flat"), [], 0.25)
        seen += following.readlines()
        if (tmp_path / "log").stat().st_ino != os.fstat(following.fileno()).st_ino:
            following.close()
            following = (tmp_path / "log").open()
            seen += following.readlines()
    following.close()
    assert [json.loads(line)["start"] for line in seen] == list(range(100))


@pytest.mark.parametrize("how", ["moved", "removed"])
def test_file_that_is_moved_or_removed_is_begun_anew(tmp_path, sink_at, verdict_at, how):
    sink = sink_at(tmp_path / "log")
    sink.put(verdict_at(0, rejected="flat"), [], 0.25)
    if how == "moved":
        (tmp_path / "log").rename(tmp_path / "elsewhere")
    else:
        (tmp_path / "log").unlink()
    sink.tick()
    sink.put(verdict_at(1, rejected="flat"), [], 0.25)
    sink.tick()
    assert (tmp_path / "log").read_text() == rejected_line(1)
