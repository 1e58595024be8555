from __future__ import annotations

import errno
import hashlib

import pytest

from edgeguard import files
from edgeguard.errors import StorageError


def test_written_file_is_whole_and_alone(tmp_path):
    files.write_json(tmp_path / "new" / "figures.json", {"b": 1, "a": [1.5]})
    assert (tmp_path / "new" / "figures.json").read_text() == '{\n  "a": [\n    1.5\n  ],\n  "b": 1\n}\n'
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["figures.json"]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "kept"
    target.write_text("old")

    def half_write():
        with files.replacing(target) as beside:
            beside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_write()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_full_disk_is_one_clear_line(tmp_path):
    def fill():
        with files.replacing(tmp_path / "run.json"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StorageError, match=r"the disk is full while writing .*run\.json: free some space"):
        fill()


def test_nan_is_not_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"f1": float("nan")})


def test_sha256_of_a_file(tmp_path):
    (tmp_path / "x").write_bytes(b"ecg" * 1000)
    assert files.sha256_of(tmp_path / "x") == hashlib.sha256(b"ecg" * 1000).hexdigest()


def test_replaced_folder_is_the_new_one_alone(tmp_path):
    for name in ("old", "new"):
        with files.replacing_folder(tmp_path / "run") as beside:
            (beside / name).write_text(name)
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "new"]


def test_failure_leaves_the_old_folder_and_nothing_else(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "kept").write_text("old")

    def half_write():
        with files.replacing_folder(tmp_path / "run") as beside:
            (beside / "half").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_write()
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "kept"]


def test_file_in_the_place_of_a_folder_is_one_clear_line(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError, match="a file stands where a folder should be"):
        files.write_text(tmp_path / "taken" / "run.json", "x")
