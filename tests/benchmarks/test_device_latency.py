from __future__ import annotations

import json

from click.testing import CliRunner

from benchmarks.device_latency import command
from tests.tiny_model import write_tiny_bundle


def test_measured_figures_are_written_with_the_facts(tmp_path):
    bundle = write_tiny_bundle(tmp_path / "tiny.zip")
    words = ["--bundle", str(tmp_path / "tiny.zip"), "--windows", "50", "--results", str(tmp_path)]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "device-latency.json").read_text())
    assert set(written) == {"command", "commit", "date", "machine", "scale", "seeds", "figures"}
    assert {"cores", "memory_gib", "accelerator", "libraries"} <= set(written["machine"])
    figures = written["figures"]
    assert figures["bundle_sha256"] == bundle.sha256
    assert 0 < figures["onnxruntime_us"]["p50"] < figures["pipeline_us"]["p50"]
    assert figures["added_us"]["p50"] > 0


def test_missing_bundle_is_one_line(tmp_path):
    result = CliRunner().invoke(command, ["--bundle", str(tmp_path / "nowhere"), "--results", str(tmp_path)])
    assert result.exit_code == 1
    assert "there is no bundle at" in result.output
    assert not list(tmp_path.iterdir())
