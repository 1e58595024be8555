from __future__ import annotations

import io
import os
import stat
import zipfile

import numpy as np
import pytest

from edgeguard.bundle import content
from edgeguard.bundle.content import read_content, write_content
from edgeguard.errors import BundleError, ConfigError, StorageError


def zip_inside():
    """golden.npz is a zip of its own: a bundle cut behind it must not be taken for it."""
    np.savez(buffer := io.BytesIO(), x=np.zeros(50))
    return buffer.getvalue()


FILES = {"golden.npz": zip_inside(), "manifest.json": b"{}", "stages/stage_1.onnx": b"\x08" * 5000}


def write_zip(path, *entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["a.zip", "folder", "new/place/a.zip", "new/place/folder"])
def test_what_is_written_is_read(tmp_path, name):
    write_content(tmp_path / name, FILES)
    assert read_content(tmp_path / name) == FILES
    assert [path.name for path in (tmp_path / name).parent.iterdir()] == [(tmp_path / name).name]


def test_same_content_gives_the_same_zip(tmp_path, monkeypatch):
    write_content(tmp_path / "a.zip", FILES)
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_content(tmp_path / "b.zip", dict(reversed(FILES.items())))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(FILES)


def test_zip_of_another_tool_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stages/", b"")
        for name, data in FILES.items():
            archive.writestr(name, data)
    assert read_content(tmp_path / "a.zip") == FILES


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "a\\evil", "a//b", "./a", "a\nb"])
def test_names_that_leave_the_bundle_are_refused(tmp_path, name):
    with pytest.raises(BundleError, match="no plain path inside it"):
        read_content(write_zip(tmp_path / "a.zip", (name, b"")))


def test_name_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        write_zip(tmp_path / "a.zip", ("model.onnx", b"seen"), ("model.onnx", b"served"))
    with pytest.raises(BundleError, match=r"model\.onnx twice"):
        read_content(tmp_path / "a.zip")


def test_links_are_refused(tmp_path):
    entry = zipfile.ZipInfo("model.onnx")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BundleError, match=r"model\.onnx is a link"):
        read_content(write_zip(tmp_path / "a.zip", (entry, b"/etc/passwd")))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "model.onnx").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match=r"model\.onnx is no plain file"):
        read_content(tmp_path / "folder")


def test_every_truncation_of_a_zip_is_refused(tmp_path):
    write_content(tmp_path / "a.zip", FILES)
    whole = (tmp_path / "a.zip").read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "cut.zip").write_bytes(whole[:length])
        with pytest.raises(BundleError, match="cut short or no zip"):
            read_content(tmp_path / "cut.zip")


def test_too_much_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "MAX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(5 << 20))
    with pytest.raises(BundleError, match="5 MiB in 1 files, at most 1 MiB"):
        read_content(tmp_path / "a.zip")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "bomb").write_bytes(bytes(3 << 20))
    with pytest.raises(BundleError, match="3 MiB in 1 files"):
        read_content(tmp_path / "folder")


def test_entry_that_lies_about_its_size_is_not_unpacked(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(50 << 20))
    lie = buffer.getvalue().replace((50 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "a.zip").write_bytes(lie)
    with pytest.raises(BundleError, match="cut short or no zip"):
        read_content(tmp_path / "a.zip")


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(BundleError, match="there is no bundle here"):
        read_content(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleError, match="there is no bundle here"):
        read_content(tmp_path / "pipe")


def test_old_bundle_is_replaced_whole(tmp_path):
    for path in (tmp_path / "a.zip", tmp_path / "folder"):
        write_content(path, {**FILES, "old": b""})
        write_content(path, FILES)
        assert read_content(path) == FILES


def test_what_is_no_bundle_is_left_alone(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.tex").write_text("x")
    (tmp_path / "notes.zip").write_text("x")
    for name in ("thesis", "notes.zip", "thesis/chapter1.tex"):
        with pytest.raises(ConfigError, match="in the way and is no bundle"):
            write_content(tmp_path / name, FILES)
    assert (tmp_path / "thesis" / "chapter1.tex").read_text() == "x"


@pytest.mark.parametrize("name", ["folder", "a.zip"])
def test_full_disk_leaves_the_old_bundle(tmp_path, monkeypatch, name):
    write_content(tmp_path / name, FILES)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(StorageError, match="the disk is full"):
        write_content(tmp_path / name, {**FILES, "manifest.json": b"new"})
    assert read_content(tmp_path / name) == FILES
    assert [path.name for path in tmp_path.iterdir()] == [name]
