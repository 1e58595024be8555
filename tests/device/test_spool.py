from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from contextlib import suppress

import pytest

from edgeguard.device.overflow import Entry
from edgeguard.device.spool import Spool
from edgeguard.errors import StorageError

ROOM = 1_000_000


@pytest.fixture
def open_spool(tmp_path):
    spools = []

    def make(max_bytes=ROOM):
        spools.append(Spool(tmp_path, max_bytes))
        return spools[-1]

    yield make
    for spool in spools:
        spool.close()


def keep(spool, *payloads, kind="telemetry"):
    return [spool.append("t", kind, [lambda _seq, payload=payload: payload])[0] for payload in payloads]


def keep_all(spool, payloads, kind="telemetry"):
    return spool.append("t", kind, [lambda _seq, payload=payload: payload for payload in payloads])


def waiting(spool):
    entries, seq = [], 0
    while (entry := spool.first_after(seq)) is not None:
        entries.append(entry.payload)
        seq = entry.seq
    return entries


def test_payload_is_given_its_number(open_spool):
    spool = open_spool()
    spool.append("t", "alert", [lambda seq: b"number %d" % seq])
    assert spool.append("t", "alert", [lambda seq: b"number %d" % seq] * 2) == [2, 3]
    assert spool.first_after(2) == Entry(3, "alert", "t", b"number 3")


def test_messages_and_numbers_survive_a_restart_and_the_boot_does_not(open_spool):
    before = open_spool()
    keep(before, b"a", b"b", b"c")
    before.acknowledge(2)
    before.acknowledge(3)
    before.close()
    after = open_spool()
    assert (waiting(after), len(after)) == ([b"a"], 1)
    assert keep(after, b"d") == [4]
    assert before.boot != after.boot


def test_acknowledged_message_is_gone_and_counted_once(open_spool):
    spool = open_spool()
    keep(spool, b"a", b"b")
    assert [spool.acknowledge(1), spool.acknowledge(1), spool.acknowledge(99)] == [True, False, False]
    assert waiting(spool) == [b"b"]


def test_full_spool_drops_the_oldest_telemetry_first_and_alerts_last(open_spool):
    spool = open_spool(max_bytes=5 * 165)  # five messages of 100 bytes
    keep(spool, b"A" * 100, kind="alert")
    for letter in b"bcdef":
        keep(spool, bytes([letter]) * 100)
    assert [payload[:1] for payload in waiting(spool)] == [b"A", b"c", b"d", b"e", b"f"]
    for letter in b"GHIJ":
        keep(spool, bytes([letter]) * 100, kind="alert")
    assert [payload[:1] for payload in waiting(spool)] == [b"A", b"G", b"H", b"I", b"J"]
    keep(spool, b"k" * 100, kind="ack")
    keep(spool, b"L" * 100, kind="alert")
    assert [payload[:1] for payload in waiting(spool)] == [b"G", b"H", b"I", b"J", b"L"]
    assert (spool.dropped, len(spool)) == ({"telemetry": 5, "ack": 1, "alert": 1}, 5)


def test_room_is_counted_again_after_a_restart(open_spool):
    first = open_spool(max_bytes=330)
    keep(first, b"a" * 100, b"b" * 100)
    first.close()
    spool = open_spool(max_bytes=330)
    keep(spool, b"c" * 100)
    assert [payload[:1] for payload in waiting(spool)] == [b"b", b"c"]


def test_second_process_is_refused(open_spool, tmp_path):
    open_spool()
    with pytest.raises(StorageError, match=r"database is locked\): stop the other edgeguard"):
        Spool(tmp_path, ROOM)


@pytest.mark.parametrize("damage", ["not a database", "page", "header"])
def test_damaged_file_is_moved_aside_and_a_new_one_begun(open_spool, tmp_path, damage):
    spool = open_spool()
    keep(spool, *[b"x" * 1000] * 50)
    spool.close()
    file = tmp_path / "outbox.sqlite3"
    content = bytearray(file.read_bytes())
    if damage == "page":
        content[4096 : 4 * 4096] = b"\xff" * (3 * 4096)
    else:
        content[:100] = b"?" * 100
    file.write_bytes(content if damage != "not a database" else b"hello")
    new = open_spool()
    assert new.moved_aside == tmp_path / "outbox.sqlite3.damaged"
    assert new.moved_aside.exists()
    assert keep(new, b"a") == [1]


@pytest.fixture
def fail():
    """Makes the disk of a spool fail, or work again."""
    return lambda spool, yes: spool._database.execute(f"PRAGMA query_only = {yes}")


def test_what_the_disk_does_not_take_is_held_in_memory_and_written_later(open_spool, fail, caplog):
    spool = open_spool()
    keep(spool, b"a")
    fail(spool, True)
    assert keep(spool, b"b", b"c") == [2, 3]
    assert (waiting(spool), len(spool), spool.dropped) == ([b"a", b"b", b"c"], 3, {})
    assert spool.acknowledge(2)
    assert caplog.text.count("free some space or mend the disk; messages are held in memory until then") == 1
    fail(spool, False)
    spool.settle()
    spool.close()
    assert waiting(open_spool()) == [b"a", b"c"]


def test_memory_is_bounded_and_drops_alerts_last(open_spool, fail):
    spool = open_spool(max_bytes=3 * 165)
    fail(spool, True)
    keep(spool, b"A" * 100, kind="alert")
    keep(spool, b"b" * 100, b"c" * 100, b"d" * 100)
    keep(spool, b"E" * 100, kind="alert")
    assert [payload[:1] for payload in waiting(spool)] == [b"A", b"d", b"E"]
    fail(spool, False)
    assert keep(spool, b"f" * 100) == [6]
    assert [payload[:1] for payload in waiting(spool)] == [b"A", b"E", b"f"]
    assert spool.dropped == {"telemetry": 3}


def test_kinds_can_be_skipped_on_disk_and_in_memory(open_spool, fail):
    spool = open_spool()
    for failing in (False, True):
        fail(spool, failing)
        keep(spool, b"a")
        keep(spool, b"B", kind="alert")
    found = [spool.first_after(seq, ["telemetry", "ack"]) for seq in (0, 2)]
    assert [entry.seq for entry in found] == [2, 4]
    assert spool.first_after(0, ["telemetry", "alert"]) is None


def test_what_was_dropped_is_still_known_after_a_restart(open_spool, fail):
    first = open_spool(max_bytes=330)
    keep(first, *[b"x" * 100] * 3)
    fail(first, True)
    keep(first, *[b"x" * 100] * 3, kind="alert")
    fail(first, False)
    first.close()
    spool = open_spool(max_bytes=330)
    assert spool.dropped == {"telemetry": 3, "alert": 1}
    keep(spool, b"x" * 100, kind="ack")
    assert spool.dropped == {"telemetry": 3, "ack": 1, "alert": 1}


def size_on_disk(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def test_file_is_small_again_once_the_broker_has_everything(open_spool, tmp_path):
    spool = open_spool(max_bytes=10**7)
    for _ in range(10):
        keep_all(spool, [b"x" * 9000] * 100)
    full = size_on_disk(tmp_path)
    for seq in range(1, 1001):
        spool.acknowledge(seq)
    assert full > 9 * 10**6
    assert size_on_disk(tmp_path) < 3 * 2**20


def fill(disk):
    """Leave no room on it; the file to remove again."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return ballast


@pytest.fixture
def disk(tmp_path):
    """A file system of two megabytes of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if sys.platform != "linux" or subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_full_disk_keeps_what_it_has_and_takes_more_once_there_is_room(disk):
    spool = Spool(disk, ROOM)
    keep(spool, b"before")
    ballast = fill(disk)
    keep_all(spool, [b"x" * 1000] * 500)
    assert size_on_disk(disk) == 2 * 2**20
    ballast.unlink()
    assert keep(spool, b"after") == [502]
    spool.close()
    fill(disk)
    again = Spool(disk, ROOM)
    assert (waiting(again), again.dropped) == ([b"before", *[b"x" * 1000] * 500, b"after"], {})
    again.close()


def test_messages_come_and_go_on_a_full_disk_that_the_spool_was_on_before(disk):
    spool = Spool(disk, ROOM)
    for seq in keep_all(spool, [b"x" * 1000] * 300):
        spool.acknowledge(seq)
    fill(disk)
    for _ in range(300):
        (seq,) = keep(spool, b"x" * 1000)
        assert spool.acknowledge(seq)
    assert (spool.dropped, len(spool._overflow)) == ({}, 0)
    spool.close()


def read_all(spool):
    with pytest.raises(StorageError, match="malformed"):
        waiting(spool)


@pytest.mark.parametrize("found_by", [read_all, lambda _spool: None])
def test_file_damaged_while_it_is_open_is_moved_aside_and_numbers_go_on(open_spool, tmp_path, found_by):
    spool = open_spool()
    keep_all(spool, [b"x" * 1000] * 500)
    spool._row("PRAGMA wal_checkpoint(TRUNCATE)")
    spool._row("PRAGMA cache_size = 1")
    with (tmp_path / "outbox.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 400_000)
    found_by(spool)
    assert keep(spool, b"a") == [501]
    assert (waiting(spool), spool.dropped) == ([b"a"], {"telemetry": 500})
    assert (tmp_path / "outbox.sqlite3.damaged").exists()


def test_older_copy_put_back_repeats_no_number_of_the_same_boot(open_spool, tmp_path):
    first = open_spool()
    keep(first, b"a")
    first.close()
    copy = (tmp_path / "outbox.sqlite3").read_bytes()
    second = open_spool()
    keep(second, b"b")
    second.close()
    (tmp_path / "outbox.sqlite3").write_bytes(copy)
    third = open_spool()
    assert keep(third, b"c") == [2]
    assert len({first.boot, second.boot, third.boot}) == 3


def test_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be made \(Not a directory\): choose another"):
        Spool(tmp_path / "file" / "spool", ROOM)


def test_threads_do_not_get_in_each_others_way(open_spool):
    spool = open_spool()
    acknowledger = threading.Thread(target=lambda: [spool.acknowledge(seq) for seq in range(1, 51)])
    keep(spool, *[b"x"] * 50)
    acknowledger.start()
    keep(spool, *[b"y"] * 20)
    acknowledger.join()
    assert waiting(spool) == [b"y"] * 20


WRITER = """
import sys
from pathlib import Path
from edgeguard.device.spool import Spool

spool = Spool(Path(sys.argv[1]), 10**8)
print("open", flush=True)
while True:
    (seq,) = spool.append("t", "alert", [lambda seq: b"%d" % seq])
    print("kept", seq, flush=True)
    if seq % 3 == 0:
        print("forgets", seq, flush=True)
        spool.acknowledge(seq)
"""


@pytest.mark.parametrize("lines", [2, 17, 60])
def test_kill_9_loses_nothing_that_was_kept(tmp_path, lines):
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline().split() for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        said += [line.split() for line in process.stdout if line.endswith("\n")]
    kept = {int(line[1]) for line in said if line[0] == "kept"}
    forgotten = {int(line[1]) for line in said if line[0] == "forgets"}
    spool = Spool(tmp_path, ROOM)
    found = {int(payload) for payload in waiting(spool)}
    (next_seq,) = keep(spool, b"x")
    spool.close()
    assert kept - forgotten <= found
    assert found <= kept | {max(kept, default=0) + 1}  # it may have died between the disk and the line
    assert next_seq > max(kept)


def test_file_is_a_plain_sqlite_database(open_spool, tmp_path):
    spool = open_spool()
    keep(spool, b"payload")
    spool.close()
    database = sqlite3.connect(tmp_path / "outbox.sqlite3")
    assert database.execute("SELECT seq, kind, topic, payload FROM message").fetchall() == [
        (1, "telemetry", "t", b"payload")
    ]
    database.close()
