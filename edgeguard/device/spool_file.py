"""The file of the spool: opened and checked, moved aside when it is damaged, made small again when it is empty."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

# What stays of the journal and of free room in the file: on a disk that is full, messages can go on in it for a while.
_RESERVE_BYTES: Final = 1 << 20
_PAGE_BYTES: Final = 4096
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS message_by_kind ON message (kind);
CREATE TABLE IF NOT EXISTS dropped (kind TEXT PRIMARY KEY, messages INTEGER NOT NULL);
"""


def is_damage(error: BaseException | None) -> bool:
    """Whether the file itself is broken; not where it is locked, not ours to write, or the disk is full."""
    return type(error) is sqlite3.DatabaseError


def open_sound(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """The database at `path`, and where a damaged one was put that lay there before.

    sqlite3.Error or OSError where the disk does not allow it.
    """
    try:
        return _opened(path), None
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        aside = move_aside(path)
        return _opened(path), aside


def move_aside(path: Path) -> Path:
    """Rename a damaged database; the one moved before goes, so that they cannot fill the disk."""
    aside = path.with_name(path.name + ".damaged")
    for suffix in ("-wal", "-shm", ""):
        found = path.with_name(path.name + suffix)
        if found.exists():
            found.replace(aside.with_name(aside.name + suffix))
        else:
            aside.with_name(aside.name + suffix).unlink(missing_ok=True)
    log.warning("the spool is damaged; it is kept as %s, and a new one begun", aside)
    return aside


def give_room_back(database: sqlite3.Connection) -> None:
    """Make the file a little smaller while it is more than half empty; not while a transaction is open."""
    (free,), (pages,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count"))
    if free > max(pages // 2, _RESERVE_BYTES // _PAGE_BYTES):
        # By `execute` it would end after one page; all at once it would take a second.
        database.executescript(f"PRAGMA incremental_vacuum({_RESERVE_BYTES // _PAGE_BYTES})")


def empty_journal(database: sqlite3.Connection) -> None:
    """Write the journal to the file, so that it is used again from its start: all that a full disk has room for."""
    database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # first: it spares a file that a full disk has no room for
        database.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        if database.execute("PRAGMA auto_vacuum").fetchone() == (0,):  # else it would be written again
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA journal_size_limit = {_RESERVE_BYTES}")
        database.execute(f"PRAGMA wal_autocheckpoint = {_RESERVE_BYTES // _PAGE_BYTES}")
        database.executescript(_SCHEMA)
        _refuse_damaged(database)
    except BaseException:
        database.close()
        raise
    return database


def _refuse_damaged(database: sqlite3.Connection) -> None:
    (finding,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        raise sqlite3.DatabaseError(finding)
