from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from benchmarks.bridge_size import AIM, SIGNALS, TARGETS, command
from benchmarks.bridge_size_table import bridge_instructions, bridge_size
from tests.firmware_bridge.c.building import tool


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    for program in ("gcc", "arm-none-eabi-gcc", "qemu-system-arm"):
        tool(program)
    folder = tmp_path_factory.mktemp("results")
    result = CliRunner().invoke(command, ["--samples", "320", "--results", str(folder)])
    assert result.exit_code == 0, result.output
    return json.loads((folder / "bridge-size.json").read_text(encoding="utf-8"))["figures"]


def test_the_sizes_keep_to_the_aims(figures):
    for target in ("cortex-m4", "cortex-m0plus"):
        assert figures["targets"][target]["code_bytes"] < AIM["code_bytes"]
        assert figures["targets"][target]["ram_bytes"] < AIM["ram_bytes"]
        assert figures["targets"][target]["static_bytes"] == 0


def test_functions_make_up_the_code(figures):
    size = figures["targets"]["cortex-m4"]
    strings = 40  # which have no symbol, and what aligns
    assert 0 <= size["code_bytes"] - sum(size["functions"].values()) < strings + 4 * len(size["functions"])


def test_more_channels_take_more_instructions(figures):
    counted = figures["instructions_per_sample"]
    for what in ("push", "poll", "bytes"):
        assert counted["2 channels, 24 bits, packed"][what] < counted["8 channels, 24 bits, packed"][what]


def test_the_tables_have_a_row_for_each(figures):
    assert len(list(bridge_size(figures))) == 2 + len(TARGETS)
    assert len(list(bridge_instructions(figures))) == 2 + len(SIGNALS)


def test_missing_programs_are_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(command, ["--results", str(tmp_path)])
    assert result.exit_code == 1
    assert "apt-get install" in result.output
    assert not list(tmp_path.iterdir())
