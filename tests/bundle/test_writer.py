from __future__ import annotations

import hashlib

import pytest

from edgeguard.bundle import signature
from edgeguard.bundle.reader import Bundle
from edgeguard.bundle.writer import pack
from edgeguard.errors import BundleError
from tests.tiny_model import write_tiny_bundle


def test_file_facts_are_filled_in(tmp_path):
    written = write_tiny_bundle(tmp_path / "tiny")
    fact = written.manifest.files["model.onnx"]
    model = (tmp_path / "tiny" / "model.onnx").read_bytes()
    assert (fact.sha256, fact.bytes) == (hashlib.sha256(model).hexdigest(), len(model))
    assert Bundle.open(tmp_path / "tiny") == written


def test_packing_there_and_back_keeps_every_byte_and_the_signature(tmp_path):
    signature.make_key_pair(tmp_path / "a.key", tmp_path / "a.pub")
    write_tiny_bundle(tmp_path / "a.zip", signature.load_private_key(tmp_path / "a.key"))
    pack(Bundle.open(tmp_path / "a.zip"), tmp_path / "folder")
    pack(Bundle.open(tmp_path / "folder"), tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    Bundle.open(tmp_path / "b.zip", [signature.load_public_key(tmp_path / "a.pub")])


def test_a_key_signs_anew(tmp_path):
    for name in "ab":
        signature.make_key_pair(tmp_path / f"{name}.key", tmp_path / f"{name}.pub")
    write_tiny_bundle(tmp_path / "a.zip", signature.load_private_key(tmp_path / "a.key"))
    fleet = signature.load_private_key(tmp_path / "b.key")
    pack(Bundle.open(tmp_path / "a.zip"), tmp_path / "b.zip", fleet)
    assert Bundle.open(tmp_path / "b.zip", [fleet.public_key]).signed_by == fleet.public_key.keyid


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"exits": ("only",)}, "3 stages for 1 exits"),
        ({"metrics": {"f1": float("nan")}}, "manifest.json is damaged"),
        ({"content": {"../model.onnx": b""}}, "no plain path"),
    ],
)
def test_what_could_not_be_opened_is_not_written(tmp_path, change, message):
    with pytest.raises(BundleError, match=message):
        write_tiny_bundle(tmp_path / "a", **change)
    assert not list(tmp_path.iterdir())
