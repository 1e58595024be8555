"""JPEG streams as arrays: the one place that imports Pillow."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import MissingExtra

try:
    from PIL import Image, UnidentifiedImageError
except ModuleNotFoundError as error:
    raise MissingExtra("PIL") from error


def decoded(streams: Iterable[bytes], height: int, width: int) -> NDArray[np.uint8]:
    """Color images (n, height, width, 3); ValueError for a stream that is none of that size."""
    return np.stack([_decoded(stream, height, width) for stream in streams])


def _decoded(stream: bytes, height: int, width: int) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(stream), formats=("JPEG",)) as image:
            if image.size != (width, height) or image.mode != "RGB":  # before its pixels are unpacked
                raise ValueError(f"an image is {image.mode} of {image.size}, not RGB of {(width, height)}")
            return np.asarray(image, dtype=np.uint8)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(f"an image is damaged ({error})") from error
