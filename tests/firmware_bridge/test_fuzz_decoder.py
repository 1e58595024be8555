import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is there for Linux on x86-64 and Python 3.11 on"
)


def test_nothing_that_the_fuzzer_finds_breaks_the_decoder(tmp_path):
    words = [sys.executable, "-m", "tests.firmware_bridge.fuzz_decoder", tmp_path, HERE / "corpus"]
    limits = ["-runs=4000", "-seed=1", "-max_len=1024", "-timeout=5", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run([*words, *limits], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    covered = [int(found) for found in re.findall(r"cov: (\d+)", done.stderr)]
    assert "Done 4000 runs" in done.stderr
    assert covered[-1] > 150  # the fuzzer saw inside
