from __future__ import annotations

import hashlib
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeguard.bundle import signature
from edgeguard.bundle.content import read_content, write_content
from edgeguard.bundle.reader import Bundle, digests_of
from edgeguard.errors import BundleError, SignatureError
from tests.tiny_model import tiny_content, tiny_logits, tiny_manifest, write_tiny_bundle


@pytest.fixture
def key(tmp_path):
    signature.make_key_pair(tmp_path / "a.key", tmp_path / "a.pub")
    return signature.load_private_key(tmp_path / "a.key")


@pytest.fixture
def tiny(tmp_path):
    """Files of an unsigned bundle, by name."""
    write_tiny_bundle(tmp_path / "tiny")
    return read_content(tmp_path / "tiny")


@pytest.fixture
def signed(tmp_path, key):
    write_tiny_bundle(tmp_path / "signed.zip", key)
    return read_content(tmp_path / "signed.zip")


@pytest.mark.parametrize("name", ["tiny", "tiny.zip"])
def test_folder_and_zip_open_to_the_same(tmp_path, name):
    write_tiny_bundle(tmp_path / name)
    bundle = Bundle.open(tmp_path / name)
    manifest = bundle.content["manifest.json"]
    assert bundle.manifest.name == "tiny"
    assert bundle.sha256 == hashlib.sha256(manifest).hexdigest()
    assert bundle.signed_by is None
    assert json.loads(manifest)["files"]["card.md"]["bytes"] == len(bundle.content["card.md"])


def test_error_names_the_bundle(tmp_path):
    with pytest.raises(BundleError, match=r"^bundle .*nowhere\.zip: there is no bundle here: check the path$"):
        Bundle.open(tmp_path / "nowhere.zip")


def test_names_in_a_hostile_manifest_stay_on_one_line(tmp_path, tiny):
    tiny["manifest.json"] = tiny["manifest.json"].replace(
        b'"files": {', b'"files": {"a\\nb\\u001b[2J": {"sha256": "' + b"0" * 64 + b'", "bytes": 0},'
    )
    write_content(tmp_path / "evil.zip", tiny)
    with pytest.raises(BundleError, match=r"a b\?\[2J is missing: get an intact bundle$"):
        Bundle.open(tmp_path / "evil.zip")


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz", "card.md", "stages/stage_2.onnx", "manifest.json"])
def test_missing_file_is_named(tiny, name):
    del tiny[name]
    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        Bundle.from_content(tiny)


def test_altered_longer_and_extra_files_are_named(tiny):
    altered = bytes([tiny["model.onnx"][0] ^ 1]) + tiny["model.onnx"][1:]
    for change, message in [
        ({"model.onnx": altered}, r"model\.onnx was altered"),
        ({"model.onnx": altered + b"x"}, r"model\.onnx has \d+ bytes and should have \d+"),
        ({"run_me.sh": b""}, r"run_me\.sh is not listed in manifest\.json"),
    ]:
        with pytest.raises(BundleError, match=message):
            Bundle.from_content({**tiny, **change})


def test_signature_is_checked_where_a_key_is_trusted(signed, tiny, key, tmp_path):
    assert Bundle.from_content(signed, [key.public_key]).signed_by == key.public_key.keyid
    assert Bundle.from_content(signed).signed_by is None
    with pytest.raises(SignatureError, match="it is not signed, and a signature is required here"):
        Bundle.from_content(tiny, [key.public_key])
    signature.make_key_pair(tmp_path / "b.key", tmp_path / "b.pub")
    with pytest.raises(SignatureError, match=r"it is signed by .*, you trust"):
        Bundle.from_content(signed, [signature.load_public_key(tmp_path / "b.pub")])


@pytest.mark.parametrize("left_out", ["manifest.json", "model.onnx", "stages/stage_3.onnx"])
def test_signature_must_cover_every_file(tiny, key, left_out):
    digests = {name: digest for name, digest in digests_of(tiny).items() if name != left_out}
    partial = {**tiny, "signature.json": signature.sign("tiny", digests, key)}
    for trusted in ([key.public_key], []):
        with pytest.raises(SignatureError, match=f"{left_out} is not what was signed"):
            Bundle.from_content(partial, trusted)


def test_signature_of_another_bundle_does_not_fit(tmp_path, signed, key):
    write_tiny_bundle(tmp_path / "next.zip", version="2.0.0")
    swapped = {**read_content(tmp_path / "next.zip"), "signature.json": signed["signature.json"]}
    with pytest.raises(SignatureError, match=r"manifest\.json is not what was signed"):
        Bundle.from_content(swapped, [key.public_key])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_byte_of_a_signed_folder_is_refused(signed, key, data):
    name = data.draw(st.sampled_from(sorted(signed)))
    flipped = bytearray(signed[name])
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BundleError):
        Bundle.from_content({**signed, name: bytes(flipped)}, [key.public_key])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_byte_of_a_signed_zip_is_refused_or_touches_no_file(signed, key, tmp_path, data):
    flipped = bytearray((tmp_path / "signed.zip").read_bytes())
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= data.draw(st.integers(1, 255))
    (tmp_path / "flipped.zip").write_bytes(flipped)
    try:
        opened = Bundle.open(tmp_path / "flipped.zip", [key.public_key])
    except BundleError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either outcome is right, each in its own way
    else:
        assert opened.content == signed  # a date or a flag of the zip itself was hit


def test_golden_vectors_are_the_numpy_reference(tiny):
    x, logits = Bundle.from_content(tiny).golden()
    np.testing.assert_array_equal(logits, tiny_logits(x))


X, LOGITS = np.zeros((2, 2, 20), np.float32), np.zeros((2, 3, 2), np.float32)


def one_array():
    buffer = io.BytesIO()
    np.save(buffer, X)
    return buffer.getvalue()


def golden_of(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("golden", "message"),
    [
        (b"noise", "cannot be read"),
        (golden_of(x=X), "cannot be read"),
        (one_array(), "cannot be read"),
        (golden_of(x=X, logits=LOGITS)[:300], "cannot be read"),
        (golden_of(x=np.array([{"a": 1}], dtype=object), logits=LOGITS), "Object arrays cannot be loaded"),
        (golden_of(x=X.astype(np.float64), logits=LOGITS), "x as float64"),
        (golden_of(x=X[:, :, :19], logits=LOGITS), r"x as float32 \(2, 2, 19\)"),
        (golden_of(x=X, logits=LOGITS[:1]), r"logits as float32 \(1, 3, 2\)"),
        (golden_of(x=X[:0], logits=LOGITS[:0]), "x as float32"),
        (golden_of(x=X, logits=np.full_like(LOGITS, np.nan)), "logits as float32"),
        (golden_of(x=np.float32(0), logits=LOGITS), r"x as float32 \(\)"),
    ],
)
def test_wrong_golden_vectors_are_refused(tmp_path, golden, message):
    content = {**tiny_content(tiny_manifest()), "golden.npz": golden}
    with pytest.raises(BundleError, match=message):
        write_tiny_bundle(tmp_path / "a.zip", content=content)
    assert not (tmp_path / "a.zip").exists()


def test_zip_with_one_byte_changed_inside_a_file_is_refused(tmp_path, tiny):
    write_content(tmp_path / "a.zip", tiny)
    raw = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(raw.replace(b"# tiny", b"# tinx"))
    with pytest.raises(BundleError, match=r"card\.md"):
        Bundle.open(tmp_path / "a.zip")
