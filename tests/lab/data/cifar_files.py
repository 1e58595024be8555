"""CIFAR-10's published files, made up: pickles as Python 2 wrote them, and the binary version."""

from __future__ import annotations

import struct

import numpy as np

NAMES = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]


def text(value):
    return b"U" + bytes([len(value)]) + value.encode("latin-1")


def pickled(x, y, kind="u1"):
    """A batch as cPickle's protocol 2 wrote it in Python 2: x (n, 3072) uint8 and labels y (n,)."""
    rows, columns = x.shape
    content = x.tobytes()
    labels = b"".join(b"K" + bytes([label]) for label in y.tolist())
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04(K\x01"
        + (b"M" + struct.pack("<H", rows) + b"M" + struct.pack("<H", columns) + b"\x86")
        + (
            b"cnumpy\ndtype\nq\x05"
            + text(kind)
            + b"K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        )
        + (b"K\x00tb\x89T" + struct.pack("<i", len(content)) + content + b"tb")
    )
    name = text("batch_label") + text("made up")
    return b"\x80\x02}q\x01(" + name + text("labels") + b"](" + labels + b"e" + text("data") + array + b"u."


def made_up(per_batch, seed=0):
    """Six batches of images (per_batch, 3072) and labels, all classes in each."""
    rng = np.random.default_rng(seed)
    labels = [rng.permutation(np.arange(per_batch) % 10).astype(np.uint8) for _ in NAMES]
    return [rng.integers(0, 256, (per_batch, 3072), dtype=np.uint8) for _ in NAMES], labels


def write_python(folder, batches, labels):
    folder.mkdir(parents=True, exist_ok=True)
    for name, x, y in zip(NAMES, batches, labels, strict=True):
        (folder / name).write_bytes(pickled(x, y))


def write_binary(folder, batches, labels):
    for name, x, y in zip(NAMES, batches, labels, strict=True):
        (folder / f"{name}.bin").write_bytes(np.concatenate([y[:, None], x], axis=1).tobytes())
