from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from benchmarks.faults.clock import LIBFAKETIME, JumpingClock
from tests.brokers import eventually

CLOCKS = """
import time
import sys
for line in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)
"""


@pytest.mark.skipif(LIBFAKETIME is None, reason="libfaketime is not installed: apt-get install faketime")
def test_the_wall_clock_jumps_and_the_monotonic_one_does_not(tmp_path):
    clock = JumpingClock(tmp_path / "clock")
    environment = {**os.environ, **clock.environment()}
    words = [sys.executable, "-c", CLOCKS]
    with subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def jumped_by(hours):
            process.stdin.write("\n")
            wall, monotonic = map(float, process.stdout.readline().split())
            return abs(wall - time.time() - 3600 * hours) < 60 and abs(monotonic - time.monotonic()) < 60

        for hours in (0, 5, -3):
            clock.jump(3600 * hours)
            eventually(lambda hours=hours: jumped_by(hours))
        process.stdin.close()
