from __future__ import annotations

from click.testing import CliRunner

from benchmarks.device_throughput import command


def test_missing_bundle_is_one_line(tmp_path):
    result = CliRunner().invoke(command, ["--bundle", str(tmp_path / "nowhere"), "--results", str(tmp_path)])
    assert result.exit_code == 1
    assert "there is no bundle at" in result.output
    assert not list(tmp_path.iterdir())
