from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from edgeguard.errors import DataError
from edgeguard.lab.data import cifar10
from tests.lab.data.cifar_files import made_up, write_binary, write_python

PER_BATCH = 40


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(cifar10, "_BATCH", PER_BATCH)
    monkeypatch.setattr(cifar10, "_TRAIN", 5 * PER_BATCH)


@pytest.fixture(scope="module")
def published():
    return made_up(PER_BATCH)


@pytest.fixture
def folder(tmp_path, published):
    write_python(tmp_path / "cifar-10-batches-py", *published)
    return tmp_path


def test_pickles_and_binary_files_give_the_same_images(folder, published, tmp_path):
    write_binary(tmp_path, *published)
    python, binary = (cifar10.load(folder, form=form) for form in ("python", "binary"))
    images = np.concatenate(published[0]).reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(np.rint(python.x * 255), images)
    np.testing.assert_array_equal(binary.x, python.x)
    np.testing.assert_array_equal(binary.y, np.concatenate(published[1]))
    assert (python.x.dtype, python.signal.limits, len(python.classes)) == (np.float32, (0.0, 1.0), 10)


def test_the_published_split_tests_on_the_test_batch_with_a_tenth_held_out(folder):
    dataset = cifar10.load(folder)
    split = dataset.published
    assert split.test.tolist() == list(range(200, 240))
    assert sorted([*split.train, *split.validation]) == list(range(200))
    assert np.bincount(dataset.y[split.validation]).tolist() == [2] * 10


def test_a_subset_is_the_first_of_each_class(folder, published):
    dataset, whole = cifar10.load(folder, subset=15), cifar10.load(folder)
    assert [len(part) for part in vars(dataset.published).values()] == [130, 20, 30]
    assert np.bincount(dataset.y).tolist() == [18] * 10
    third = np.flatnonzero(whole.y[:200] == 3)[:15]
    np.testing.assert_array_equal(dataset.x[:150][dataset.y[:150] == 3], whole.x[third])


def test_lossless_differences_are_undone_in_the_published_order(tmp_path, published):
    x, y = np.concatenate(published[0]).reshape(-1, 3, 32, 32), np.concatenate(published[1])
    index = np.random.default_rng(1).permutation(np.r_[0:150, 200:240])
    part = x[index].copy()
    part[:, (0, 2)] -= part[:, 1:2]
    delta = np.diff(np.diff(part, axis=-1, prepend=np.uint8(0)), axis=-2, prepend=np.uint8(0))
    np.savez(tmp_path / "cifar10_lossless_subset.npz", x_delta=delta, y=y[index], index=index)
    dataset = cifar10.load(tmp_path)
    order = np.concatenate([index[index < 200], index[index >= 200]])
    np.testing.assert_array_equal(np.rint(dataset.x * 255), x[order])
    np.testing.assert_array_equal(dataset.y, y[order])


def write_jpeg(path, images, labels, header=0):
    streams = []
    for image in images:
        packed = io.BytesIO()
        Image.fromarray(image).save(packed, format="JPEG", quality=95)
        streams.append(packed.getvalue()[header:])
    first = io.BytesIO()
    Image.fromarray(images[0]).save(first, format="JPEG", quality=95)
    offsets = np.cumsum([0, *map(len, streams)])
    arrays = {"body": b"".join(streams), "header": first.getvalue()[:header]}
    np.savez(path, **{name: np.frombuffer(part, np.uint8) for name, part in arrays.items()}, offsets=offsets, y=labels)


def test_jpeg_streams_with_one_header_are_unpacked(tmp_path, published):
    shades = np.random.default_rng(2).integers(0, 256, (240, 1, 1, 3), dtype=np.uint8)
    images = np.broadcast_to(shades, (240, 32, 32, 3)).copy()
    write_jpeg(tmp_path / "cifar10_jpeg.npz", images, np.concatenate(published[1]), header=20)
    dataset = cifar10.load(tmp_path)
    np.testing.assert_allclose(dataset.x[:, :, 5, 9] * 255, shades[:, 0, 0], atol=6)
    assert (len(dataset.published.test), dataset.x.shape) == (40, (240, 3, 32, 32))


@pytest.mark.parametrize(
    ("side", "damage", "message"),
    [
        (16, lambda content: content, r"an image is RGB of \(16, 16\), not RGB of \(32, 32\)"),
        (32, lambda content: content[: len(content) // 2], "cannot be read"),
    ],
    ids=["small images", "cut file"],
)
def test_damaged_jpeg_files_are_refused(tmp_path, published, side, damage, message):
    path = tmp_path / "cifar10_jpeg.npz"
    write_jpeg(path, np.zeros((240, side, side, 3), np.uint8), np.concatenate(published[1]))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=message):
        cifar10.load(tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-5], r"cifar10 in .* cannot be read .*: get the whole files"),
        (lambda content: b"cos\nsystem\n(S'true'\ntR.", "it names os.system, which no data needs"),
        (lambda content: content.replace(b"labels", b"lebals"), "'labels'"),
        (lambda content: b"K\x01.", "cannot be read"),
    ],
    ids=["cut", "malicious", "without labels", "a number"],
)
def test_a_damaged_batch_is_one_line(folder, damage, message):
    path = folder / "cifar-10-batches-py" / "data_batch_3"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match=message) as caught:
        cifar10.load(folder)
    assert "\n" not in str(caught.value)


def test_a_binary_batch_of_another_size_is_refused(tmp_path, published):
    write_binary(tmp_path, *published)
    path = tmp_path / "test_batch.bin"
    path.write_bytes(path.read_bytes()[: 30 * 3073])
    with pytest.raises(DataError, match=r"a batch holds \(30, 3072\)"):
        cifar10.load(tmp_path)


def test_missing_files_and_too_large_subsets_are_named(folder, tmp_path):
    with pytest.raises(DataError, match=r"cifar10 \(form binary\) is neither in .*run edgeguard data fetch cifar10"):
        cifar10.load(folder, form="binary")
    with pytest.raises(DataError, match="a class of 20 images there, fewer than 21: lower subset"):
        cifar10.load(folder, subset=21)


@pytest.mark.data
def test_the_real_subset_is_the_published_images(data_folder, monkeypatch):
    monkeypatch.undo()
    exact = cifar10.load(data_folder, form="lossless_subset")
    assert [len(part) for part in vars(exact.published).values()] == [4576, 509, 1017]
    blurred = cifar10.load(data_folder, form="jpeg", subset=20)
    np.testing.assert_array_equal(blurred.y[:50], exact.y[:50])
    assert 0.01 < np.abs(blurred.x[:50] - exact.x[:50]).mean() < 0.04
