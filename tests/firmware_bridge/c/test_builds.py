"""What the C end is made of: strict C99 for every compiler, nothing it must not need, and its size on a Cortex-M4."""

from __future__ import annotations

import re

import pytest

from tests.firmware_bridge.c.building import HERE, M4, SOURCE, STRICT, run, tool

BRIDGE = SOURCE / "edgeguard_bridge.c"
CODE_BYTES, RAM_BYTES = 4096, 600


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "options", [("-O2",), ("-O3", "-std=c11"), ("-Os", "-funsigned-char"), ("-DEG_POSITION=uint8_t",)]
)
def test_it_compiles_without_a_warning(compiler, options, tmp_path):
    run(tool(compiler), *STRICT, *options, "-c", BRIDGE, "-o", tmp_path / "object")


def test_it_compiles_where_an_int_has_16_bits():
    if "msp430" not in run(tool("clang"), "--print-targets"):
        pytest.skip("this clang knows no MSP430")
    words = ("--target=msp430", "-ffreestanding", "-isystem", HERE / "string_stub", "-fsyntax-only")
    run(tool("clang"), *STRICT, *words, BRIDGE)


def test_cpp_takes_the_header(tmp_path):
    source = tmp_path / "main.cpp"
    source.write_text(
        '#include "edgeguard_bridge.h"\nint main() { return static_cast<int>(sizeof(eg_bridge)) == 0; }\n'
    )
    run(tool("clang"), "-Wall", "-Wextra", "-Werror", "-I", SOURCE, "-fsyntax-only", source)


def test_it_needs_string_h_and_nothing_else(tmp_path):
    run(tool("gcc"), *STRICT, "-O2", "-c", BRIDGE, "-o", tmp_path / "object")
    needed = set(re.findall(r"U _?([a-z]\w+)", run(tool("nm"), "-u", tmp_path / "object")))
    assert needed <= {"memcpy", "memset", "strchr", "strcmp", "strlen"}
    included = set(re.findall(r"#include <(.*)>", BRIDGE.read_text() + (SOURCE / "edgeguard_bridge.h").read_text()))
    assert included == {"stdbool.h", "stddef.h", "stdint.h", "string.h"}


@pytest.fixture(scope="module")
def m4_object(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m4")
    run(tool("arm-none-eabi-gcc"), *STRICT, *M4, "-c", BRIDGE, "-o", folder / "bridge.o")
    return folder / "bridge.o"


def test_its_code_is_small_on_a_cortex_m4(m4_object):
    text, data, bss = map(int, run(tool("arm-none-eabi-size"), m4_object).splitlines()[1].split()[:3])
    assert text < CODE_BYTES
    assert (data, bss) == (0, 0)


def test_an_instance_and_its_default_ring_are_small_on_a_cortex_m4(tmp_path):
    source = tmp_path / "ram.c"
    source.write_text('#include "edgeguard_bridge.h"\neg_bridge bridge;\nuint8_t ring[EG_DEFAULT_RING];\n')
    run(tool("arm-none-eabi-gcc"), *M4, "-I", SOURCE, "-c", source, "-o", tmp_path / "ram.o")
    told = run(tool("arm-none-eabi-nm"), "-S", tmp_path / "ram.o")
    size = {name: int(digits, 16) for digits, name in re.findall(r"\w+ (\w+) B (\w+)", told)}
    assert sum(size.values()) < RAM_BYTES
    readme = (SOURCE / "README.md").read_text(encoding="utf-8")
    assert f"{size['bridge']} bytes are one `eg_bridge` and {size['ring']} the ring" in readme
