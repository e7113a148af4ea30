"""Text with several characters, blanks or fixed places between its cells, written again with one character."""

from __future__ import annotations

import re

from core.reading.numbers import NUMBER

SIGN = "\x1f"
MANY = 8
CELL = '"(?:[^"]|"")*"'
RUNS = re.compile(rb'"[^"\r\n]*"|[ \t]+')
ONE_NUMBER = re.compile(NUMBER)


def one_sign(body: bytes, delimiter: str, places: tuple[int, ...] = (), sign: str = SIGN) -> bytes:
    """Write a text with one character between its cells, where ``delimiter`` is more than that.

    Parameters
    ----------
    body : bytes
        The text as UTF-8.
    delimiter : str
        See ``Parting``; one character changes nothing.
    places : tuple of int
        Where the columns begin, for fixed places.
    sign : str
        The character to write.
    """
    if len(delimiter) < 2:
        return body
    mark = sign.encode()
    if delimiter == "blanks":
        bare = re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", body)
        if b'"' not in bare:
            return re.sub(rb"[ \t]+", mark, bare)
        return RUNS.sub(lambda part: part[0] if part[0].startswith(b'"') else mark, bare)
    if delimiter == "fixed":
        lines = re.split(r"(\r\n|\r|\n)", body.decode("utf-8", "replace"))
        ends = (*places[1:], None)
        for k in range(0, len(lines), 2):
            if lines[k].strip():
                cells = (lines[k][a:b].strip() for a, b in zip(places, ends, strict=True))
                lines[k] = sign.join(cells)
        return "".join(lines).encode()
    return body.replace(delimiter.encode(), mark)


def is_padded(text: str, quote: str = '"') -> bool:
    """Tell whether blanks stand between delimiters and quotation marks."""
    if quote not in text:
        return False
    return re.search(f"[,;|:\t] +{quote}{quote}", re.sub(CELL.replace('"', quote), 2 * quote, text)) is not None


def tight(body: bytes, sign: str, quote: str = '"') -> bytes:
    """Remove blanks between delimiters and quotation marks."""
    pattern = f'{CELL}|{re.escape(sign)} +(?=")'.replace('"', quote).encode()
    mark = quote.encode()
    return re.sub(pattern, lambda part: part[0] if part[0].startswith(mark) else sign.encode(), body)


def find_places(lines: list[str]) -> tuple[int, ...]:
    """Tell where columns begin if blanks stand at the same places of all lines.

    One column must be of numbers, or there are three or more columns in many lines with two blanks somewhere.
    """
    if len(lines) < 4 or any("\t" in line for line in lines):
        return ()
    width = max(map(len, lines))
    rows = [line.ljust(width) for line in lines]
    blank = [all(row[k] == " " for row in rows) for k in range(min(width, 5000))]
    places = tuple(k for k in range(len(blank)) if not blank[k] and (k == 0 or blank[k - 1]))
    cells = [[row[a:b].strip() for row in rows[1:]] for a, b in zip(places, (*places[1:], None), strict=True)]
    typed = [column for column in cells if all(ONE_NUMBER.match(cell) for cell in column if cell) and any(column)]
    wide = len(places) > 2 and len(lines) >= MANY and all("  " in line for line in lines[:MANY])
    return places if len(places) > 1 and (typed or wide) else ()
