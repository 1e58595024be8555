"""CIFAR-10 (Krizhevsky 2009): 60 000 color images of 32 by 32 pixels in ten classes."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import DataError
from edgeguard.lab.data.dataset import Dataset, Labels, Split, held_out
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import files_sha256
from edgeguard.lab.data.pickled import read_pickled
from edgeguard.signals.inputs import ImageSpec
from edgeguard.signals.spec import Positive

Form = Literal["any", "python", "binary", "jpeg", "lossless_subset"]
CLASSES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
IMAGE: Final = ImageSpec(channels=("red", "green", "blue"), height=32, width=32)
_PIXELS: Final = 3 * 32 * 32
_BATCH: Final = 10_000  # images in each of the six files
_TRAIN: Final = 50_000
_PER_TEST: Final = 5  # images to learn from for each one to test on
_VALIDATION: Final = 0.1  # of the images to learn from
_LARGEST_BYTES: Final = 1 << 26  # of one file; a published one has 31 million


@dataclass(frozen=True)
class _Published:
    """Labels (n,), which images are those to test on (n,), and the pixels (k, …) of those whose numbers one names."""

    y: Labels
    test: NDArray[np.bool_]
    pixels: Callable[[NDArray[np.int64]], NDArray[np.uint8]]


def load(folder: Path, *, form: Form = "any", subset: Positive | None = None) -> Dataset:
    """All images with pixels in 0 to 1, those to learn from first, in the published order.

    The published split tests on the test batch; a tenth of the others, drawn by class, validates.

    Args:
        folder: Holds the files; or a folder cifar-10-batches-py that does.
        form: ``python`` (data_batch_1 …; the pickles are read, not run), ``binary`` (data_batch_1.bin …), ``jpeg``
            (cifar10_jpeg.npz, lossy: figures on it are not those of the published images), ``lossless_subset``
            (cifar10_lossless_subset.npz, the first images of each file); ``any``: the first of these that is there.
        subset: Of each class, the first so many images to learn from and a fifth as many to test on; None takes all.

    Raises:
        DataError: the files are missing, cut short or malformed, or a class has too few images for `subset`.
    """
    paths = _paths(folder, form)
    try:
        published = _READERS[_form_of(paths)](paths)
        chosen = _chosen(published, subset)
        x, y, test = published.pixels(chosen), published.y[chosen], published.test[chosen]
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"cifar10 in {paths[0].parent} cannot be read ({error}): get the whole files") from error
    train, validation = held_out(y[~test], _VALIDATION)  # those to learn from come first
    return Dataset(
        name="cifar10",
        x=x.reshape(-1, *IMAGE.shape).astype(np.float32) / np.float32(255),
        y=y,
        classes=CLASSES,
        signal=IMAGE,
        published=Split(train, validation, np.flatnonzero(test)),
        origin_sha256=files_sha256(paths),
    )


def _paths(folder: Path, form: Form) -> tuple[Path, ...]:
    facts = FACTS["cifar10"]
    found = facts.find(folder, None if form == "any" else _FORMS.index(form))
    if found is None:
        raise DataError(
            f"cifar10 (form {form}) is neither in {folder / facts.folder} nor in {folder}: run edgeguard data fetch "
            "cifar10 or name its folder with --data-dir"
        )
    return found


def _form_of(paths: Sequence[Path]) -> str:
    return _FORMS[FACTS["cifar10"].files.index(tuple(path.name for path in paths))]


def _chosen(published: _Published, subset: int | None) -> NDArray[np.int64]:
    """Numbers of the images that are taken, those to learn from first."""
    learned, tested = np.flatnonzero(~published.test), np.flatnonzero(published.test)
    if subset is not None:
        learned = _first(published.y, learned, subset)
        tested = _first(published.y, tested, max(1, subset // _PER_TEST))
    return np.concatenate([learned, tested])


def _first(y: Labels, among: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The first `count` of each class among those numbers, in order."""
    firsts = [among[y[among] == label][:count] for label in range(len(CLASSES))]
    if (fewest := min(len(first) for first in firsts)) < count:
        raise DataError(f"cifar10 has a class of {fewest} images there, fewer than {count}: lower subset")
    return np.sort(np.concatenate(firsts))


def _python(paths: Sequence[Path]) -> _Published:
    return _batches([_pickled(path) for path in paths])


def _pickled(path: Path) -> tuple[Any, Any]:
    batch = read_pickled(_content(path))
    if not isinstance(batch, dict) or not isinstance(batch["data"], np.ndarray):
        raise ValueError(f"{path.name} holds no batch")  # noqa: TRY004 - the file is wrong, not the caller
    return batch["data"], np.array(batch["labels"])


def _binary(paths: Sequence[Path]) -> _Published:
    tables = [np.frombuffer(_content(path), dtype=np.uint8).reshape(-1, 1 + _PIXELS) for path in paths]
    return _batches([(table[:, 1:], table[:, 0]) for table in tables])


def _content(path: Path) -> bytes:
    if (size := path.stat().st_size) > _LARGEST_BYTES:
        raise ValueError(f"{path.name} has {size} bytes")
    return path.read_bytes()


def _batches(batches: Sequence[tuple[Any, Any]]) -> _Published:
    """Five batches to learn from and one to test on, each (10 000, 3072) and (10 000,)."""
    for x, y in batches:
        if x.shape != (_BATCH, _PIXELS) or y.shape != (_BATCH,):
            raise ValueError(f"a batch holds {x.shape} and {y.shape}, not {(_BATCH, _PIXELS)} and {(_BATCH,)}")
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return _Published(y.astype(np.int64), np.arange(len(y)) >= _TRAIN, lambda chosen: x[chosen])


def _jpeg(paths: Sequence[Path]) -> _Published:
    """One header for all streams, and the rest of each at `offsets` of `body`."""
    from edgeguard.lab.data.jpeg import decoded  # noqa: PLC0415 - Pillow is for this form alone

    header, body, offsets, y = _arrays(paths[0], "header", "body", "offsets", "y")
    if offsets.shape != (len(y) + 1,):
        raise ValueError(f"it holds {len(y)} labels and {len(offsets)} offsets")

    def pixels(chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        start = header.tobytes()
        streams = (start + body[offsets[number] : offsets[number + 1]].tobytes() for number in chosen)
        return decoded(streams, IMAGE.height, IMAGE.width).transpose(0, 3, 1, 2)

    return _Published(y.astype(np.int64), np.arange(len(y)) >= _TRAIN, pixels)


def _lossless_subset(paths: Sequence[Path]) -> _Published:
    """Each channel as differences between neighbors, down and across; red and blue as differences from green too."""
    delta, y, index = _arrays(paths[0], "x_delta", "y", "index")
    if delta.shape != (len(y), *IMAGE.shape) or index.shape != y.shape:
        raise ValueError(f"it holds images {delta.shape}, {len(y)} labels and {len(index)} numbers")

    def pixels(chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        x = np.cumsum(np.cumsum(delta[chosen], axis=-1, dtype=np.uint8), axis=-2, dtype=np.uint8)
        x[:, (0, 2)] += x[:, 1:2]
        return x

    return _Published(y.astype(np.int64), index >= _TRAIN, pixels)


def _arrays(path: Path, *names: str) -> list[NDArray[Any]]:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        return [arrays[name] for name in names]


# in the order of the facts' groups of files
_READERS: Final[dict[str, Callable[[Sequence[Path]], _Published]]] = {
    "python": _python,
    "binary": _binary,
    "jpeg": _jpeg,
    "lossless_subset": _lossless_subset,
}
_FORMS: Final = list(_READERS)
