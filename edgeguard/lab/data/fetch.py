"""Download a data set from its original home, checked before it is put in place."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from edgeguard import files
from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import DATASETS
from edgeguard.lab.data.dataset import Dataset
from edgeguard.lab.data.download import Progress, download
from edgeguard.lab.data.facts import FACTS, Facts

_LARGEST_MEMBER = 1 << 28  # bytes; a member that claims more is no part of a published set
_TAR = ".tar.gz"


def content_sha256(dataset: Dataset) -> str:
    """Hash of windows and labels, the same whatever file format they came in.

    The windows are rounded to 4 decimals, far inside the 8 digits that are published, so that the last bit of a
    conversion does not count.
    """
    digest = hashlib.sha256(np.rint(dataset.x.astype(np.float64) * 1e4).astype("<i4").tobytes())
    digest.update(dataset.y.astype("<i8").tobytes())
    return digest.hexdigest()


def files_sha256(paths: Sequence[Path]) -> str:
    """Hash of files as they are published, by name: what ``sha256sum FILES | sha256sum`` says in their folder."""
    lines = (f"{files.sha256_of(path)}  {path.name}\n" for path in paths)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def fetch(name: str, folder: Path, *, url: str | None = None, progress: Progress | None = None) -> str:
    """Bring the data set `name` into `folder`; returns one line that says what was done.

    The archive is kept as a ``.part`` file while it is incomplete, and the next call goes on from there. Its files
    are unpacked beside their place, read by the loader, compared with the published content, and only then moved in.

    Args:
        name: Registered name.
        folder: The data folder.
        url: Another address of the same archive.
        progress: Called with the bytes there and the bytes in all, None where the server does not say.

    Raises:
        ConfigError: no such data set, or one without a home.
        DataError: it cannot be downloaded, or what came is not the published data; nothing is kept of that.
        StorageError: the disk is full or not writable.
    """
    facts = FACTS.get(name)
    if facts is None:
        DATASETS.load(name)  # raises with the near match where there is none at all
        raise ConfigError(f"{name} has no known home to fetch it from: put its files into {folder}")
    if not facts.files and not facts.yours:
        return f"{name} is made on the fly: nothing to fetch"
    if (there := facts.find(folder)) is not None:
        return f"{name} is already in {there[0].parent}"
    if facts.archive_url is None:
        raise ConfigError(f"{name} cannot be fetched ({facts.terms}): put its files into {folder / facts.folder}")
    address = url or facts.archive_url
    archive = folder / f"{facts.folder}{_TAR if facts.archive_url.endswith(_TAR) else '.zip'}"
    download(address, archive, progress or (lambda _done, _total: None))
    try:
        _install(name, facts, archive, folder, address)
    finally:
        archive.unlink(missing_ok=True)
    return f"{name} is now in {folder / facts.folder}"


def _install(name: str, facts: Facts, archive: Path, folder: Path, address: str) -> None:
    with files.storage_errors(folder), tempfile.TemporaryDirectory(dir=folder, prefix=f".{facts.folder}.") as beside:
        if facts.archive_sha256:
            _require_published(name, address, files.sha256_of(archive), facts.archive_sha256)
        fresh = Path(beside) / facts.folder
        fresh.mkdir()
        for file_name, content in _unpack(archive, facts).items():
            (fresh / file_name).write_bytes(content)
        kind, found, wanted = _hashes(name, facts, Path(beside))
        _require_published(name, address, found, wanted)
        origin = {
            "url": address,
            "archive_sha256": files.sha256_of(archive),
            kind: found,
            "fetched_utc": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        files.write_json(fresh / "origin.json", origin)
        _put_in_place(fresh, folder / facts.folder)


def _require_published(name: str, address: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise DataError(
            f"what {address} sent is not the published {name} (content {found[:12]}…, expected "
            f"{wanted[:12]}…): report it, or get the files elsewhere"
        )


def _hashes(name: str, facts: Facts, folder: Path) -> tuple[str, str, str]:
    """What of the files is compared, what it is here, and what it must be: where the archive was, they are right."""
    if facts.files_sha256 or facts.archive_sha256:
        found = files_sha256(facts.find(folder) or ())
        return "files_sha256", found, facts.files_sha256 or found
    dataset = DATASETS.load(name)(folder, **dict(facts.options))
    return "content_sha256", content_sha256(dataset), facts.content_sha256


def _unpack(archive: Path, facts: Facts) -> dict[str, bytes]:
    """The first whole group of files in `archive` by their plain names; every other member is left alone."""
    unpacked = _unpack_tar if archive.name.endswith(_TAR) else _unpack_zip
    try:
        return unpacked(archive, facts)
    except (
        *(zipfile.BadZipFile, tarfile.TarError, zlib.error),
        *(NotImplementedError, RuntimeError, OSError, ValueError, EOFError),
    ) as error:
        raise DataError(f"{archive.name} is damaged ({error}): fetch it again") from error


def _unpack_zip(archive: Path, facts: Facts) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as packed:
        members = {Path(info.filename).name: info for info in packed.infolist() if not info.is_dir()}
        group = _group(members, archive, facts)
        _require_sizes({name: members[name].file_size for name in group})
        return {name: packed.read(members[name]) for name in group}


def _unpack_tar(archive: Path, facts: Facts) -> dict[str, bytes]:
    with tarfile.open(archive, "r:gz") as packed:
        members = {Path(info.name).name: info for info in packed.getmembers() if info.isfile()}
        group = _group(members, archive, facts)
        _require_sizes({name: members[name].size for name in group})
        streams = {name: packed.extractfile(members[name]) for name in group}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


def _group(members: Mapping[str, object], archive: Path, facts: Facts) -> tuple[str, ...]:
    group = next((names for names in facts.files if set(names) <= set(members)), None)
    if group is None:
        raise DataError(f"{archive.name} does not hold {_listed(facts.files[0])}: get it elsewhere")
    return group


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} others"


def _require_sizes(sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        if size > _LARGEST_MEMBER:
            raise DataError(f"{name} claims {size} bytes: this is not the published archive")


def _put_in_place(fresh: Path, target: Path) -> None:
    """Move the files in; a folder that is already there keeps what else it holds."""
    if not target.exists():
        fresh.rename(target)
        return
    for path in fresh.iterdir():
        path.replace(target / path.name)
