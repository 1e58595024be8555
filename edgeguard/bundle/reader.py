"""A bundle in memory, opened only when every check holds."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeguard.bundle import signature
from edgeguard.bundle.content import read_content
from edgeguard.bundle.layout import GOLDEN, INPUT, LOGITS, MANIFEST, SIGNATURE
from edgeguard.bundle.manifest import FileFact, Manifest, manifest_from_bytes
from edgeguard.errors import BundleError, SignatureError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Bundle:
    """A model with every fact the device needs, checked.

    Attributes:
        manifest: The facts.
        content: Every file by its path inside the bundle, manifest and signature included.
        sha256: The bundle's identity: the hash of manifest.json, which holds the hashes of all other files.
        signed_by: Id of the trusted key that signed it, or None where no key was asked for.
    """

    manifest: Manifest
    content: Mapping[str, bytes]
    sha256: str
    signed_by: str | None

    @classmethod
    def open(cls, path: str | Path, trusted: Sequence[signature.PublicKey] = ()) -> Bundle:
        """The bundle in the folder or .zip at `path`, read into memory.

        Raises:
            BundleError: it is missing, incomplete, altered, malformed or of a newer format.
            SignatureError: `trusted` keys are given and none of them signed every file of it.
        """
        try:
            return cls.from_content(read_content(Path(path)), trusted)
        except BundleError as error:
            raise type(error)(f"bundle {path}: {error}") from error

    @classmethod
    def from_content(cls, content: Mapping[str, bytes], trusted: Sequence[signature.PublicKey] = ()) -> Bundle:
        """The bundle whose files are `content`; errors as of `open`."""
        if MANIFEST not in content:
            raise BundleError(f"there is no {MANIFEST} in it: give the folder or .zip of a bundle")
        signed_by = _check_signature(content, trusted)
        manifest = manifest_from_bytes(content[MANIFEST])
        _check_files(manifest.files, content)
        return cls(manifest, content, hashlib.sha256(content[MANIFEST]).hexdigest(), signed_by)

    def golden(self) -> tuple[Floats, Floats]:
        """Windows x (n, channels, samples) and the logits (n, exits, classes) that a true engine gives for them.

        BundleError where golden.npz does not hold the two as finite float32 of these shapes.
        """
        try:
            arrays = np.load(io.BytesIO(self.content[GOLDEN]), allow_pickle=False)
            x, logits = np.asarray(arrays[INPUT]), np.asarray(arrays[LOGITS])
        except (LookupError, ValueError, OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
            raise BundleError(f"{GOLDEN} cannot be read ({error}): export the bundle again") from error
        windows = len(x) if x.ndim else 0
        _check_golden(INPUT, x, (windows, *self.manifest.signal.shape))
        _check_golden(LOGITS, logits, (windows, len(self.manifest.exits), len(self.manifest.classes)))
        return x, logits


def digests_of(content: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of every file but the signature itself."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in content.items() if name != SIGNATURE}


def _check_signature(content: Mapping[str, bytes], trusted: Sequence[signature.PublicKey]) -> str | None:
    """The id of the trusted key that signed; a signature that nobody asked for must still fit the files."""
    envelope = content.get(SIGNATURE)
    if envelope is None:
        if trusted:
            raise SignatureError("it is not signed, and a signature is required here: sign it with a trusted key")
        return None
    signed_by = signature.verify(envelope, trusted) if trusted else None
    signed, found = signature.signed_digests(envelope), digests_of(content)
    if changed := sorted(name for name in signed.keys() | found.keys() if signed.get(name) != found.get(name)):
        raise SignatureError(f"{', '.join(changed)} is not what was signed: get an intact bundle")
    return signed_by


def _check_files(facts: Mapping[str, FileFact], content: Mapping[str, bytes]) -> None:
    if missing := sorted(facts.keys() - content.keys()):
        raise BundleError(f"{', '.join(missing)} is missing: get an intact bundle")
    if extra := sorted(content.keys() - facts.keys() - {MANIFEST, SIGNATURE}):
        raise BundleError(f"{', '.join(extra)} is not listed in {MANIFEST}: remove it, or get an intact bundle")
    for name, fact in facts.items():
        if len(content[name]) != fact.bytes:
            raise BundleError(
                f"{name} has {len(content[name])} bytes and should have {fact.bytes}: get an intact bundle"
            )
        if hashlib.sha256(content[name]).hexdigest() != fact.sha256:
            raise BundleError(f"{name} was altered: get an intact bundle")


def _check_golden(name: str, array: Floats, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.float32 or not len(array) or not np.isfinite(array).all():
        raise BundleError(
            f"{GOLDEN} holds {name} as {array.dtype} {array.shape}, finite float32 {shape} is needed:"
            " export the bundle again"
        )
