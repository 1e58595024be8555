"""The outbox on disk: a message stays in it until the broker has acknowledged it, through restarts and power cuts."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from edgeguard.errors import StorageError
from edgeguard.telemetry.messages import Precious

Writer = Callable[[int], bytes]  # given its number, the payload of a message

log = logging.getLogger(__name__)

_FILE: Final = "outbox.sqlite3"
_ROW_BYTES: Final = 64  # what a row and its index entry take beside topic and payload
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS message_by_kind ON message (kind);
"""


@dataclass(frozen=True)
class Entry:
    """A message that waits for its acknowledgement."""

    seq: int
    topic: str
    payload: bytes


class Spool:
    """Messages in the order of their sequence numbers, which never repeat, not even after a restart.

    When it is full the oldest telemetry goes first, then the oldest acks, then the oldest alerts. A damaged file is
    moved aside. One process at a time. Any thread may call. StorageError where the disk is full or broken; what was
    in the spool is still there.

    Args:
        folder: Where the file lies; made if missing.
        max_bytes: What the messages may take together; the file is a little larger.

    Attributes:
        boot: Random for every start.
        dropped: Messages lost since then, by kind: for want of room, or because the disk failed.
        moved_aside: Where a damaged file was put, or None.
        closed: Whether `close` was called.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.boot = secrets.token_hex(8)
        self.dropped: Counter[Precious] = Counter()
        self.moved_aside: Path | None = None
        self.closed = False
        self._path = folder / _FILE
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"the spool's folder {folder} cannot be made ({error.strerror}): choose another"
            ) from error
        self._database = self._open()
        with self._translated():
            self._last_seq: int = self._row("SELECT coalesce(max(seq), 0) FROM sqlite_sequence")[0]
            self._held = self._row("SELECT count(*), coalesce(sum(bytes), 0) FROM message")

    def __len__(self) -> int:
        return int(self._held[0])

    def append(self, topic: str, kind: Precious, writers: Sequence[Writer]) -> list[int]:
        """Keep messages, all on disk before this returns or none; their numbers, which the writers were given."""
        with self._lock:
            # A number is spent even if the disk fails: the gap then shows the loss.
            numbers = range(self._last_seq + 1, self._last_seq + 1 + len(writers))
            self._last_seq += len(writers)
            try:
                with self._transaction("FULL"):
                    for seq, payload_for in zip(numbers, writers, strict=True):
                        self._insert(seq, kind, topic, payload_for(seq))
                    self._make_room()
            except StorageError:
                self.dropped[kind] += len(writers)
                raise
            return list(numbers)

    def first_after(self, seq: int) -> Entry | None:
        """The waiting message with the lowest number above `seq`, or None."""
        with self._lock, self._translated():
            row = self._row("SELECT seq, topic, payload FROM message WHERE seq > ? ORDER BY seq LIMIT 1", seq)
        return None if row is None else Entry(*row)

    def acknowledge(self, seq: int) -> bool:
        """Forget a message, the broker has it now; whether it was still there."""
        with self._lock, self._transaction("NORMAL"):  # undone by a power cut, it is sent twice: no need to flush
            return self._delete(seq)

    @property
    def lost(self) -> int:
        """All that was dropped."""
        return sum(self.dropped.values())

    def close(self) -> None:
        """Let go of the file; harmless when called twice."""
        with self._lock:
            self._database.close()
            self.closed = True

    def _insert(self, seq: int, kind: Precious, topic: str, payload: bytes) -> None:
        size = len(topic) + len(payload) + _ROW_BYTES
        self._database.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (seq, kind, topic, payload, size))
        self._hold(1, size)

    def _make_room(self) -> None:
        while self._held[1] > self._max_bytes:
            oldest = "SELECT seq, kind FROM message WHERE kind = ? ORDER BY seq LIMIT 1"
            seq, kind = self._row(oldest, "telemetry") or self._row(oldest, "ack") or self._row(oldest, "alert")
            self._delete(seq)
            self.dropped[kind] += 1

    def _delete(self, seq: int) -> bool:
        if (row := self._row("SELECT bytes FROM message WHERE seq = ?", seq)) is None:
            return False
        self._database.execute("DELETE FROM message WHERE seq = ?", (seq,))
        self._hold(-1, -row[0])
        return True

    def _hold(self, messages: int, size: int) -> None:
        self._held = (self._held[0] + messages, self._held[1] + size)

    def _row(self, query: str, *values: object) -> Any:
        return self._database.execute(query, values).fetchone()

    @contextmanager
    def _transaction(self, synchronous: Literal["FULL", "NORMAL"]) -> Iterator[None]:
        held, dropped = self._held, self.dropped.copy()
        with self._translated():
            self._database.execute(f"PRAGMA synchronous = {synchronous}")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                self._held, self.dropped = held, dropped
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        with self._translated():
            try:
                return _opened(self._path)
            except sqlite3.OperationalError:  # locked, full, not ours to write: the file itself may be sound
                raise
            except sqlite3.DatabaseError:
                self.moved_aside = _move_aside(self._path)
                log.warning("the spool is damaged; it is kept as %s, and a new one begun", self.moved_aside)
                return _opened(self._path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            advice = "stop the other edgeguard" if "locked" in str(error) else "free some space or mend the disk"
            raise StorageError(f"the spool {self._path} fails ({error}): {advice}") from error


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
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


def _move_aside(path: Path) -> Path:
    """Rename the database out of the way; the one moved before goes, so that they cannot fill the disk."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return path.replace(path.with_name(path.name + ".damaged"))
