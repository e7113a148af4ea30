"""A text file too large for memory: its head, its end, its encoding, and its records piece by piece."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import csv as arrow_csv

from core.errors import UserError
from core.reading.dialect import SAMPLE_BYTES, Dialect, Stated, find_dialect
from core.reading.encoding import EVIDENCE, MARKS, codec, decode
from core.reading.records import _end, _offset
from core.wording import quoted

BLOCK = 2**22
TAIL = 2**16
CHUNK = 2**22


@dataclass(frozen=True)
class Text:
    """A large text file in UTF-8.

    Parameters
    ----------
    path : str
        Where it is.
    start, end : int
        The bytes between which the records stand.
    dialect : Dialect
        How they are written.
    encoding : str
        That of the file as it was given.
    notes : tuple of str
        What was decided about the encoding.
    """

    path: str
    start: int
    end: int
    dialect: Dialect
    encoding: str
    notes: tuple[str, ...] = ()


class Irregular(Exception):
    """The records are not regular enough to be read piece by piece; the reason is that of the reader."""


class Part(io.RawIOBase):
    """The bytes of a file between two places; every byte read goes into a digest."""

    def __init__(self, path: str, start: int, end: int) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        self._file.seek(start)
        self._left = end - start
        self.digest = hashlib.blake2b(digest_size=16)

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most so many bytes."""
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        self.digest.update(piece)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def looked_at(path: str, stated: Stated, encoding: str, folder: str) -> Text:
    """Find out how a large text file is written, from its head and its end.

    Parameters
    ----------
    path : str
        Where the file is.
    stated : Stated
        What the analyst says.
    encoding : str
        The encoding; empty to find it out.
    folder : str
        Where a copy in UTF-8 is written if the file is in another encoding.

    Raises
    ------
    Irregular
        Its cells are not parted by one character.
    """
    path, encoding, notes = _in_utf8(path, encoding, folder)
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(4 * SAMPLE_BYTES)
        mark = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
        file.seek(max(file.tell(), size - TAIL))
        tail = file.read()
    head = head[mark:]
    whole = head + tail if size <= mark + len(head) + len(tail) else _complete(head) + tail[tail.find(b"\n") + 1 :]
    dialect = find_dialect(whole, stated=stated)
    if len(dialect.delimiter) > 1 or dialect.padded or dialect.places:
        raise Irregular("cells are not parted by one character")
    end = size - len(whole) + _end(whole, dialect.end) if dialect.end else size
    return Text(path, mark + _offset(head, dialect.start), end, dialect, encoding, notes)


def pieces(text: Text) -> Iterator[list[pa.Array] | str]:
    """Yield the records as columns of text cells, some ten thousand rows at a time; last of all a digest of the bytes.

    Raises
    ------
    Irregular
        A record has another number of cells, or its text is not UTF-8.
    """
    dialect = text.dialect
    names = [str(position) for position in range(len(dialect.header))]
    parse = arrow_csv.ParseOptions(
        delimiter=dialect.sign,
        quote_char=False if dialect.quote == "none" else dialect.quote,
        escape_char="\\" if dialect.escape else False,
        newlines_in_values=True,
        ignore_empty_lines=len(names) > 1,
    )
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    options = arrow_csv.ReadOptions(column_names=names, block_size=BLOCK)
    with Part(text.path, text.start, text.end) as part:
        try:
            with arrow_csv.open_csv(
                pa.PythonFile(part, "r"), read_options=options, parse_options=parse, convert_options=convert
            ) as found:
                for batch in found:
                    yield batch.columns
        except pa.ArrowInvalid as error:
            raise Irregular(str(error)) from error
        yield part.digest.hexdigest()


def _complete(head: bytes) -> bytes:
    return head[: head.rfind(b"\n") + 1] or head


def _in_utf8(path: str, encoding: str, folder: str) -> tuple[str, str, tuple[str, ...]]:
    """The file itself if it is UTF-8, else a copy."""
    with open(path, "rb") as file:
        head = file.read(CHUNK)
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    wide = marked or ("" if encoding else _wide(head))
    used = encoding or wide or "utf-8"
    if _plain(used) == "utf8" and _is_utf8(path):
        return path, "utf-8", ()
    notes: tuple[str, ...] = ()
    if not (encoding or wide):
        _, used, notes = decode(_odd_lines(path))
        if used == "utf-8":
            raise Irregular("the file mixes encodings")
    copy = os.path.join(folder, "text")
    try:
        with (
            open(path, encoding=codec(used), newline="") as source,
            open(copy, "w", encoding="utf-8", newline="") as target,
        ):
            while piece := source.read(CHUNK):
                target.write(piece.removeprefix("\ufeff") if target.tell() == 0 else piece)
    except UnicodeError as error:
        problem = f"The file cannot be read with the encoding {quoted(used)}."
        raise UserError(problem, "Leave the encoding to be found out.") from error
    return copy, used, notes


def _plain(encoding: str) -> str:
    return encoding.lower().replace("-", "").replace("_", "").removesuffix("sig")


def _wide(head: bytes) -> str:
    from core.reading.kinds import utf16_order

    return utf16_order(head)


def _is_utf8(path: str) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(path, "rb") as file:
        while piece := file.read(CHUNK):
            if piece.isascii() and not decoder.getstate()[0]:
                continue
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                return False
    return True


def _odd_lines(path: str) -> bytes:
    """Lines with letters beyond ASCII, enough to tell the encoding."""
    found, size = [], 0
    with open(path, "rb") as file:
        for line in file:
            if not line.isascii():
                found.append(line)
                size += len(line)
                if size > EVIDENCE:
                    break
    return b"".join(found)
