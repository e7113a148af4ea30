"""Clean tables with their truth, and the writer that spells a table as the bytes of a file."""

import gzip
import io
import random
import sys
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

NUMBER, TEXT, DATE = "number", "text", "date"
N_ROWS = 60


class Number(str):
    """A cell that the sheet spells as a number: plain digits with a point."""


@dataclass(frozen=True)
class Column:
    """What a careful person expects of one column.

    ``values`` holds floats or texts, None where missing; ``also`` other lists that are as right; ``names`` says how the
    name is held: "is", "any", "starts", "ends", "holds". An ``optional`` column may be left out.
    """

    name: str
    kind: str
    values: tuple
    also: tuple = ()
    names: str = "is"
    optional: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table, how it is to be written, and what is to be read; every pollution is a change of some fields."""

    columns: tuple[Column, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    above: tuple[tuple[str, ...], ...] = ()
    under: tuple[tuple[str, ...], ...] = ()
    below: tuple[tuple[str, ...], ...] = ()
    first_lines: tuple[str, ...] = ()
    between: dict[int, str] = field(default_factory=dict)
    last_lines: tuple[str, ...] = ()
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    minus: str = "-"
    plus: str = ""
    marks: dict[int, tuple[str, str]] = field(default_factory=dict)
    token: str = ""
    quote: str = '"'
    quoting: str = "needed"
    escape: str = "double"
    pad: str = ""
    left: str = ""
    right: str = ""
    rule: str = ""
    tail: str = ""
    tail_rows: str = ""
    short: frozenset[int] = frozenset()
    has_header: bool = True
    end: str = "\n"
    encoding: str = "utf-8"
    mark: bytes = b""
    other_encoding: str = ""
    pack: str = ""
    refused: bool = False

    def but(self, **changes) -> "Sheet":
        """Change some fields."""
        return replace(self, **changes)

    def positions(self, kind: str) -> list[int]:
        """Where the columns of one kind stand."""
        return [j for j, column in enumerate(self.columns) if column.kind == kind]


def sheet(names: list[str], kinds: list[str], rows: list[list]) -> Sheet:
    """A clean sheet from names, kinds and rows of texts, numbers and None."""
    columns = tuple(
        Column(name, kind, tuple(row[j] for row in rows))
        for j, (name, kind) in enumerate(zip(names, kinds, strict=True))
    )
    cells = tuple(tuple(as_cell(value) for value in row) for row in rows)
    return Sheet(columns, tuple(names), cells)


def as_cell(value: object) -> str:
    """Spell a value: a number plainly, the missing one as nothing."""
    return "" if value is None else value if isinstance(value, str) else Number(value)


def plant(rng: random.Random) -> Sheet:
    """Machines: nearly all numbers."""
    machines = ["Fräse", "Presse", "Drehbank", "Säge"]
    rows = []
    for _ in range(N_ROWS):
        failed = rng.random() < 0.2
        rows.append(
            [
                rng.choice(machines),
                round(rng.gauss(70 + 9 * failed, 6), 1),
                rng.choice([rng.randint(120, 980), rng.randint(1000, 90_000), rng.randint(1_000_000, 4_000_000)]),
                round(rng.gauss(0, 3), 2),
                round(rng.uniform(4, 96), 1),
                rng.randint(1, 9),
                "yes" if failed else "no",
            ]
        )
    names = ["machine", "temperature", "revolutions", "drift", "load", "shift", "failed"]
    return sheet(names, [TEXT, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, TEXT], rows)


def people(rng: random.Random) -> Sheet:
    """Patients: names with commas and quotation marks, letters beyond ASCII, truth values, dates, empty cells."""
    family = ["Müller", "O'Hara", "Groß", "Lefèvre", "Smith", "Nuñez"]
    remarks = ["stable", 'says "fine"', "tired, pale", None, "came late", "none so far"]
    rows = []
    for i in range(N_ROWS):
        ill = rng.random() < 0.25
        rows.append(
            [
                f"{rng.choice(family)}, {'ABCDEFGH'[i % 8]}.",
                rng.randint(19, 90),
                round(rng.gauss(74, 11), 1),
                rng.choice([rng.randint(300, 999), rng.randint(1000, 99_000), rng.randint(1_000_000, 2_000_000)]),
                round(rng.gauss(0, 2), 2),
                rng.choice(["true", "false"]),
                f"20{rng.randint(10, 23)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                None if rng.random() < 0.15 else round(rng.uniform(2, 9), 2),
                rng.choice(remarks),
                "ill" if ill else "well",
            ]
        )
    names = ["name", "age", "weight", "income", "change", "smoker", "seen", "cholesterol", "remark", "outcome"]
    kinds = [TEXT, NUMBER, NUMBER, NUMBER, NUMBER, TEXT, DATE, NUMBER, TEXT, TEXT]
    return sheet(names, kinds, rows)


def words(rng: random.Random) -> Sheet:
    """Only categories: nothing but the words tells the header from the rows."""
    levels = {
        "housing": ["rented", "owned", "with family"],
        "colour": ["grün", "weiß", "blue"],
        "finance": ["convenient", "inconvenient"],
        "health": ["recommended", "priority", "not recommended"],
        "decision": ["accepted", "declined", "waiting"],
    }
    rows = [[rng.choice(level) for level in levels.values()] for _ in range(N_ROWS)]
    return sheet(list(levels), [TEXT] * len(levels), rows)


TABLES = {"plant": plant, "people": people, "words": words}


def clean(name: str) -> Sheet:
    """One of the clean tables, always the same."""
    return TABLES[name](random.Random(name))


def spell(cell: str, j: int, sheet: Sheet) -> str:
    """Write one cell as the sheet spells numbers and missing ones."""
    if cell == "" and j < len(sheet.columns) and sheet.columns[j].kind == NUMBER:
        return sheet.token
    if not isinstance(cell, Number):
        return cell
    whole, point, rest = cell.lstrip("-").partition(".")
    if sheet.thousands and "e" not in cell:
        whole = f"{int(whole):,}".replace(",", sheet.thousands)
    before, after = sheet.marks.get(j, ("", ""))
    if cell.startswith("-") and sheet.minus in ("(", "behind"):
        number = before + whole + point.replace(".", sheet.decimal) + rest + after
        return f"({number})" if sheet.minus == "(" else f"{number}-"
    sign = sheet.minus if cell.startswith("-") else sheet.plus
    return sign + before + whole + point.replace(".", sheet.decimal) + rest + after


def quoted(text: str, sheet: Sheet, number: bool) -> str:
    """Put quotation marks around a cell where the sheet wants them or the cell needs them."""
    mark = sheet.quote
    excel = text.startswith('="')
    needed = not excel and any(sign and sign in text for sign in (sheet.delimiter, mark, "\n", "\r"))
    blank = sheet.delimiter == " " and not text
    if not (needed or blank or sheet.quoting == "all" or (sheet.quoting == "text" and not number)):
        return text
    inner = text.replace("\\", "\\\\").replace(mark, "\\" + mark) if sheet.escape == "backslash" else None
    return mark + (text.replace(mark, mark * 2) if inner is None else inner) + mark


def line(cells: tuple[str, ...], sheet: Sheet) -> str:
    """Write one record."""
    written = [quoted(spell(cell, j, sheet), sheet, isinstance(cell, Number)) for j, cell in enumerate(cells)]
    return sheet.left + (sheet.delimiter + sheet.pad).join(written) + sheet.right


def lines(sheet: Sheet) -> list[str]:
    """All lines of a text file, without their ends."""
    written = list(sheet.first_lines)
    written += [line(cells, sheet) + sheet.tail for cells in sheet.above]
    if sheet.has_header:
        written.append(line(sheet.header, sheet) + sheet.tail)
    if sheet.rule:
        written.append(line(tuple(sheet.rule for _ in sheet.header), sheet))
    written += [line(cells, sheet) + sheet.tail + sheet.tail_rows for cells in sheet.under]
    for i, cells in enumerate(sheet.rows):
        if i in sheet.between:
            written.append(line(sheet.header, sheet) if sheet.between[i] == "header" else sheet.between[i])
        if i in sheet.short:
            cells = cells[: len(cells) - 2]
        written.append(line(cells, sheet) + sheet.tail + sheet.tail_rows)
    written += [line(cells, sheet) + sheet.tail + sheet.tail_rows for cells in sheet.below]
    return written + list(sheet.last_lines)


def write(sheet: Sheet) -> bytes:
    """The bytes of the file."""
    if sheet.pack == "xlsx":
        return excel(sheet)
    if sheet.pack == "arff":
        return arff(sheet)
    texts = [text + sheet.end for text in (aligned(sheet) if sheet.pack == "aligned" else lines(sheet))]
    if sheet.other_encoding:
        half = len(texts) // 2
        body = "".join(texts[:half]).encode(sheet.encoding) + "".join(texts[half:]).encode(sheet.other_encoding)
    else:
        body = sheet.mark + "".join(texts).encode(sheet.encoding)
    if sheet.pack == "zip":
        return zipped(body)
    return gzip.compress(body, mtime=0) if sheet.pack == "gzip" else body


def aligned(sheet: Sheet) -> list[str]:
    """All lines with every column at its own place."""
    rows = [*sheet.above, *([sheet.header] if sheet.has_header else []), *sheet.under]
    for i, row in enumerate(sheet.rows):
        if i in sheet.between:
            rows.append(sheet.header if sheet.between[i] == "header" else (sheet.between[i],))
        rows.append(row)
    cells = [[spell(cell, j, sheet) for j, cell in enumerate(row)] for row in [*rows, *sheet.below]]
    widths = [max(len(row[j]) for row in cells if j < len(row)) + 2 for j in range(len(sheet.columns))]
    return ["".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells]


def zipped(body: bytes) -> bytes:
    """A zip archive with one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("table.csv"), body)
    return packed.getvalue()


def excel(sheet: Sheet) -> bytes:
    """The table as a workbook: numbers that are spelled plainly are numbers there."""
    sys.path.append(str(Path(__file__).parents[1] / "core"))
    from workbooks import workbook

    def cells(row: tuple[str, ...]) -> list:
        spelled = [(spell(cell, j, sheet), isinstance(cell, Number)) for j, cell in enumerate(row)]
        return [None if not text else _plain(text) if number else text for text, number in spelled]

    header = [cells(sheet.header)] if sheet.has_header else []
    rows = [[text or None] for text in sheet.first_lines] + [cells(row) for row in sheet.above] + header
    rows += [cells(row) for row in sheet.under]
    for i, row in enumerate(sheet.rows):
        if i in sheet.between:
            rows += header if sheet.between[i] == "header" else [[sheet.between[i] or None]]
        rows.append(cells(row))
    rows += [cells(row) for row in sheet.below] + [[text or None] for text in sheet.last_lines]
    return workbook({"Sheet1": rows})


def _plain(text: str) -> object:
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


def arff(sheet: Sheet) -> bytes:
    """The table as an attribute-relation file: numbers, classes and strings declared."""
    head = ["% A table of the corpus", "@relation corpus", ""]
    for column in sheet.columns:
        levels = sorted({value for value in column.values if value is not None}, key=str)
        kind = "numeric" if column.kind == NUMBER else "string"
        if column.kind == TEXT and len(levels) < 8:
            kind = "{" + ",".join(map(_arff_text, levels)) + "}"
        head.append(f"@attribute {_arff_text(column.name)} {kind}")
    body = [
        ",".join(cell if isinstance(cell, Number) else _arff_text(cell) if cell else "?" for cell in row)
        for row in sheet.rows
    ]
    return "\n".join([*head, "", "@data", *body, ""]).encode()


def _arff_text(text: str) -> str:
    return text if text.isalnum() else "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
