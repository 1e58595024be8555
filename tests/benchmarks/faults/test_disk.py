from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.faults.disk import SmallDisk

WRITER = """
import sys
for line in sys.stdin:
    try:
        with open(sys.argv[1], "ab", buffering=0) as file:
            print("wrote" if file.write(b"x" * 5000) == 5000 else "in part", flush=True)
    except OSError:
        print("full", flush=True)
"""


@pytest.fixture
def disk(tmp_path):
    disk = SmallDisk(tmp_path / "disk", 4)
    yield disk
    disk.close()


def test_a_full_disk_takes_nothing_until_it_is_freed(disk):
    words = [sys.executable, "-c", WRITER, str(disk.folder / "file")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as writer:

        def attempt():
            writer.stdin.write("\n")
            return writer.stdout.readline().strip()

        assert attempt() == "wrote"
        disk.fill(writer.pid)
        assert attempt() in {"full", "in part"}
        disk.free(writer.pid)
        assert attempt() == "wrote"
        writer.stdin.close()
