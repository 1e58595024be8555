"""The examples: compiled, and the generic one run on an emulated Cortex-M4 with the Python end at its UART."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import contextmanager

import pytest

from tests.firmware_bridge.c.building import HERE, M4, M4_LINKED, SOURCE, STRICT, run, tool
from tests.firmware_bridge.c.listening import is_the_signal, streamed

GENERIC = SOURCE / "examples" / "generic"
ZEPHYR = SOURCE / "examples" / "zephyr"
INCLUDED = ("-I", SOURCE, "-I", GENERIC)


@pytest.mark.parametrize("compiler", ["gcc", "clang", "arm-none-eabi-gcc"])
def test_the_generic_example_compiles(compiler, tmp_path):
    machine = M4 if compiler.startswith("arm") else ()
    for source in ("main.c", "board.c"):
        run(tool(compiler), *STRICT, *machine, *INCLUDED, "-c", GENERIC / source, "-o", tmp_path / "object")


@pytest.mark.parametrize("source", ["main.c", "link_uart.c", "link_nus.c"])
def test_the_zephyr_example_is_right_against_stubs(source):
    words = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-fsyntax-only")
    named = '-DCONFIG_BT_DEVICE_NAME="wearable"'
    run(tool("gcc"), *words, named, "-I", HERE / "zephyr_stubs", "-I", SOURCE, ZEPHYR / "src" / source)


def test_the_zephyr_example_is_built_of_the_files_that_are_there():
    told = (ZEPHYR / "CMakeLists.txt").read_text(encoding="utf-8")
    assert all(f"src/{source.name}" in told for source in ZEPHYR.glob("src/*.c"))


@contextmanager
def flashed(folder):
    """The path of the UART of an emulated board that runs the generic example."""
    program = folder / "generic.elf"
    sources = (GENERIC / "main.c", SOURCE / "edgeguard_bridge.c", HERE / "board_mps2.c")
    run(tool("arm-none-eabi-gcc"), *STRICT, *M4, *M4_LINKED, *INCLUDED, *sources, "-o", program)
    words = ("-M", "mps2-an386", "-display", "none", "-monitor", "none", "-chardev", "pty,id=uart")
    board = [tool("qemu-system-arm"), *words, "-serial", "chardev:uart", "-kernel", program]
    with subprocess.Popen(board, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield next(word for word in process.stdout.readline().split() if word.startswith("/dev/"))
        finally:
            process.terminate()


def test_the_generic_example_streams_from_a_cortex_m4(tmp_path):
    with flashed(tmp_path) as path:
        client, heard = asyncio.run(streamed(path, 200, rate_hz=500))
    is_the_signal(heard)
    assert (client.session.hello.device, client.session.hello.rate_hz) == ("chest-0042", 500)
    assert (client.decoder.counts.rejected, client.session.counts.lost_frames) == (0, 0)
