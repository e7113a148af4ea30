"""Packed files: gzip, bzip2 and xz are unpacked under a limit, and a zip archive offers the tables in it."""

from __future__ import annotations

import bz2
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from core.errors import UserError
from core.reading import limits
from core.reading.excel import sheet_names
from core.reading.kinds import UNPACK, ZIP_DAMAGE, archive_of, kind_of
from core.reading.limits import CHUNK, GRACE, check_bytes
from core.wording import listing, plural, quoted

MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\x00"}
SLICE = 2**14
LOOK = 16 * 2**20
MARGIN = 2
TIGHT = 20
MEMORY = 2**27
HEAD = 2**12
WORKBOOKS = ("xlsx", "xlsb", "xls", "ods")
MAX_LOOKS = 200
TABLES = (".csv", ".tsv", ".tab", ".dat", ".data", ".arff", ".parquet", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PROSE = (".txt", ".md", ".names", ".rst", ".log", ".json", ".xml", ".html", ".py", ".r")
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Opened:
    """What lies in a file once it is unpacked.

    Parameters
    ----------
    body : bytes
        The content: text, Parquet or a workbook.
    kind : str
        What it is, see ``kind_of``.
    sheet : str
        The sheet that was asked for, where the choice did not name a file of an archive.
    notes : tuple of str
        What was decided.
    """

    body: bytes
    kind: str
    sheet: str = ""
    notes: tuple[str, ...] = ()


def opened(data: bytes, choice: str = "") -> Opened:
    """Unpack a file if it is packed, and tell what it is.

    Parameters
    ----------
    data : bytes
        The file.
    choice : str
        The file of a zip archive to take, or the sheet of a workbook; empty for the first that can be read.

    Returns
    -------
    Opened
        The content, and what it is.

    Raises
    ------
    UserError
        It is no table, packed twice, damaged, encrypted, or its content is too large.

    Examples
    --------
    >>> import gzip
    >>> opened(gzip.compress(b"a,b\\n1,2\\n")).body
    b'a,b\\n1,2\\n'
    """
    kind = kind_of(data)
    if kind in MAGIC:
        body = unpack(data, kind)
        return Opened(body, _inner(body, f"a {kind} file" if kind != "xz" else "an xz file"), choice)
    if kind != "zip":
        return Opened(data, kind, choice)
    with archive_of(data) as archive:
        files = _files(archive)
        part = next((file for file in files if choice and file.filename == choice), None)
        sheet = choice if part is None else ""
        if part is None:
            tables = _tables(archive, files)
            if choice and len(tables) > 1:
                names = [table.filename for table in tables]
                raise UserError(f"The archive has no file {quoted(choice)}.", f"Choose one of {listing(names)}.")
            part = tables[0]
        body = _content(archive, part)
    others = [file.filename for file in files if file is not part]
    told = f"The archive holds {plural(len(files), 'file')}; {quoted(part.filename)} was read. Not read: {listing(others)}."
    return Opened(body, _inner(body, "a zip archive"), sheet, (told,) if others else ())


def tables_within(data: bytes) -> tuple[str, ...]:
    """Name the files of a zip archive that look like tables, in the order in which they would be taken.

    Raises
    ------
    UserError
        The archive is damaged or encrypted, or holds no file.
    """
    with archive_of(data) as archive:
        return tuple(part.filename for part in _tables(archive, _files(archive)))


def sheets(data: bytes) -> tuple[str, ...]:
    """Name what ``read`` takes as ``sheet``: the sheets of a workbook that hold cells, or the tables in a zip archive.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    tuple of str
        Empty for a file that holds one table by its kind, such as CSV or Parquet.

    Raises
    ------
    UserError
        The file cannot be read.

    Examples
    --------
    >>> sheets(b"a,b\\n1,2\\n")
    ()
    """
    if not data.startswith((b"PK", b"\xd0\xcf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return ()
    if kind_of(data) == "zip":
        names = tables_within(data)
        if len(names) > 1:
            return names
    inside = opened(data)
    return sheet_names(inside.body, inside.kind) if inside.kind in WORKBOOKS else ()


def unpack(data: bytes, kind: str) -> bytes:
    """Unpack gzip, bzip2 or xz, also of several parts.

    A first look costs no memory: once the file, by what it has unpacked to so far, would pass ``MAX_BYTES``, the content is
    only counted; it is refused when it does pass the limit, or would pass it ``MARGIN`` times.

    Parameters
    ----------
    data : bytes
        The file.
    kind : str
        "gzip", "bzip2" or "xz".

    Raises
    ------
    UserError
        The file is cut off or damaged, or its content is too large.
    """
    kept: BytesIO | None = BytesIO()
    size = size_before = read_before = 0
    try:
        for part, read in _parts(data, kind):
            size += len(part)
            check_bytes(size)
            if size - size_before >= LOOK:
                ahead = size + (size - size_before) / max(1, read - read_before) * (len(data) - read)
                likely = int(min(ahead, size / read * len(data)))
                check_bytes(likely if likely > MARGIN * limits.MAX_BYTES else 0, packed=True)
                kept = None if ahead > limits.MAX_BYTES else kept
                size_before, read_before = size, read
            if kept is not None:
                kept.write(part)
        return b"".join(part for part, _ in _parts(data, kind)) if kept is None else kept.getvalue()
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        problem = f"The {kind} file is cut off or damaged."
        raise UserError(problem, "Choose it again, or unpack it first.") from error


def _parts(data: bytes, kind: str) -> Iterator[tuple[bytes, int]]:
    """Yield what is unpacked, piece by piece, and how much of the file has been taken for it."""
    view, at = memoryview(data), 0
    step = max(1, min(SLICE, len(data) // 64))
    while at < len(data):
        if bytes(view[at : at + len(MAGIC[kind])]) != MAGIC[kind]:
            if bytes(view[at:]).strip(b"\x00"):
                raise EOFError
            return
        machine = _machine(kind)
        while not machine.eof:
            if at >= len(data):
                raise EOFError
            piece: bytes | memoryview = view[at : at + step]
            at += len(piece)
            while True:
                part = machine.decompress(piece, CHUNK)
                if part:
                    yield part, at
                if machine.eof or not part:
                    break
                piece = getattr(machine, "unconsumed_tail", b"")
        at -= len(machine.unused_data)


def _machine(kind: str):
    if kind == "gzip":
        return zlib.decompressobj(wbits=31)
    return bz2.BZ2Decompressor() if kind == "bzip2" else lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)


def _inner(body: bytes, outer: str) -> str:
    kind = kind_of(body)
    if kind in MAGIC or kind == "zip":
        inner = "an xz file" if kind == "xz" else "a zip archive" if kind == "zip" else f"a {kind} file"
        raise UserError(f"The file is packed twice: {inner} within {outer}.", UNPACK)
    return kind


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    files = [part for part in archive.infolist() if not part.is_dir() and not any(x in part.filename for x in LITTER)]
    if not files:
        raise UserError("The zip archive holds no file.", "Choose a file that holds a table.")
    return files


def _tables(archive: zipfile.ZipFile, files: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files that begin like a table, named like one first; the first of all where none does."""
    ranked = sorted(files, key=lambda part: _rank(part.filename))
    good = [part for part in ranked[:MAX_LOOKS] if _begins_well(archive, part)]
    named = [part for part in good if _rank(part.filename) < 2]
    return named or good or ranked[:1]


def _rank(name: str) -> int:
    lower = name.lower()
    return 0 if lower.endswith(TABLES) else 2 if lower.endswith(PROSE) else 1


def _begins_well(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    try:
        with _stream(archive, part) as stream:
            head = stream.read(HEAD)
        if head.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
            return _rank(part.filename) == 0
        return kind_of(head) not in MAGIC
    except (UserError, *ZIP_DAMAGE):
        return False


def _stream(archive: zipfile.ZipFile, part: zipfile.ZipInfo):
    if part.flag_bits & 1:
        raise UserError(f"The file {quoted(part.filename)} in the archive is encrypted.", UNPACK)
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UserError(f"The file {quoted(part.filename)} in the archive is packed in a rare way.", UNPACK)
    return archive.open(part)


def _content(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    """Unpack one file; what is packed very tightly is counted before it is kept."""
    check_bytes(part.file_size)
    kept = BytesIO()
    try:
        if part.file_size > max(GRACE, TIGHT * part.compress_size):
            with _stream(archive, part) as stream:
                while stream.read(CHUNK):
                    pass
        with _stream(archive, part) as stream:
            while chunk := stream.read(CHUNK):
                kept.write(chunk)
    except ZIP_DAMAGE as error:
        problem = f"The file {quoted(part.filename)} in the archive is cut off or damaged."
        raise UserError(problem, "Choose the archive again, or unpack it first.") from error
    return kept.getvalue()
