"""A short run of the fuzz target; fuzz.c says how to run it for long."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.firmware_bridge.c.building import HERE, SOURCE, STRICT, run, tool

CORPUS = HERE / "corpus"
RUNS = 3000


@pytest.fixture(scope="module")
def fuzz(build):
    program = build / "fuzz"
    sanitized = ("-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
    words = (tool("clang"), *STRICT, *sanitized, "-I", SOURCE, SOURCE / "edgeguard_bridge.c", HERE / "fuzz.c")
    done = subprocess.run([*map(str, words), "-o", program], capture_output=True, text=True, check=False)
    if done.returncode and "libclang_rt.fuzzer" in done.stderr and os.environ.get("CI") != "true":
        pytest.skip("this clang has no libFuzzer: apt-get install libclang-rt-dev, or brew install llvm")
    assert done.returncode == 0, done.stderr
    return program


def test_nothing_that_comes_breaks_the_bridge(fuzz, tmp_path):
    found = tmp_path / "found"
    found.mkdir()
    run(fuzz, f"-runs={RUNS}", "-seed=1", "-max_len=300", "-timeout=5", found, CORPUS, cwd=tmp_path)


def test_the_corpus_is_small():
    assert sum(one.stat().st_size for one in CORPUS.iterdir()) < 8192
