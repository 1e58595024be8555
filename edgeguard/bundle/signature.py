"""signature.json: an ed25519 signature over the hash of every file of a bundle, and the keys for it.

A DSSE envelope (https://github.com/secure-systems-lab/dsse) around an in-toto v1 statement with the predicate of
OpenSSF Model Signing v1.0: the files' hashes are its resources, the hash over those hashes is its one subject.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import (  # type: ignore[attr-defined]  # public, but its __all__ is not set
    CryptoSigner,
    Signature,
    SSlibKey,
)

from edgeguard import files
from edgeguard.bundle.layout import SIGNATURE
from edgeguard.bundle.manifest import DECODE_ERRORS, Sha256
from edgeguard.errors import ConfigError, SignatureError

PrivateKey = CryptoSigner
PublicKey = SSlibKey

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://model_signing/signature/v1.0"


class _Signature(msgspec.Struct, forbid_unknown_fields=True):
    keyid: str
    sig: bytes


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    payload: bytes
    payloadType: str  # noqa: N815 - the name is the format's
    signatures: list[_Signature]


class _Resource(msgspec.Struct):
    name: str
    algorithm: str
    digest: Sha256


class _Predicate(msgspec.Struct):
    serialization: dict[str, Any]
    resources: list[_Resource]


class _Subject(msgspec.Struct):
    name: str
    digest: dict[str, str]


class _Statement(msgspec.Struct):
    kind: str = msgspec.field(name="_type")
    subject: list[_Subject]
    predicateType: str  # noqa: N815 - the name is the format's
    predicate: _Predicate


def make_key_pair(private: Path, public: Path) -> str:
    """Write a new ed25519 key pair as PEM files, the private one readable by its owner alone; returns the key id.

    ConfigError where one of the files exists: a key is never overwritten.
    """
    for path in (private, public):
        if path.exists():
            raise ConfigError(f"{path} exists and a key is never overwritten: choose another name")
    secret = Ed25519PrivateKey.generate()
    signer = CryptoSigner(secret)
    with files.storage_errors(private):
        private.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with files.storage_errors(private), os.fdopen(descriptor, "wb") as stream:
            stream.write(signer.private_bytes)
        files.write_bytes(public, secret.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except BaseException:
        private.unlink()  # half a pair is worse than none
        raise
    return str(signer.public_key.keyid)


def load_private_key(path: Path) -> PrivateKey:
    """The ed25519 private key in a PEM file; ConfigError where it is none."""
    try:
        key = load_pem_private_key(_key_bytes(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is no private key in plain PEM: make one with edgeguard keygen NAME") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is no ed25519 key: make one with edgeguard keygen NAME")
    return CryptoSigner(key)


def load_public_key(path: Path) -> PublicKey:
    """The ed25519 public key in a PEM file; ConfigError where it is none."""
    try:
        key = load_pem_public_key(_key_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is no public key in PEM: give the .pub file that edgeguard keygen wrote") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} is no ed25519 key: give the .pub file that edgeguard keygen wrote")
    return SSlibKey.from_crypto(key)


def sign(name: str, digests: Mapping[str, str], key: PrivateKey) -> bytes:
    """signature.json: `key` vouches that the model `name` is the files with these SHA-256 `digests`."""
    resources = [_Resource(file, "sha256", digest) for file, digest in sorted(digests.items())]
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": _root_digest(resources)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE],
            },
            "resources": resources,
        },
    }
    payload = msgspec.json.encode(statement)
    signature = Envelope(payload, PAYLOAD_TYPE, {}).sign(key)
    return _to_bytes(
        _Envelope(payload, PAYLOAD_TYPE, [_Signature(signature.keyid, bytes.fromhex(signature.signature))])
    )


def verify(envelope: bytes, trusted: Sequence[PublicKey]) -> str:
    """The id of the trusted key that signed `envelope`; SignatureError where none did."""
    parsed = _parse(envelope)
    signatures = {one.keyid: Signature(one.keyid, one.sig.hex()) for one in parsed.signatures}
    try:
        accepted = Envelope(parsed.payload, parsed.payloadType, signatures).verify(list(trusted), threshold=1)
    except VerificationError as error:
        raise SignatureError(
            f"it is signed by {_shown(signatures)}, you trust {_shown(key.keyid for key in trusted)}:"
            " get it from its maker, or trust that key"
        ) from error
    return str(next(iter(accepted)))


def signed_digests(envelope: bytes) -> dict[str, str]:
    """SHA-256 by file name as `envelope` states them, whoever signed it; SignatureError where it is malformed."""
    parsed = _parse(envelope)
    try:
        statement = msgspec.json.decode(parsed.payload, type=_Statement)
    except DECODE_ERRORS as error:
        raise _damaged(str(error)) from error
    resources = statement.predicate.resources
    kinds = (parsed.payloadType, statement.kind, statement.predicateType)
    if kinds != (PAYLOAD_TYPE, STATEMENT_TYPE, PREDICATE_TYPE) or {one.algorithm for one in resources} != {"sha256"}:
        raise _damaged("its statement is of another kind")
    if [subject.digest.get("sha256") for subject in statement.subject] != [_root_digest(resources)]:
        raise _damaged("its subject is not the hash of its files")
    return {resource.name: resource.digest for resource in resources}


def _parse(envelope: bytes) -> _Envelope:
    try:
        parsed = msgspec.json.decode(envelope, type=_Envelope)
    except DECODE_ERRORS as error:
        raise _damaged(str(error)) from error
    if _to_bytes(parsed) != envelope:  # else a changed blank or base64 padding bit would pass unseen
        raise _damaged("its bytes are not as they were written")
    return parsed


def _to_bytes(envelope: _Envelope) -> bytes:
    return msgspec.json.encode(envelope) + b"\n"


def _root_digest(resources: Sequence[_Resource]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(resource.digest) for resource in resources)).hexdigest()


def _damaged(why: str) -> SignatureError:
    return SignatureError(f"{SIGNATURE} is damaged ({why}): get an intact bundle")


def _shown(key_ids: Iterable[str]) -> str:
    return ", ".join(key_id[:12] for key_id in key_ids) or "nobody"


def _key_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the key {path} cannot be read ({error.strerror}): check the path") from error
