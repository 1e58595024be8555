from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks.bridge_codec import command
from benchmarks.bridge_codec_table import bridge_codec


def test_measures_both_ends_and_the_peer_in_every_case(tmp_path):
    done = CliRunner().invoke(command, ["--minutes", "1", "--turns", "1", "--results", str(tmp_path)])
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "bridge-codec.json").read_text(encoding="utf-8"))
    assert result["scale"] == "reduced: 1 minutes, 1 turns"
    assert list(bridge_codec(result["figures"]))[2].startswith("| 16 bit, packed")
    cases = result["figures"]["cases"]
    assert [(case["width_bits"], case["delta"]) for case in cases] == [(16, False), (16, True), (24, False), (24, True)]
    assert all(case[end].keys() == {"encode_cpu_s", "decode_cpu_s"} for case in cases for end in ("ours", "peer"))
    assert cases[1]["wire_bytes_per_value"] < cases[0]["wire_bytes_per_value"]
