from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeguard.device.sinks.json_lines import JsonLinesSink
from edgeguard.errors import StorageError


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_verdicts_are_on_disk_at_once_and_the_log_is_continued(tmp_path, manifest, verdict_at):
    path = tmp_path / "logs" / "verdicts.jsonl"
    for start in (0, 100):
        sink = JsonLinesSink(manifest, path)
        sink.put(verdict_at(start), 0.25)
        assert read(path)[-1]["start"] == start
        sink.close()
        sink.close()
    assert read(path)[0] == {
        "start": 0,
        "class": "abnormal",
        "confidence": 0.625,
        "disagreement": 0.125,
        "alarm": False,
        "exit_probabilities": [[0.25, 0.75], [0.5, 0.5]],
        "latency_ms": 0.25,
    }


def test_rejected_window_says_why(tmp_path, manifest, verdict_at):
    sink = JsonLinesSink(manifest, tmp_path / "log")
    sink.put(verdict_at(7, rejected="flat"), 0.25)
    sink.close()
    assert read(tmp_path / "log") == [{"start": 7, "rejected": "flat"}]


def test_line_cut_short_is_ended_before_the_next(tmp_path, manifest, verdict_at):
    (tmp_path / "log").write_text('{"start":1}\n{"sta')
    sink = JsonLinesSink(manifest, tmp_path / "log")
    sink.put(verdict_at(2, rejected="flat"), 0.25)
    sink.close()
    assert (tmp_path / "log").read_text() == '{"start":1}\n{"sta\n{"start":2,"rejected":"flat"}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_full_disk_is_counted_and_the_device_goes_on(manifest, verdict_at, tmp_path, caplog):
    sink = JsonLinesSink(manifest, tmp_path / "log")
    file, sink._file = sink._file, Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115 - the sink closes it
    sink.put(verdict_at(0), 0.25)
    sink.put(verdict_at(1), 0.25)
    assert sink.lost == 2
    assert caplog.text.count("fails (No space left on device): verdicts are lost") == 1
    sink.close()
    sink._file = file
    sink.put(verdict_at(2), 0.25)
    sink.close()
    assert read_last(tmp_path / "log")["start"] == 2


def read_last(path):
    return json.loads(path.read_text().splitlines()[-1])


def test_log_that_cannot_be_opened_is_one_line(tmp_path, manifest):
    with pytest.raises(StorageError, match=r"cannot be opened \(Is a directory\): choose another file"):
        JsonLinesSink(manifest, tmp_path)
