from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks.bridge_loss import WIRES, Account, command
from benchmarks.tables import table


def test_every_wire_is_measured_and_shown(tmp_path):
    done = CliRunner().invoke(command, ["--samples", "2000", "--results", str(tmp_path)])
    assert done.exit_code == 0, done.output
    written = json.loads((tmp_path / "bridge-loss.json").read_text())
    assert written["scale"].startswith("reduced: 2000")
    assert [row["wire"] for row in written["figures"]["wires"]] == [wire.name for wire in WIRES]
    assert table("bridge-loss", tmp_path).count("| 2,000 |") >= len(WIRES)


def test_an_account_is_complete_only_when_all_is_right_and_counted():
    good = {"sent": 10, "delivered": 7, "counted": 7, "missing": 3}
    assert Account(**good).complete
    for flaw in ({"missing": 2}, {"wrong": 1}, {"repeated": 1}, {"misplaced": 1}, {"counted": 6}):
        assert not Account(**{**good, **flaw}).complete
