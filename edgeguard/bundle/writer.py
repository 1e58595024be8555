"""Bundles onto the disk: whole or not at all, and never one that could not be opened again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgeguard.bundle import signature
from edgeguard.bundle.content import write_content
from edgeguard.bundle.layout import MANIFEST, SIGNATURE
from edgeguard.bundle.manifest import FileFact, Manifest
from edgeguard.bundle.reader import Bundle, digests_of


def write_bundle(
    path: Path, manifest: Manifest, content: Mapping[str, bytes], key: signature.PrivateKey | None = None
) -> Bundle:
    """Write `content` with `manifest`, its file facts filled in, to `path`: a .zip, or else a folder.

    Args:
        path: Replaced where it is a bundle already.
        manifest: All facts; its `files` are overwritten.
        content: The graphs, golden vectors and card by their names in `edgeguard.bundle.layout`.
        key: Signs the bundle.

    Raises:
        BundleError: the result could not be opened again, so nothing is written.
        ConfigError: something that is no bundle is in the way.
    """
    facts = {name: FileFact(sha256=_sha256(data), bytes=len(data)) for name, data in sorted(content.items())}
    manifest = msgspec.structs.replace(manifest, files=facts)
    return _write(path, {MANIFEST: manifest.to_bytes(), **content}, key)


def pack(bundle: Bundle, path: Path, key: signature.PrivateKey | None = None) -> Bundle:
    """Write an open bundle to `path`, a .zip or else a folder; its signature is kept unless `key` signs it anew."""
    return _write(path, bundle.content, key)


def _write(path: Path, content: Mapping[str, bytes], key: signature.PrivateKey | None) -> Bundle:
    bundle = Bundle.from_content({name: data for name, data in content.items() if not (key and name == SIGNATURE)})
    if key:
        envelope = signature.sign(bundle.manifest.name, digests_of(bundle.content), key)
        bundle = Bundle.from_content({**bundle.content, SIGNATURE: envelope}, [key.public_key])
    bundle.golden()
    write_content(path, bundle.content)
    return bundle


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
