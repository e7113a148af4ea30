"""How much a file may hold, checked before memory is spent, and the unpacking of gzip under that limit."""

from __future__ import annotations

import zlib

from core.errors import UserError
from core.wording import count, plural

MAX_BYTES = 500 * 2**20
MAX_COLUMNS = 20_000
MAX_CELLS = 60_000_000
CHUNK = 2**20


def check_bytes(n_bytes: int) -> None:
    """Refuse a file, or the content of a compressed one, that is larger than ``MAX_BYTES``.

    Raises
    ------
    UserError
        The file is too large.
    """
    if n_bytes > MAX_BYTES:
        limit = f"{MAX_BYTES // 2**20} MB"
        raise UserError(
            f"The file holds more than {limit} of data; at most {limit} can be read.", "Take a sample of its rows."
        )


def check_shape(n_rows: int, n_columns: int) -> None:
    """Refuse a table with more than ``MAX_COLUMNS`` columns or ``MAX_CELLS`` cells.

    Raises
    ------
    UserError
        The table is too large.
    """
    if n_columns > MAX_COLUMNS:
        problem = f"The table has {plural(n_columns, 'column')}; at most {count(MAX_COLUMNS)} can be read."
        raise UserError(problem, "Keep the columns that matter in the file.")
    if n_rows * n_columns > MAX_CELLS:
        problem = (
            f"The table has about {plural(n_rows, 'row')} and {plural(n_columns, 'column')}, "
            f"{count(n_rows * n_columns)} cells; at most {count(MAX_CELLS)} can be read."
        )
        raise UserError(problem, "Take a sample of its rows, or keep the columns that matter.")


def gunzip(data: bytes) -> bytes:
    """Unpack gzip, also of several parts, and stop as soon as the content passes ``MAX_BYTES``.

    Raises
    ------
    UserError
        The file is cut off or damaged, or its content is too large.
    """
    parts: list[bytes] = []
    size, rest = 0, memoryview(data)
    while len(rest) and (not parts or bytes(rest[:2]) == b"\x1f\x8b"):
        unpack = zlib.decompressobj(wbits=31)
        try:
            while not unpack.eof:
                part = unpack.decompress(rest, CHUNK)
                rest = memoryview(unpack.unconsumed_tail)
                size += len(part)
                check_bytes(size)
                parts.append(part)
                if not part and not len(rest) and not unpack.eof:
                    raise zlib.error("cut off")
        except zlib.error as error:
            raise UserError("The gzip file is cut off or damaged.", "Upload it again, or unpack it first.") from error
        rest = memoryview(unpack.unused_data)
    return b"".join(parts)
