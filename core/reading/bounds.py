"""How large a workbook becomes once it is read, measured while it is unpacked piece by piece."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

import numpy as np

from core.errors import UserError
from core.reading import compound, limits
from core.reading.kinds import ZIP_DAMAGE, archive_of
from core.reading.limits import CHUNK, GRACE, MAX_RATIO, check_bytes, check_members, check_shape
from core.wording import count, plural

DAMAGED = "It may be cut off or damaged; choose it again."
LETTERS = re.compile(rb'\br="([A-Z]{1,3})[0-9]')
ROW = re.compile(rb'\br="[A-Z]{0,3}([0-9]{1,7})"')
REFERENCE = re.compile(rb't="s"[^>]*>\s*<(?:\w+:)?v>([0-9]{1,9})<')
ITEM = re.compile(rb"</(?:\w+:)?si>")
FEW_CELLS = 100_000
SPARSE = 20
TABLE = "table:table"
LONGEST = 2**16


@dataclass
class Extent:
    """How far the cells of a sheet reach.

    Parameters
    ----------
    rows, columns : int
        The last row and column with a cell.
    filled : int
        Cells that hold something.
    used : list of numpy.ndarray
        Which of the shared texts the cells hold.
    """

    rows: int = 0
    columns: int = 0
    filled: int = 0
    used: list[np.ndarray] = field(default_factory=list)

    def check(self, lengths: np.ndarray) -> None:
        """Refuse a sheet that is too large, too sparse, or whose texts repeat too often; ``lengths`` are those of the texts.

        Raises
        ------
        UserError
            The sheet is too large.
        """
        check_shape(self.rows, self.columns, limits.MAX_SHEET_CELLS)
        area = self.rows * self.columns
        if area > max(FEW_CELLS, SPARSE * self.filled):
            raise UserError(
                f"The cells of the sheet lie far apart: {plural(self.filled, 'cell')} on {plural(self.rows, 'row')} and "
                f"{plural(self.columns, 'column')}; at most {count(SPARSE)} places for each cell can be read.",
                "Remove the cells that stand far outside the table.",
            )
        for used in self.used:
            check_bytes(int(lengths[used[used < len(lengths)]].sum()))


def check_workbook(data: bytes, kind: str) -> tuple[str, ...]:
    """Refuse a workbook that is damaged, or too large once every cell has its own value.

    Parameters
    ----------
    data : bytes
        The file.
    kind : str
        "xlsx", "xlsb", "xls" or "ods".

    Returns
    -------
    tuple of str
        What the analyst must know: macros, which are never run.

    Raises
    ------
    UserError
        It is damaged or too large.
    """
    try:
        if kind == "xls":
            _check_xls(data)
            return ()
        with archive_of(data) as archive:
            parts = archive.infolist()
            check_bytes(sum(part.file_size for part in parts))
            for part in parts:
                _check_ratio(part)
                if part.file_size > GRACE:
                    _run_through(archive, part)
            sheets = [part for part in parts if re.match(r"/?xl/worksheets/[^/]+\.(xml|bin)$", part.filename)]
            check_members(len(sheets), "sheets", limits.MAX_SHEETS)
            measure = {"xlsx": _xlsx, "xlsb": _xlsb, "ods": _ods}[kind]
            measure(archive, sheets)
            for part in parts:
                if part not in sheets and part.file_size <= GRACE:
                    _run_through(archive, part)
            macros = any(part.filename.endswith("vbaProject.bin") for part in parts)
    except (*ZIP_DAMAGE, struct.error, IndexError, expat.ExpatError) as error:
        raise UserError("The Excel workbook cannot be read.", DAMAGED) from error
    return ("The workbook holds macros; they were not run and never are.",) if macros else ()


def _check_ratio(part: zipfile.ZipInfo) -> None:
    if part.file_size > max(GRACE, MAX_RATIO * part.compress_size):
        raise UserError(
            f"A part of the workbook would unpack to {count(part.file_size / max(1, part.compress_size))} times its size; "
            f"at most {count(MAX_RATIO)} times can be read.",
            "Save the table as CSV, and choose that.",
        )


def _run_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with archive.open(part) as stream:
        while stream.read(CHUNK):
            pass


def _xlsx(archive: zipfile.ZipFile, sheets: list[zipfile.ZipInfo]) -> None:
    lengths = np.zeros(0, "int64")
    if "xl/sharedStrings.xml" in archive.namelist():
        with archive.open("xl/sharedStrings.xml") as stream:
            found = [np.array([len(text) for text in texts], "int64") for texts in _pieces(stream)]
        lengths = np.concatenate(found) if found else lengths
    for part in sheets:
        with archive.open(part) as stream:
            _measured(stream).check(lengths)


def _pieces(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield the shared texts of a workbook, as many as a piece of the file holds."""
    rest, n_texts = b"", 0
    while chunk := stream.read(CHUNK):
        *texts, rest = ITEM.split(rest + chunk)
        n_texts += len(texts)
        check_shape(n_texts, 1, limits.MAX_SHEET_CELLS)
        if len(rest) > 4 * limits.MAX_CELL:
            problem = (
                f"A cell of the workbook holds more than {count(limits.MAX_CELL)} bytes; at most so many can be read."
            )
            raise UserError(problem, "Shorten the text, or leave the column out.")
        yield texts


def _measured(stream: IO[bytes]) -> Extent:
    extent, rest = Extent(), b""
    letters: set[bytes] = set()
    while chunk := stream.read(CHUNK):
        buffer = rest + chunk
        cut = buffer.rfind(b' r="')
        cut = cut if len(buffer) - cut < LONGEST and cut > 0 else len(buffer)
        rest, buffer = buffer[cut:], buffer[:cut]
        _add(extent, buffer, letters)
    _add(extent, rest, letters)
    extent.columns = max(map(_column_number, letters), default=1)
    return extent


def _add(extent: Extent, buffer: bytes, letters: set[bytes]) -> None:
    found = LETTERS.findall(buffer)
    letters |= set(found)
    extent.filled += max(len(found), buffer.count(b"</v>"))
    extent.rows = max(extent.rows, max(map(int, set(ROW.findall(buffer))), default=1))
    extent.used.append(np.array(REFERENCE.findall(buffer), dtype="S9").astype("int64"))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _ods(archive: zipfile.ZipFile, _: list[zipfile.ZipInfo]) -> None:
    reader = _OdsReader()
    with archive.open("content.xml") as stream:
        while chunk := stream.read(CHUNK):
            reader.parser.Parse(chunk, False)
    reader.parser.Parse(b"", True)


class _OdsReader:
    """Counts the cells of an OpenDocument sheet, each as often as it is repeated."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._text
        self.rows = self.columns = self.filled = self.width = self.place = self.again = self.cell = self.held = 0
        self.row_text = self.total = 0

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == TABLE:
            self.rows = self.columns = self.filled = self.total = 0
        elif name == "table:table-row":
            self.again = int(given.get("table:number-rows-repeated", 1))
            self.width = self.place = self.held = self.row_text = 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self.cell = int(given.get("table:number-columns-repeated", 1))
            self.place += self.cell
            if "office:value-type" in given or "table:formula" in given:
                self.held += self.cell
                self.width = self.place

    def _text(self, text: str) -> None:
        self.row_text += len(text) * max(1, self.cell)

    def _end(self, name: str) -> None:
        if name != "table:table-row":
            return
        self.rows += self.again
        if self.held:
            self.filled += self.held * self.again
            self.total += self.row_text * self.again
            self.columns = max(self.columns, self.width)
            Extent(self.rows, self.columns, self.filled).check(np.zeros(0))
            check_bytes(self.total)


def _xlsb(archive: zipfile.ZipFile, sheets: list[zipfile.ZipInfo]) -> None:
    lengths = []
    if "xl/sharedStrings.bin" in archive.namelist():
        texts = _records(archive.read("xl/sharedStrings.bin"))
        lengths = [2 * struct.unpack_from("<I", body, 1)[0] for kind, body in texts if kind == 19]
    for part in sheets:
        extent, used = Extent(), []
        for kind, body in _records(archive.read(part)):
            if kind == 0:
                extent.rows = max(extent.rows, struct.unpack_from("<I", body)[0] + 1)
            elif 0 < kind < 12:
                extent.columns = max(extent.columns, struct.unpack_from("<I", body)[0] + 1)
                extent.filled += 1
                if kind == 7:
                    used.append(struct.unpack_from("<I", body, 8)[0])
        extent.used.append(np.array(used, "int64"))
        extent.check(np.array(lengths, "int64"))


def _records(body: bytes) -> Iterator[tuple[int, memoryview]]:
    """Yield the records of a binary part: a kind of one or two bytes, a length of up to four, the content."""
    view, at = memoryview(body), 0
    while at < len(body):
        kind = body[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (body[at] << 7)
            at += 1
        length = shift = 0
        while shift < 28:
            byte = body[at]
            at += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        yield kind, view[at : at + length]
        at += length


def _check_xls(data: bytes) -> None:
    rows, columns, filled, used, texts = compound.cells(compound.workbook_stream(data))
    extent = Extent(rows, columns, filled, [np.array(used, "int64")])
    extent.check(np.fromiter(compound.text_lengths(texts) if used else (), "int64"))
