"""A bundle's files as bytes by name, from and to a folder or a .zip; nothing here knows what they mean."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from edgeguard import files
from edgeguard.bundle.layout import MANIFEST
from edgeguard.errors import BundleError, ConfigError

MAX_BYTES: Final = 256 << 20  # of a whole bundle: it is read into the memory of a small device
MAX_FILES: Final = 1000

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
_PLAIN: Final = (stat.S_IFREG | 0o644) << 16


def read_content(path: Path) -> dict[str, bytes]:
    """The files of the bundle at `path`, by their paths inside it.

    BundleError where there is none, it is cut short, over `MAX_BYTES`, or holds a link, a path that leaves it or
    one name twice.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        if path.is_file():
            return _read_zip(path)
    except OSError as error:
        raise BundleError(f"it cannot be read ({error.strerror}): check its permissions") from error
    raise BundleError("there is no bundle here: check the path")


def write_content(path: Path, content: Mapping[str, bytes]) -> None:
    """Write a bundle to `path`, a .zip or else a folder, whole or not at all; the same content gives the same bytes.

    ConfigError where something that is no bundle is in the way, StorageError where the disk is full or read-only.
    """
    for name in content:
        _check_name(name)
    if path.exists() and not _is_bundle(path):
        raise ConfigError(f"{path} is in the way and is no bundle: choose another path")
    if path.suffix == ".zip":
        files.write_bytes(path, _zip_bytes(content))
        return
    with files.replacing_folder(path) as beside:
        for name, data in content.items():
            files.write_bytes(beside / name, data)


def _is_bundle(path: Path) -> bool:
    if path.is_dir():
        return path.suffix != ".zip" and ((path / MANIFEST).is_file() or not any(path.iterdir()))
    try:
        with zipfile.ZipFile(path) as archive:
            return path.suffix == ".zip" and MANIFEST in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _check_name(name: str) -> None:
    parts = PurePosixPath(name).parts
    plain = parts and name.isprintable() and not {"/", ".."} & set(parts) and "\\" not in name
    if not plain or str(PurePosixPath(name)) != name:
        raise BundleError(f"it holds a file called {name!r}, which is no plain path inside it: get an intact bundle")


def _check_size(total: int, count: int) -> None:
    if total > MAX_BYTES or count > MAX_FILES:
        raise BundleError(
            f"it holds {total / 2**20:.0f} MiB in {count} files, at most {MAX_BYTES >> 20} MiB in {MAX_FILES} are read:"
            " get a smaller bundle"
        )


def _read_folder(folder: Path) -> dict[str, bytes]:
    content: dict[str, bytes] = {}
    total = 0
    for path in _files_below(folder):
        name = path.relative_to(folder).as_posix()
        _check_name(name)
        total += path.stat().st_size
        _check_size(total, len(content) + 1)
        content[name] = path.read_bytes()
    return content


def _files_below(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        else:
            raise BundleError(f"{entry.name} is no plain file: a bundle holds no links or devices, put the file there")


def _read_zip(path: Path) -> dict[str, bytes]:
    _check_size(path.stat().st_size, 1)
    raw = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(raw) as archive:
            return _unzipped(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise BundleError(f"it is cut short or no zip ({error}): get an intact bundle") from error


def _unzipped(archive: zipfile.ZipFile) -> dict[str, bytes]:
    if min((entry.header_offset for entry in archive.infolist()), default=0) > 0:
        # a zip inside a bundle that was cut behind it looks like the whole to zipfile
        raise zipfile.BadZipFile("its table of contents is gone")
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_size(sum(entry.file_size for entry in entries), len(entries))
    content: dict[str, bytes] = {}
    for entry in entries:
        _check_name(entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BundleError(f"{entry.filename} is a link: a bundle holds plain files, put the file there")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BundleError(f"{entry.filename} is compressed as is not read here: zip it stored or deflated")
        if entry.filename in content:
            raise BundleError(f"it holds {entry.filename} twice: get an intact bundle")
        with archive.open(entry) as stream:
            content[entry.filename] = stream.read(entry.file_size + 1)  # the bound stops an entry that lies small
    return content


def _zip_bytes(content: Mapping[str, bytes]) -> bytes:
    """Stored, not deflated: weights hardly shrink, and no version of zlib can change the bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted(content.items()):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3  # Unix wherever it is written
            entry.external_attr = _PLAIN
            archive.writestr(entry, data)
    return buffer.getvalue()
