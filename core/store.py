"""Finished work in one file: plain values by the digest of everything that decides them, for several processes at a time."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.engine import versions
from core.errors import UserError
from core.wording import quoted

MARK = 0x43505331
"""Stands in the head of the file, so that no other file is taken for a store."""

LAYOUT = (
    "CREATE TABLE work (key TEXT PRIMARY KEY, at REAL, size INTEGER, digest BLOB, plain TEXT, data BLOB) WITHOUT ROWID"
)
BY_AGE = "CREATE INDEX by_age ON work (at, size)"
MOST_BYTES = 500 * 2**20
WAIT = 30.0
"""Seconds to wait for another process that writes."""

KINDS = "fiub"
"""Kinds of numbers that an array may hold; nothing that could be code."""

REMEDY = "Choose another file, or delete this one; finished work is then computed anew."


class Store:
    """What was computed before, in one SQLite file.

    Values are numbers, text and arrays of numbers; nothing in the file is ever run. A value whose bytes are damaged counts as absent.

    Parameters
    ----------
    path : str or os.PathLike
        Made when it does not exist; its folder must.
    most : int
        Bytes of values; the oldest are dropped beyond it.

    Raises
    ------
    UserError
        The file is something else, is damaged, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike, most: int = MOST_BYTES) -> None:
        self.path, self.most = Path(path), most
        if not self.path.resolve().parent.is_dir():
            raise UserError(f"The folder of {quoted(self.path)} does not exist.", "Make it, or choose another path.")
        with self._open() as connection:
            _check(connection, self.path)

    def get(self, key: str) -> tuple[Any, dict[str, np.ndarray]] | None:
        """The plain value and the arrays under a key; None when there are none."""
        with self._open() as connection:
            row = connection.execute("SELECT digest, plain, data FROM work WHERE key = ?", (key,)).fetchone()
        return None if row is None else _unpacked(*row)

    def put(self, key: str, plain: Any, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a value.

        Parameters
        ----------
        key : str
            As ``digest_of`` makes it.
        plain : object
            Numbers, text, lists and dicts, as JSON has them.
        arrays : mapping of str to ndarray
            Of numbers.
        """
        text, data = _packed(plain, arrays)
        size = len(text.encode()) + len(data)
        with self._open() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            row = (key, time.time(), size, _digest(text, data), text, data)
            connection.execute("INSERT OR REPLACE INTO work VALUES (?, ?, ?, ?, ?, ?)", row)
            self._drop_oldest(connection)

    def __len__(self) -> int:
        """How many values are kept."""
        with self._open() as connection:
            return connection.execute("SELECT count(*) FROM work").fetchone()[0]

    def _drop_oldest(self, connection: sqlite3.Connection) -> None:
        total = connection.execute("SELECT total(size) FROM work").fetchone()[0]
        if total > self.most:
            rows = connection.execute("SELECT key, size FROM work ORDER BY at").fetchall()
            for key, size in rows:
                if total <= 0.9 * self.most:
                    return
                connection.execute("DELETE FROM work WHERE key = ?", (key,))
                total -= size

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for every look, so that threads and processes need not know of each other."""
        try:
            with closing(sqlite3.connect(self.path, timeout=WAIT, isolation_level=None)) as connection:
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("PRAGMA synchronous = OFF")  # what a power cut loses is computed anew
                yield connection
        except sqlite3.DatabaseError as error:
            problem = f"The file {quoted(self.path)} cannot be used as a store of finished work ({error})."
            raise UserError(problem, REMEDY) from None


@cache
def code_version() -> str:
    """Changes with the source of ``core`` and with the versions of what computes."""
    folder, digest = Path(__file__).parent, hashlib.blake2b(digest_size=16)
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    digest.update(repr(sorted(versions().items())).encode())
    return digest.hexdigest()


def digest_of(*parts: Any) -> str:
    """The key of a value: the digest of the code's version and of all that decides the value, by ``repr``."""
    text = repr((code_version(), *parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=20).hexdigest()


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Make the file a store when it is new; refuse it when it is something else."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        there = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        if not mark and not there:
            connection.execute(LAYOUT)
            connection.execute(BY_AGE)
            connection.execute(f"PRAGMA application_id = {MARK}")
        elif mark != MARK or sorted(there) != sorted((LAYOUT, BY_AGE)):
            raise UserError(f"The file {quoted(path)} is not a store of finished work of this version.", REMEDY)
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work at one time; while others are at work the file stays as it is until the next opening."""
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise


def _packed(plain: Any, arrays: Mapping[str, np.ndarray]) -> tuple[str, bytes]:
    """Text that says what the bytes are, and the bytes of all arrays one after the other."""
    listed, parts = [], []
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        if array.dtype.kind not in KINDS:
            raise TypeError(f"{name} holds {array.dtype}, not numbers")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        listed.append((name, array.dtype.str, np.shape(arrays[name])))
        parts.append(array.tobytes())
    return json.dumps({"plain": plain, "arrays": listed}), b"".join(parts)


def _unpacked(digest: Any, text: Any, data: Any) -> tuple[Any, dict[str, np.ndarray]] | None:
    try:
        if digest != _digest(text, data):
            return None
        told, start, arrays = json.loads(text), 0, {}
        for name, kind, shape in told["arrays"]:
            dtype = np.dtype(kind)
            count = int(np.prod(shape, dtype=object))
            if dtype.kind not in KINDS or min(shape, default=0) < 0:
                return None
            arrays[name] = np.frombuffer(data, dtype, count, start).reshape(shape).astype(dtype.newbyteorder("="))
            start += count * dtype.itemsize
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None
    return told["plain"], arrays


def _digest(text: str, data: bytes) -> bytes:
    return hashlib.blake2b(text.encode() + b"\0" + data, digest_size=16).digest()
