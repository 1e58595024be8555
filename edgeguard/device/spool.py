"""The outbox on disk: a message stays in it until the broker has acknowledged it, through restarts and power cuts."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from edgeguard.device.spool_file import empty_journal, give_room_back, is_damage, move_aside, open_sound
from edgeguard.errors import StorageError
from edgeguard.telemetry.messages import Precious

T = TypeVar("T")
Writer = Callable[[int], bytes]  # given its number, the payload of a message

_FILE: Final = "outbox.sqlite3"
_ROW_BYTES: Final = 64  # what a row and its index entry take beside topic and payload
_LAST_TO_GO: Final[tuple[Precious, ...]] = ("telemetry", "ack", "alert")


@dataclass(frozen=True)
class Entry:
    """A message that waits for its acknowledgement."""

    seq: int
    kind: Precious
    topic: str
    payload: bytes


class Spool:
    """Messages in the order of their sequence numbers, which never repeat, not even after a restart.

    When it is full the oldest telemetry goes first, then the oldest acks, alerts last. A damaged file is moved aside,
    with what waited in it. One process at a time. Any thread may call. StorageError where the disk is full or broken:
    what was in the spool is still there, and calls work again once the disk does.

    Args:
        folder: Where the file lies; made if missing.
        max_bytes: What the messages may take together; the file is a little larger.

    Attributes:
        boot: Random for every start.
        dropped: Messages lost since the file was begun, by kind: for want of room, or because the disk failed. A loss
            while the disk takes nothing is on disk with the next message that is kept, or when it is closed.
        moved_aside: Where a damaged file was put, or None.
        closed: Whether `close` was called.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.boot = secrets.token_hex(8)
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
        with self._translated():
            self._database, self.moved_aside = open_sound(self._path)
            self._last_seq: int = self._row("SELECT coalesce(max(seq), 0) FROM sqlite_sequence")[0]
            self._bytes: int = self._row("SELECT coalesce(sum(bytes), 0) FROM message")[0]
            self._waiting = self._counter("SELECT kind, count(*) FROM message GROUP BY kind")
            self.dropped = self._counter("SELECT kind, messages FROM dropped")
        self._recorded = self.dropped.copy()

    def __len__(self) -> int:
        return self._waiting.total()

    def append(self, topic: str, kind: Precious, writers: Sequence[Writer]) -> list[int]:
        """Keep messages, all on disk before this returns or none; their numbers, which the writers were given."""
        with self._lock:
            # A number is spent even if the disk fails: the gap then shows the loss.
            numbers = range(self._last_seq + 1, self._last_seq + 1 + len(writers))
            self._last_seq += len(writers)

            def keep() -> None:
                for seq, payload_for in zip(numbers, writers, strict=True):
                    self._insert(seq, kind, topic, payload_for(seq))
                self._make_room()
                self._record_dropped()

            try:
                self._commit("FULL", keep)
            except StorageError:
                self.dropped[kind] += len(writers)
                raise
            return list(numbers)

    def first_after(self, seq: int, skipping: Collection[Precious] = ()) -> Entry | None:
        """The waiting message with the lowest number above `seq` that is not of a kind in `skipping`, or None."""
        marks = ",".join("?" * len(skipping))
        query = f"SELECT seq, kind, topic, payload FROM message WHERE seq > ? AND kind NOT IN ({marks})"  # noqa: S608 - marks
        with self._lock, self._translated():
            row = self._row(query + " ORDER BY seq LIMIT 1", seq, *skipping)
        return None if row is None else Entry(*row)

    def acknowledge(self, seq: int) -> bool:
        """Forget a message, the broker has it now; whether it was still there."""
        with self._lock:
            # Undone by a power cut, it is sent twice: no need to flush.
            deleted = self._commit("NORMAL", lambda: self._delete(seq))
            with suppress(sqlite3.Error):  # on a full disk: next time
                give_room_back(self._database)
            return deleted

    def close(self) -> None:
        """Let go of the file; harmless when called twice."""
        with self._lock:
            if not self.closed:
                with suppress(StorageError):
                    self._commit("FULL", self._record_dropped)
                self._database.close()
            self.closed = True

    def _insert(self, seq: int, kind: Precious, topic: str, payload: bytes) -> None:
        size = len(topic) + len(payload) + _ROW_BYTES
        self._database.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (seq, kind, topic, payload, size))
        self._waiting[kind] += 1
        self._bytes += size

    def _delete(self, seq: int) -> bool:
        if (row := self._row("DELETE FROM message WHERE seq = ? RETURNING kind, bytes", seq)) is None:
            return False
        self._waiting[row[0]] -= 1
        self._bytes -= row[1]
        return True

    def _make_room(self) -> None:
        while self._bytes > self._max_bytes:
            kind = next(kind for kind in _LAST_TO_GO if self._waiting[kind])
            self._delete(self._row("SELECT min(seq) FROM message WHERE kind = ?", kind)[0])
            self.dropped[kind] += 1

    def _record_dropped(self) -> None:
        if self.dropped != self._recorded:
            self._database.executemany("INSERT OR REPLACE INTO dropped VALUES (?, ?)", self.dropped.items())
            self._recorded = self.dropped.copy()

    def _row(self, query: str, *values: object) -> Any:
        return self._database.execute(query, values).fetchone()

    def _counter(self, query: str) -> Counter[Precious]:
        return Counter(dict(self._database.execute(query).fetchall()))

    def _commit(self, synchronous: Literal["FULL", "NORMAL"], work: Callable[[], T]) -> T:
        with suppress(StorageError), self._transaction(synchronous):
            return work()
        with self._transaction(synchronous):  # with an emptied journal, or in a new file
            return work()

    @contextmanager
    def _transaction(self, synchronous: Literal["FULL", "NORMAL"]) -> Iterator[None]:
        before = self._bytes, self._waiting.copy(), self.dropped.copy(), self._recorded
        try:
            with self._translated():
                self._database.execute(f"PRAGMA synchronous = {synchronous}")
                self._database.execute("BEGIN IMMEDIATE")
                yield
                self._database.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")  # unless the failure has done so
            self._bytes, self._waiting, self.dropped, self._recorded = before
            if isinstance(error.__cause__, sqlite3.Error):
                self._recover(error.__cause__)
            raise

    def _recover(self, error: sqlite3.Error) -> None:
        if is_damage(error):
            self._begin_anew()
        else:
            with suppress(sqlite3.Error):
                empty_journal(self._database)

    def _begin_anew(self) -> None:
        self.dropped.update(self._waiting)
        self._bytes, self._waiting, self._recorded = 0, Counter(), Counter()
        with suppress(sqlite3.Error, OSError):  # every call fails, then, until the next start
            self._database.close()
            self.moved_aside = move_aside(self._path)
            self._database, _ = open_sound(self._path)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            advice = "stop the other edgeguard" if "locked" in str(error) else "free some space or mend the disk"
            raise StorageError(f"the spool {self._path} fails ({error}): {advice}") from error
