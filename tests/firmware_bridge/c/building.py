"""Compiles the C end and the test programs: for the host with sanitizers, for an emulated Cortex-M4 without."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[2] / "firmware_bridge" / "c"
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wshadow")
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
M4 = ("-mcpu=cortex-m4", "-mthumb", "-Os", "-ffunction-sections", "-fdata-sections")
M4_LINKED = ("-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-T", str(HERE / "m4.ld"))
QEMU = ("-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none")


def tool(name):
    """Where the program `name` lies; the test skips without it, but fails on CI."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed: apt-get install clang gcc gcc-arm-none-eabi qemu-system-arm"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def run(*words, **options):
    """Run to its end; its output stands in the failure."""
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=120, **options)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
    return done.stdout


def host_program(compiler, sources, folder):
    """The program of test `sources` and the bridge, with every sanitizer."""
    program = folder / f"{Path(sources[0]).stem}-{compiler}"
    files = [SOURCE / "edgeguard_bridge.c", *(HERE / source for source in sources)]
    run(tool(compiler), *STRICT, *SANITIZED, "-I", SOURCE, *files, "-o", program)
    return program


def m4_program(source, folder):
    """The same for QEMU's Cortex-M4 board."""
    program = folder / f"{Path(source).stem}.elf"
    files = [SOURCE / "edgeguard_bridge.c", HERE / source, HERE / "port_m4.c"]
    run(tool("arm-none-eabi-gcc"), *STRICT, *M4, *M4_LINKED, "-I", SOURCE, *files, "-o", program)
    return program


def emulated(program, given, folder, *options):
    """What the M4 program makes of the input `given`."""
    (folder / "input").write_bytes(given)
    semihosting = ("-semihosting-config", "enable=on,target=native")
    run(tool("qemu-system-arm"), *QEMU, *semihosting, *options, "-kernel", program, cwd=folder)
    return (folder / "output").read_bytes()
