"""What the pages of a Parquet file say about themselves, against what the end of the file says about them."""

from __future__ import annotations

from dataclasses import dataclass

from pyarrow import parquet

DELTA_TEXT = 7
BOOLEANS = (1, 2)
VARINTS = (4, 5, 6)
STRUCT = 12
MAX_DEPTH = 8


@dataclass
class Pages:
    """All pages of a file together.

    Parameters
    ----------
    n_bytes : int
        What they unpack to.
    n_values : int
        How many values they hold.
    prefixed : int
        Bytes of the largest page whose text is written as what differs from the text before it, so that little space may
        hold very much text; 0 where there is none.
    """

    n_bytes: int = 0
    n_values: int = 0
    prefixed: int = 0


def measured(data: bytes, metadata: parquet.FileMetaData) -> Pages:
    """Go through the headers of all pages without unpacking one.

    Parameters
    ----------
    data : bytes
        The file.
    metadata : pyarrow.parquet.FileMetaData
        Where the pages begin.

    Raises
    ------
    IndexError, ValueError
        A header cannot be read.
    """
    pages = Pages()
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for j in range(metadata.num_columns):
            column = group.column(j)
            starts = [at for at in (column.dictionary_page_offset, column.data_page_offset) if at]
            at = min(starts) if starts else len(data)
            _add(pages, data, at, at + column.total_compressed_size)
    return pages


def _add(pages: Pages, data: bytes, at: int, end: int) -> None:
    end = min(end, len(data))
    while at < end:
        header, at = _struct(data, at, 0)
        pages.n_bytes += max(0, header.get(2, 0))
        for place in (5, 8):
            pages.n_values += max(0, header.get((place, 1), 0))
        if DELTA_TEXT in (header.get((5, 2)), header.get((8, 4))):
            pages.prefixed = max(pages.prefixed, header.get(2, 0), 1)
        if header.get(3, -1) < 0:
            raise ValueError("a page has no size")
        at += header[3]


def _struct(data: bytes, at: int, depth: int) -> tuple[dict, int]:
    """Read the whole numbers of a structure in Thrift's compact form; those of an inner one under (place, place)."""
    found: dict = {}
    place = 0
    if depth > MAX_DEPTH:
        raise ValueError("structures within structures")
    while True:
        head = data[at]
        at += 1
        if head == 0:
            return found, at
        kind = head & 15
        if head >> 4:
            place += head >> 4
        else:
            place, at = _varint(data, at)
            place = _signed(place)
        if kind in VARINTS:
            value, at = _varint(data, at)
            found[place] = _signed(value)
        elif kind == STRUCT:
            inner, at = _struct(data, at, depth + 1)
            found.update({(place, key): value for key, value in inner.items() if isinstance(key, int)})
        else:
            at = _after(data, at, kind)


def _after(data: bytes, at: int, kind: int) -> int:
    """Where the next field begins, behind one that does not matter."""
    if kind in BOOLEANS:
        return at
    if kind in (3, 7):
        return at + (1 if kind == 3 else 8)
    if kind == 8:
        length, at = _varint(data, at)
        return at + length
    raise ValueError("a field of a kind that no page has")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
