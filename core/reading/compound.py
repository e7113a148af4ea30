"""Old Excel workbooks (.xls): the file system within the file, and the records of the workbook in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

CELLS = {0x203, 0x27E, 0xFD, 0x204, 0xD6, 0x205, 0x06}
MANY_CELLS = 0xBD
SHARED_CELL = 0xFD
SHARED, CONTINUED = 0xFC, 0x3C
LAST_SECTOR = 0xFFFFFFF0
SMALL = 4096


def workbook_stream(data: bytes) -> bytes:
    """The records of the workbook in an old Office file.

    Raises
    ------
    ValueError, IndexError, struct.error
        The file is damaged.
    """
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise ValueError("the sectors have an odd size")
    n_tables, folder = struct.unpack_from("<II", data, 44)
    more, _ = struct.unpack_from("<II", data, 68)
    listed = list(struct.unpack_from("<109I", data, 76))
    seen = 0
    while more < LAST_SECTOR and seen <= len(data) // size:
        *sectors, more = np.frombuffer(data, "<u4", size // 4, (more + 1) * size).tolist()
        listed += sectors
        seen += 1
    tables = [np.frombuffer(data, "<u4", size // 4, (at + 1) * size) for at in listed[:n_tables] if at < LAST_SECTOR]
    following = np.concatenate(tables)
    entries = _chain(data, following, folder, size)
    found = {}
    for at in range(0, len(entries) - 127, 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(0, min(64, length) - 2)].decode("utf-16-le", "replace")
        found.setdefault(name, struct.unpack_from("<II", entries, at + 116))
    start, n_bytes = found.get("Workbook") or found["Book"]
    if n_bytes >= SMALL:
        return _whole(_chain(data, following, start, size), n_bytes)
    small = _chain(data, following, found["Root Entry"][0], size)
    first = struct.unpack_from("<I", data, 60)[0]
    links = np.frombuffer(_chain(data, following, first, size), "<u4")
    return _whole(_chain(b"\x00" * 64 + small, links, start, 64), n_bytes)


def _whole(stream: bytes, n_bytes: int) -> bytes:
    if len(stream) < n_bytes:
        raise ValueError("the stream is cut off")
    return stream[:n_bytes]


def _chain(data: bytes, following: np.ndarray, at: int, size: int) -> bytes:
    """The content of the sectors that follow one another."""
    parts: list[bytes] = []
    while at < LAST_SECTOR:
        parts.append(data[(at + 1) * size : (at + 2) * size])
        at = int(following[at])
        if len(parts) > len(following):
            raise ValueError("the sectors run in a circle")
    return b"".join(parts)


def cells(stream: bytes) -> tuple[int, int, int, list[int], list[bytes]]:
    """Walk the records of a workbook; the cells of all sheets are taken as one.

    Returns
    -------
    rows, columns, filled : int
        The last row and column with a cell, and the number of cells.
    used : list of int
        Which of the shared texts the cells hold.
    texts : list of bytes
        The records with the shared texts.
    """
    rows = columns = filled = at = 0
    used, texts, shared = [], [], False
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind in CELLS or kind == MANY_CELLS:
            row, column = struct.unpack_from("<HH", stream, at + 4)
            column = struct.unpack_from("<H", stream, at + 2 + length)[0] if kind == MANY_CELLS else column
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            filled += 1 if kind != MANY_CELLS else (length - 6) // 6
            if kind == SHARED_CELL:
                used.append(struct.unpack_from("<I", stream, at + 10)[0])
        shared = kind == SHARED or (shared and kind == CONTINUED)
        if shared:
            texts.append(stream[at + 4 : at + 4 + length])
        at += 4 + length
    return rows, columns, filled, used, texts


def text_lengths(texts: list[bytes]) -> Iterator[int]:
    """Yield the number of characters of each shared text, which may run on into the next record."""
    if not texts:
        return
    segment, at, number = texts[0], 8, 0
    while True:
        if at >= len(segment):
            number += 1
            if number >= len(texts):
                return
            segment, at = texts[number], 0
        n_letters, flags = struct.unpack_from("<HB", segment, at)
        yield n_letters
        at += 3
        n_runs = struct.unpack_from("<H", segment, at)[0] if flags & 8 else 0
        at += 2 if flags & 8 else 0
        rest = 4 * n_runs + (struct.unpack_from("<I", segment, at)[0] if flags & 4 else 0)
        at += 4 if flags & 4 else 0
        while n_letters:
            width = 2 if flags & 1 else 1
            taken = min(n_letters, (len(segment) - at) // width)
            n_letters, at = n_letters - taken, at + taken * width
            if n_letters:
                number += 1
                segment, at = texts[number], 1
                flags = segment[0]
        while rest > len(segment) - at:
            rest -= len(segment) - at
            number += 1
            segment, at = texts[number], 0
        at += rest
