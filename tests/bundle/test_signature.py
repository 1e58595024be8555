from __future__ import annotations

import base64
import hashlib
import json
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from hypothesis import given
from hypothesis import strategies as st

from edgeguard.bundle import signature
from edgeguard.errors import ConfigError, SignatureError

DIGESTS = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("model.onnx", "manifest.json", "card.md")}


@pytest.fixture
def keys(tmp_path):
    """Private and public key, made and read back."""
    signature.make_key_pair(tmp_path / "a.key", tmp_path / "a.pub")
    return signature.load_private_key(tmp_path / "a.key"), signature.load_public_key(tmp_path / "a.pub")


def test_signed_by_hand_checked_with_cryptography_alone(keys, tmp_path):
    envelope = json.loads(signature.sign("tiny", DIGESTS, keys[0]))
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    encoded = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    public = load_pem_public_key((tmp_path / "a.pub").read_bytes())
    public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)


def test_statement_is_in_toto_with_the_model_signing_predicate(keys):
    statement = json.loads(base64.b64decode(json.loads(signature.sign("tiny", DIGESTS, keys[0]))["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    resources = statement["predicate"]["resources"]
    assert [one["name"] for one in resources] == ["card.md", "manifest.json", "model.onnx"]
    root = hashlib.sha256(b"".join(bytes.fromhex(one["digest"]) for one in resources)).hexdigest()
    assert statement["subject"] == [{"name": "tiny", "digest": {"sha256": root}}]


def test_verify_names_the_key_among_those_trusted(keys, tmp_path):
    private, public = keys
    signature.make_key_pair(tmp_path / "b.key", tmp_path / "b.pub")
    other = signature.load_public_key(tmp_path / "b.pub")
    envelope = signature.sign("tiny", DIGESTS, private)
    assert signature.verify(envelope, [other, public]) == public.keyid
    assert signature.signed_digests(envelope) == DIGESTS
    with pytest.raises(SignatureError, match=f"signed by {public.keyid[:12]}, you trust {other.keyid[:12]}"):
        signature.verify(envelope, [other])


def test_key_id_of_another_does_not_make_it_his(keys, tmp_path):
    signature.make_key_pair(tmp_path / "b.key", tmp_path / "b.pub")
    thief = signature.load_private_key(tmp_path / "b.key")
    envelope = signature.sign("tiny", DIGESTS, thief).replace(thief.public_key.keyid.encode(), keys[1].keyid.encode())
    with pytest.raises(SignatureError, match="signed by"):
        signature.verify(envelope, [keys[1]])


@given(data=st.data())
def test_any_flipped_byte_is_refused(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    signature.make_key_pair(folder / "a.key", folder / "a.pub")
    private = signature.load_private_key(folder / "a.key")
    envelope = bytearray(signature.sign("tiny", DIGESTS, private))
    envelope[data.draw(st.integers(0, len(envelope) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureError):
        signature.verify(bytes(envelope), [private.public_key])


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"payload":"","payloadType":"","signatures":[]}\n'])
def test_malformed_envelope_is_refused_in_one_line(content):
    with pytest.raises(SignatureError, match=r"^signature\.json is damaged .*: get an intact bundle$"):
        signature.signed_digests(content)


def test_private_key_is_for_its_owner_alone_and_never_overwritten(tmp_path):
    signature.make_key_pair(tmp_path / "a.key", tmp_path / "a.pub")
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    (tmp_path / "a.key").rename(tmp_path / "b.key")
    with pytest.raises(ConfigError, match=r"a\.pub exists and a key is never overwritten"):
        signature.make_key_pair(tmp_path / "a.key", tmp_path / "a.pub")
    assert not (tmp_path / "a.key").exists()


def test_what_is_no_ed25519_key_is_refused(tmp_path, keys):
    curve = ec.generate_private_key(ec.SECP256R1())
    private = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "ec.key").write_bytes(private)
    (tmp_path / "ec.pub").write_bytes(curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "noise").write_bytes(b"noise")
    for load, name, message in [
        (signature.load_private_key, "ec.key", "no ed25519 key"),
        (signature.load_private_key, "a.pub", "no private key"),
        (signature.load_private_key, "noise", "no private key"),
        (signature.load_public_key, "ec.pub", "no ed25519 key"),
        (signature.load_public_key, "a.key", "no public key"),
        (signature.load_public_key, "nowhere", "cannot be read"),
    ]:
        with pytest.raises(ConfigError, match=message):
            load(tmp_path / name)
