"""The names of the files in a bundle; each name stands here once."""

from __future__ import annotations

from typing import Final

MANIFEST: Final = "manifest.json"
MODEL: Final = "model.onnx"
GOLDEN: Final = "golden.npz"
CARD: Final = "card.md"
SIGNATURE: Final = "signature.json"

INPUT: Final = "x"  # the graphs' input tensor
LOGITS: Final = "logits"  # the whole graph's output tensor


def stage_file(k: int) -> str:
    """The file of stage `k`, counted from 1."""
    return f"stages/stage_{k}.onnx"
