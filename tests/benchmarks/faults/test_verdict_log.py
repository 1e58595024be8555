from __future__ import annotations

from benchmarks.faults.audit import Change
from benchmarks.faults.verdict_log import read_log

ALARM = b'{"time_ms":1,"source":"a","start":7,"alarms":[{"kind":"drift","raised":true}],"confidence":0.5}\n'


def test_both_files_are_read_and_cut_lines_counted(tmp_path):
    (tmp_path / "log").write_bytes(ALARM + b'{"source":"a","sta\n\n' + ALARM.replace(b":7", b":9"))
    (tmp_path / "log.1").write_bytes(b'{"source":"b","start":3,"rejected":"flat"}\n')
    log = read_log(tmp_path / "log")
    assert [(verdict.source, verdict.start) for verdict in log.verdicts] == [("b", 3), ("a", 7), ("a", 9)]
    assert log.cut_short == 1
    assert list(log.changes()) == [Change("a", "drift", True, 7), Change("a", "drift", True, 9)]
