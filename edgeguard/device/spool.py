"""The outbox on disk: a message stays in it until the broker has acknowledged it, through restarts and power cuts."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from edgeguard.device.overflow import FIRST_TO_GO, Entry, Overflow
from edgeguard.device.spool_file import empty_journal, give_room_back, is_damage, move_aside, open_sound
from edgeguard.errors import StorageError
from edgeguard.telemetry.messages import Precious

T = TypeVar("T")
Writer = Callable[[int], bytes]  # given its number, the payload of a message

log = logging.getLogger(__name__)

_FILE: Final = "outbox.sqlite3"
_IN_MEMORY_BYTES: Final = 4_000_000


class Spool:
    """Messages in the order of their sequence numbers, which never repeat, not even after a restart.

    When it is full the oldest telemetry goes first, then the oldest acks, alerts last. A damaged file is moved aside,
    with what waited in it. What a full or broken disk does not take is held in memory, four megabytes of it, and
    written once there is room. One process at a time. Any thread may call. StorageError where the file cannot be
    opened, read or rid of a message: what was in it is still there, and calls work again once the disk does.

    Args:
        folder: Where the file lies; made if missing.
        max_bytes: What the messages may take together; the file is a little larger.

    Attributes:
        boot: Random for every start.
        dropped: Messages lost since the file was begun, by kind. Known after a restart too, but for what was lost just
            before it on a disk that takes nothing.
        moved_aside: Where a damaged file was put, or None.
        closed: Whether `close` was called.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.boot = secrets.token_hex(8)
        self.closed = False
        self._path = folder / _FILE
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._overflow = Overflow(min(max_bytes, _IN_MEMORY_BYTES))
        self._failing = False
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
        return self._waiting.total() + len(self._overflow)

    def append(self, topic: str, kind: Precious, writers: Sequence[Writer]) -> list[int]:
        """Keep messages, on disk before this returns if it takes them; their numbers, which the writers were given."""
        with self._lock:
            numbers = list(range(self._last_seq + 1, self._last_seq + 1 + len(writers)))
            for seq, payload_for in zip(numbers, writers, strict=True):
                self._overflow.add(Entry(seq, kind, topic, payload_for(seq)))
            self._last_seq += len(writers)
            self._settle()
            return numbers

    def settle(self) -> None:
        """Write what an earlier failure of the disk has left in memory, if it works again."""
        with self._lock:
            if self._overflow or self.dropped != self._recorded:
                self._settle()

    def first_after(self, seq: int, skipping: Collection[Precious] = ()) -> Entry | None:
        """The waiting message with the lowest number above `seq` that is not of a kind in `skipping`, or None."""
        marks = ",".join("?" * len(skipping))
        query = f"SELECT seq, kind, topic, payload FROM message WHERE seq > ? AND kind NOT IN ({marks})"  # noqa: S608 - marks
        with self._lock, self._recovering():
            row = self._row(query + " ORDER BY seq LIMIT 1", seq, *skipping)
            found = [Entry(*row)] if row else []
            return min([*found, *self._overflow.first_after(seq, skipping)], key=lambda entry: entry.seq, default=None)

    def acknowledge(self, seq: int) -> bool:
        """Forget a message, the broker has it now; whether it was still there."""
        with self._lock:
            if self._overflow.remove(seq):
                return True
            # Undone by a power cut, it is sent twice: no need to flush.
            deleted = self._commit("NORMAL", lambda: self._delete(seq))
            with suppress(sqlite3.Error):  # on a full disk: next time
                give_room_back(self._database)
            return deleted

    def close(self) -> None:
        """Let go of the file; harmless when called twice."""
        with self._lock:
            if not self.closed:
                self._settle()
                self._database.close()
            self.closed = True

    def _settle(self) -> None:
        try:
            self._commit("FULL", self._keep)
        except StorageError as error:
            self.dropped += self._overflow.make_room()
            if not self._failing:
                log.warning("%s; messages are held in memory until then", error)
            self._failing = True
        else:
            self._overflow.clear()
            self._failing = False

    def _keep(self) -> None:
        for entry in self._overflow:
            row = (entry.seq, entry.kind, entry.topic, entry.payload, entry.size)
            self._database.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", row)
            self._waiting[entry.kind] += 1
            self._bytes += entry.size
        self._make_room()
        self._record_dropped()

    def _delete(self, seq: int) -> bool:
        if (row := self._row("DELETE FROM message WHERE seq = ? RETURNING kind, bytes", seq)) is None:
            return False
        self._waiting[row[0]] -= 1
        self._bytes -= row[1]
        return True

    def _make_room(self) -> None:
        while self._bytes > self._max_bytes:
            kind = next(kind for kind in FIRST_TO_GO if self._waiting[kind])
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
        with self._recovering():
            try:
                self._database.execute(f"PRAGMA synchronous = {synchronous}")
                self._database.execute("BEGIN IMMEDIATE")
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")  # unless the failure has done so
                self._bytes, self._waiting, self.dropped, self._recorded = before
                raise

    @contextmanager
    def _recovering(self) -> Iterator[None]:
        try:
            with self._translated():
                yield
        except StorageError as error:
            if is_damage(error.__cause__):
                self._begin_anew()
            else:
                with suppress(sqlite3.Error):
                    empty_journal(self._database)
            raise

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
