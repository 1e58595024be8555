from __future__ import annotations

import pytest

from edgeguard.bundle import signature
from tests.tiny_model import write_tiny_bundle


@pytest.fixture(autouse=True)
def given(tmp_path):
    """A bundle and a recording in the folder in which the commands run."""
    write_tiny_bundle(tmp_path / "tiny.zip")
    (tmp_path / "ecg.csv").write_text("I,II\n" + "0,0\n" * 50)


def test_each_finding_is_a_line_and_nothing_wrong_is_status_0(edgeguard):
    status, out, err = edgeguard("device", "check", "tiny.zip", "--source", "bed-7=ecg.csv")
    assert (status, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()} == {"ok", "note"}
    assert "ok     source bed-7: recorded, I+II in mV at 100 Hz; samples come\n" in out


def test_what_is_wrong_is_status_1_and_the_rest_is_still_tried(edgeguard, tmp_path):
    signature.make_key_pair(tmp_path / "maker.key", tmp_path / "maker.pub")
    status, out, err = edgeguard("device", "check", "tiny.zip", "--source", "ecg.csv", "--key", "maker.pub")
    assert (status, err, out.splitlines()[1][:14]) == (1, "", "wrong  bundle:")
    assert out.splitlines()[-1].startswith("ok     clock: ")


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ("[sorce]", "device.toml: unknown key 'sorce' (did you mean 'source'?)"),
        ("[[source]]\nname = 'a'\nspec = 'x'\n" * 2, "device.toml: two sources are called 'a'"),
        ("=", "device.toml cannot be read as TOML"),
    ],
)
def test_wrong_config_is_one_line(edgeguard, tmp_path, config, text):
    (tmp_path / "device.toml").write_text(config)
    status, out, err = edgeguard("device", "check", "--config", "device.toml")
    assert (status, err, out.count("\n")) == (1, "", 1)
    assert out.startswith(f"wrong  config: {text}")


def test_config_is_checked_as_run_reads_it(edgeguard, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "device.toml").write_text(
        '[bundle]\npath = "../tiny.zip"\n[[source]]\nname = "a"\nspec = "../ecg.csv"\n[raw]\nfolder = "raw"\n'
    )
    status, out, _ = edgeguard("device", "check", "--config", "etc/device.toml")
    assert status == 0
    assert "ok     config: etc/device.toml, every key known\n" in out
    assert "ok     source a: recorded, " in out
    assert "ok     raw windows: etc/raw, at most 64 MB, " in out
