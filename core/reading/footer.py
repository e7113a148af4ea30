"""Lines under a table that are no records: a total, a source, a note."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from core.reading.header import is_number
from core.reading.numbers import NOT_A_NUMBER

TAIL = 2**15
MAX_LINES = 20
LOOK = 60
FULL = 0.5
TOTALS = frozenset(
    re.findall(
        r"\w+",
        "total totals sum sums summe gesamt insgesamt gesamtsumme somme totale totaux suma average averages avg mean mittelwert durchschnitt "
        "moyenne subtotal",
    )
) | {"grand total", "sub total", "all rows", "column total", "total général"}
PROSE = re.compile(
    r"(?i)(sources?|notes?|n\.b\.|quellen?|hinweise?|anmerkung(en)?|remarks?|comments?|copyright|©|generated|exported|created|downloaded|"
    r"printed|produced|end of|eof\b|legend|key:|page \d|stand:|as of|last updated|updated|disclaimer|data (from|provided|source)|"
    r"\(?\d+ (rows?|records?|lines?|observations?)|rows?:|records?:|number of (rows|records)|n ?= ?\d|\*|#|--|==|†)"
)


def find_footer(
    body: bytes, parse: Callable[[str], list[str]], rows: Sequence[Sequence[str]], width: int, decimal: str
) -> tuple[int, str]:
    """Count the lines at the end that are no records.

    From the end on, a line belongs to the footer if it is blank, begins with a word such as "Total" that no record has in
    that place, or holds one text where records hold ``width`` cells.

    Parameters
    ----------
    body : bytes
        The text as UTF-8, with its true end.
    parse : callable
        Parts one line into its cells.
    rows : sequence of sequence of str
        The first records.
    width : int
        Cells per record.
    decimal : str
        "." or ",".

    Returns
    -------
    n_lines : int
    example : str
        The first line of the footer that is not blank.
    """
    if width < 2 or len(rows) < 3:
        return 0, ""
    tail = body[-TAIL:].decode("utf-8", "ignore")
    lines = re.split(r"\r\n|\r|\n", tail)
    if len(body) > TAIL:
        lines = lines[1:]
    ended = lines[-1] == ""
    lines = lines[:-1] if ended else lines
    records = [row for row in rows if len(row) == width]
    typical = _Typical(records, width, decimal)
    n_lines, example = 0, ""
    for position in range(1, min(MAX_LINES, len(lines) - 2) + 1):
        line = lines[-position]
        if not line.strip():
            continue
        apart = position < len(lines) and not lines[-position - 1].strip()
        whole = ended or position > 1 or apart
        if line.count('"') % 2 or not typical.is_footer(parse(line), whole):
            break
        n_lines, example = position, line
    if n_lines:
        blank = 0
        while n_lines + blank < len(lines) and not lines[-n_lines - blank - 1].strip():
            blank += 1
        n_lines += blank
    return n_lines, example


def find_footer_rows(
    tail: Sequence[Sequence[str]], rows: Sequence[Sequence[str]], width: int, decimal: str
) -> tuple[int, str]:
    """Count the rows at the end of a sheet that are no records.

    Parameters
    ----------
    tail : sequence of sequence of str
        The last rows.
    rows : sequence of sequence of str
        The first records.
    width : int
        Cells per row.
    decimal : str
        "." or ",".

    Returns
    -------
    n_rows : int
    example : str
        The first text of the footer.
    """
    if width < 2 or len(rows) < 3:
        return 0, ""
    typical = _Typical([row for row in rows if len(row) == width], width, decimal)
    n_rows, example = 0, ""
    for position in range(1, min(MAX_LINES, len(tail) - 1) + 1):
        cells = list(tail[-position])
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if not typical.is_footer(cells, False):
            break
        n_rows, example = position, next(cell for cell in cells if cell.strip())
    return n_rows, example


class _Typical:
    """What the records look like."""

    def __init__(self, records: list[Sequence[str]], width: int, decimal: str) -> None:
        self.width, self.decimal = width, decimal
        columns = list(zip(*records, strict=True)) if records else [()] * width
        self.leading = [Counter(cell.strip().lower() for cell in column) for column in columns[:2]]
        known = [[cell for cell in column[:LOOK] if cell.strip().lower() not in NOT_A_NUMBER] for column in columns]
        self.numeric = [
            bool(cells) and sum(is_number(c, decimal) for c in cells) >= 0.9 * len(cells) for cells in known
        ]
        filled = [sum(bool(cell.strip()) for cell in row) for row in records[:LOOK]]
        self.full = bool(filled) and sorted(filled)[len(filled) // 2] > FULL * width

    def is_footer(self, cells: list[str], whole: bool) -> bool:
        """Tell whether a line is no record; ``whole`` is false for a last line that may be cut off."""
        bare = [cell.strip() for cell in cells]
        filled = [cell for cell in bare if cell]
        if not filled:
            return True
        place = next(j for j, cell in enumerate(bare) if cell)
        word = re.sub(r"[\s:.=]+$", "", filled[0].lower())
        if place < min(2, self.width) and word in TOTALS:
            return max(self.leading[place][word], self.leading[place][filled[0].lower()]) < 2
        misfit = place < self.width and self.numeric[place] and not is_number(filled[0], self.decimal)
        misfit = misfit and word not in NOT_A_NUMBER
        if PROSE.match(filled[0]):
            return misfit or len(cells) != self.width or (len(filled) == 1 and self.full)
        if len(filled) > 1 or not self.full or self.width < 3:
            return False
        fits = place < self.width and self.numeric[place] and is_number(filled[0], self.decimal)
        return misfit or (len(cells) == 1 and whole and not fits)
