"""Compare what a reader made of a file with the truth, cell by cell."""

import itertools
import math

from sheets import DATE, NUMBER, Column, Sheet

CLOSE = 1e-9
TRUTH = {True: ("true", "yes"), False: ("false", "no")}


def difference(sheet: Sheet, names: list[str], columns: list[list], strict: bool = False) -> tuple[str, str]:
    """The first difference as its reason and its place; two empty texts where everything is as expected.

    Parameters
    ----------
    sheet : Sheet
        Holds the truth.
    names, columns : list
        What was read: None, bool, int, float, str, or ISO text of a day.
    strict : bool
        Also ask for numbers in columns of numbers and for text in columns of text.
    """
    if len(columns) and len(columns[0]) != len(sheet.rows):
        return "shape", f"{len(columns[0])} rows instead of {len(sheet.rows)}"
    found = ("shape", f"{len(columns)} columns instead of {len(sheet.columns)}")
    for truth in _allowed(sheet.columns, len(columns)):
        found = _first([_column(*pair, strict) for pair in zip(truth, names, columns, strict=True)])
        if not found[0]:
            return found
    return found


def cells_of(frame) -> tuple[list[str], list[list]]:
    """Names and columns of a pandas data frame as plain values."""
    gaps = frame.isna().to_numpy()
    columns = [frame.iloc[:, j].astype(object).tolist() for j in range(frame.shape[1])]
    return list(frame.columns), [
        [None if gaps[i, j] else cell for i, cell in enumerate(column)] for j, column in enumerate(columns)
    ]


def _allowed(columns: tuple[Column, ...], n: int):
    """Every way to leave out optional columns that gives as many as were read."""
    optional = [column for column in columns if column.optional]
    for left_out in itertools.combinations(optional, len(columns) - n) if len(columns) >= n else ():
        yield [column for column in columns if not any(column is other for other in left_out)]


def _first(found: list[tuple[str, str]]) -> tuple[str, str]:
    return next((each for each in found if each[0]), ("", ""))


def _column(truth: Column, name: str, cells: list, strict: bool) -> tuple[str, str]:
    expected, spelled = " ".join(truth.name.split()), " ".join(str(name).split())
    held = {
        "is": spelled == expected,
        "starts": spelled.startswith(expected),
        "ends": spelled.endswith(expected),
        "holds": expected in spelled,
    }
    if not held.get(truth.names, True):
        return "names", f"{spelled!r} instead of {expected!r}"
    return min(
        (_values(truth, values, cells, strict) for values in (truth.values, *truth.also)), key=lambda d: d[0] != ""
    )


def _values(truth: Column, values: tuple, cells: list, strict: bool) -> tuple[str, str]:
    for i, (value, cell) in enumerate(zip(values, cells, strict=True)):
        missing = cell is None or (isinstance(cell, float) and math.isnan(cell))
        shown = f"row {i + 1} of {truth.name or 'a column'!r}: {cell!r} instead of {value!r}"
        if missing or value is None:
            if missing and value is None:
                continue
            return "missing", shown
        if not _same(truth.kind, value, cell):
            return "value", shown
        number = isinstance(cell, int | float) and not isinstance(cell, bool)
        if strict and number != (truth.kind == NUMBER):
            return "type", shown
    return "", ""


def _same(kind: str, value: object, cell: object) -> bool:
    if kind == NUMBER:
        try:
            read = float(cell) if not isinstance(cell, bool) else math.nan
        except ValueError:
            return False
        return math.isclose(read, value, rel_tol=CLOSE, abs_tol=1e-12)
    if isinstance(cell, bool):
        return str(value).lower() in TRUTH[cell]
    if kind == DATE:
        return isinstance(cell, str) and cell.removesuffix("T00:00:00").removesuffix(" 00:00:00") == value
    return isinstance(cell, str) and cell == value
