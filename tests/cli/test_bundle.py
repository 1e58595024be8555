from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from edgeguard.bundle import signature
from edgeguard.bundle.content import read_content, write_content
from edgeguard.bundle.reader import digests_of
from tests.tiny_model import write_tiny_bundle


@pytest.fixture
def signed(tmp_path):
    """tiny.zip signed by maker.key, and another pair other.key."""
    for name in ("maker", "other"):
        signature.make_key_pair(tmp_path / f"{name}.key", tmp_path / f"{name}.pub")
    write_tiny_bundle(tmp_path / "tiny.zip", signature.load_private_key(tmp_path / "maker.key"))


def test_verify_says_what_was_checked(edgeguard, signed):
    assert edgeguard("bundle", "verify", "tiny.zip")[1] == (
        "tiny 1.0.0: 8 files, all as in the manifest\nsignature: present, not checked: give --key\n"
    )
    status, out, _ = edgeguard("bundle", "verify", "tiny.zip", "--key", "other.pub", "--key", "maker.pub", "--run")
    assert status == 0
    assert "signature: by trusted key" in out
    assert len(re.findall(r"onnxruntime(-staged)?: golden vectors within \S+e-0\d, 0.001 is allowed", out)) == 2


def test_show_prints_every_fact(edgeguard, signed):
    status, out, _ = edgeguard("bundle", "show", "tiny.zip")
    assert status == 0
    for fact in [
        "I, II in mV at 100 Hz",
        "20 samples every 10; as they come",
        "normal, abnormal",
        "block1, block2, final; combined by mean, temperature 1",
        "mutual_information over 0.05",
        "at most 1.00% of clean windows (200 calibrated)",
        "1.20% of clean test windows (95 % interval 0.40% to 2.80%)",
        "for this signal in float32, fingerprint ",
        "f1 0.98",
        "recipe tiny, seed 0, 2026-01-01",
        "present, not checked: give --key",
        "stages/stage_3.onnx",
    ]:
        assert fact in out


def test_show_says_so_of_a_bundle_that_does_not_tell_what_its_threshold_is_for(edgeguard, tmp_path):
    write_tiny_bundle(tmp_path / "old.zip", format=1)
    status, out, _ = edgeguard("bundle", "show", "old.zip")
    assert status == 0
    assert "calibrated  for what, is not known: the bundle is of the earlier format 1\n" in out


def test_what_a_bundle_says_cannot_steer_the_terminal(edgeguard, tmp_path):
    write_tiny_bundle(tmp_path / "evil.zip", metrics={"\x1b[2Jf1\rx": 1.0})
    out = edgeguard("bundle", "show", "evil.zip")[1]
    assert "?[2Jf1 x" in out
    assert not re.search(r"[\x1b\r]", out)


def test_pack_there_and_back(edgeguard, signed, tmp_path):
    assert edgeguard("bundle", "pack", "tiny.zip", "-o", "folder")[0] == 0
    assert edgeguard("bundle", "pack", "folder", "-o", "again.zip")[0] == 0
    assert (tmp_path / "again.zip").read_bytes() == (tmp_path / "tiny.zip").read_bytes()
    assert edgeguard("bundle", "pack", "folder", "-o", "ours.zip", "--sign", "other.key")[0] == 0
    assert edgeguard("bundle", "verify", "ours.zip", "--key", "other.pub")[0] == 0


def spoil(tmp_path, how):
    """Write bad.zip or the folder bad, spoiled in one way."""
    content = read_content(tmp_path / "tiny.zip")
    manifest = json.loads(content["manifest.json"])
    changes = {
        "altered": {"model.onnx": content["model.onnx"][:-1] + b"?"},
        "longer": {"model.onnx": content["model.onnx"] + b"?"},
        "extra": {"extra.bin": b""},
        "newer": {"manifest.json": json.dumps({**manifest, "format": 3}).encode()},
        "malformed": {"manifest.json": b'{"format": 1'},
        "missing": {"stages/stage_2.onnx": None},
        "no manifest": {"manifest.json": None},
    }.get(how, {})
    content = {name: data for name, data in {**content, **changes}.items() if data is not None}
    if how == "partly signed":
        digests = {name: digest for name, digest in digests_of(content).items() if name != "manifest.json"}
        content["signature.json"] = signature.sign("tiny", digests, signature.load_private_key(tmp_path / "maker.key"))
    elif how != "signed":
        del content["signature.json"]
    write_content(tmp_path / "bad.zip", content)
    if how == "cut short":
        (tmp_path / "bad.zip").write_bytes((tmp_path / "bad.zip").read_bytes()[:-200])


@pytest.mark.parametrize(
    ("how", "key", "message"),
    [
        ("altered", None, "model.onnx was altered: get an intact bundle"),
        ("longer", None, "model.onnx has 947 bytes and should have 946: get an intact bundle"),
        ("extra", None, "extra.bin is not listed in manifest.json: remove it, or get an intact bundle"),
        ("newer", None, "bundle format 3 is newer than 2, the newest read here: upgrade edgeguard"),
        ("malformed", None, "manifest.json is damaged (Input data was truncated): get an intact bundle"),
        ("missing", None, "stages/stage_2.onnx is missing: get an intact bundle"),
        ("no manifest", None, "there is no manifest.json in it: give the folder or .zip of a bundle"),
        ("cut short", None, "it is cut short or no zip (its table of contents is gone): get an intact bundle"),
        ("unsigned", "maker", "it is not signed, and a signature is required here: sign it with a trusted key"),
        ("signed", "other", "get it from its maker, or trust that key"),
        ("partly signed", "maker", "manifest.json is not what was signed: get an intact bundle"),
    ],
)
def test_every_refusal_is_one_line_and_status_1(edgeguard, signed, tmp_path, how, key, message):
    spoil(tmp_path, how)
    status, out, err = edgeguard("bundle", "verify", "bad.zip", *(["--key", f"{key}.pub"] if key else []))
    assert (status, out) == (1, "")
    assert re.fullmatch(r"error: bundle bad\.zip: [^\n]*\n", err)
    assert message in err


def test_engine_that_disagrees_is_refused(edgeguard, tmp_path):
    bundle = write_tiny_bundle(tmp_path / "a.zip")
    other = write_tiny_bundle(
        tmp_path / "b.zip", content={"stages/stage_3.onnx": bundle.content["stages/stage_2.onnx"]}
    )
    assert other.manifest.name == "tiny"
    status, out, err = edgeguard("bundle", "verify", "b.zip", "--run")
    assert status == 1
    assert "onnxruntime: golden vectors within" in out
    assert re.fullmatch(
        r"error: stages/stage_3\.onnx reads h1 [^\n]*, the bundle promises h1, h2: export it again\n", err
    )


def test_nothing_is_packed_over_what_is_no_bundle(edgeguard, signed, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("x")
    status, _, err = edgeguard("bundle", "pack", "tiny.zip", "-o", "thesis")
    assert (status, err) == (1, "error: thesis is in the way and is no bundle: choose another path\n")


def test_no_traceback_in_a_real_process(signed, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK")
    command = [sys.executable, "-m", "edgeguard", "bundle", "show", "bad.zip"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: bundle bad.zip: it is cut short or no zip")
    assert result.stderr.count("\n") == 1


def test_keygen_makes_a_pair_once(edgeguard, tmp_path):
    status, out, _ = edgeguard("keygen", "fleet")
    assert status == 0
    assert signature.load_public_key(tmp_path / "fleet.pub").keyid[:12] in out
    before = (tmp_path / "fleet.key").read_bytes()
    status, _, err = edgeguard("keygen", "fleet")
    assert (status, err) == (1, "error: fleet.key exists and a key is never overwritten: choose another name\n")
    assert (tmp_path / "fleet.key").read_bytes() == before
