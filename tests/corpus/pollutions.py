"""The known ways in which a table is spoilt: each a small function from a sheet to a sheet whose truth is known.

``POLLUTIONS`` maps a name to the function, the family (of which a pair takes at most one) and what it cannot stand beside.
A function returns None where a table has nothing to spoil. Truth is what a careful person would expect; where two readings
are equally careful, both are allowed and the docstring says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sheets import DATE, NUMBER, TEXT, Column, Number, Sheet


@dataclass(frozen=True)
class Pollution:
    """One way to spoil a table."""

    name: str
    family: str
    spoil: Callable[[Sheet], Sheet | None]
    never_with: frozenset[str] = frozenset()
    in_pairs: bool = True


POLLUTIONS: dict[str, Pollution] = {}
NO_TEXT_FILE = frozenset(("ends", "encoding", "delimiter", "quotes", "pad", "tail", "short", "newline", "wrapper"))


def pollution(family: str, *never_with: str, in_pairs: bool = True):
    """Register a function; ``never_with`` names pollutions or families."""

    def register(spoil):
        POLLUTIONS[spoil.__name__] = Pollution(spoil.__name__, family, spoil, frozenset(never_with), in_pairs)
        return spoil

    return register


def compatible(first: Pollution, second: Pollution) -> bool:
    """Whether a pair makes sense."""
    if first.family == second.family or not (first.in_pairs and second.in_pairs):
        return False
    return not ({second.name, second.family} & first.never_with or {first.name, first.family} & second.never_with)


def has_decimals(sheet: Sheet) -> list[int]:
    """Columns with numbers that are not whole."""
    return [j for j in sheet.positions(NUMBER) if any(v is not None and v % 1 for v in sheet.columns[j].values)]


def with_column(sheet: Sheet, place: int, column: Column, cells: list[str], name: str | None = None) -> Sheet:
    """Put a column in."""
    columns = (*sheet.columns[:place], column, *sheet.columns[place:])
    header = (*sheet.header[:place], column.name if name is None else name, *sheet.header[place:])
    rows = tuple((*row[:place], cell, *row[place:]) for row, cell in zip(sheet.rows, cells, strict=True))
    marks = {j + (j >= place): mark for j, mark in sheet.marks.items()}
    above = tuple((*row[:place], "", *row[place:]) for row in sheet.above)
    under = tuple((*row[:place], "", *row[place:]) for row in sheet.under)
    below = tuple((*row[:place], "", *row[place:]) for row in sheet.below)
    return sheet.but(columns=columns, header=header, rows=rows, marks=marks, above=above, under=under, below=below)


def with_values(sheet: Sheet, j: int, values: list, cells: list[str]) -> Sheet:
    """Give a column other values and cells."""
    columns = list(sheet.columns)
    columns[j] = replace(columns[j], values=tuple(values))
    rows = tuple((*row[:j], cell, *row[j + 1 :]) for row, cell in zip(sheet.rows, cells, strict=True))
    return sheet.but(columns=tuple(columns), rows=rows)


@pollution("delimiter")
def semicolon(sheet):
    return sheet.but(delimiter=";")


@pollution("delimiter")
def tab(sheet):
    return sheet.but(delimiter="\t")


@pollution("delimiter")
def bar(sheet):
    return sheet.but(delimiter="|")


@pollution(
    "delimiter", "pad", "tail", "short", "empty_middle", "first lines", "last lines", "comments", "two_line_header"
)
def blank(sheet):
    """One blank between the cells; empty cells are written as a pair of quotation marks."""
    return sheet.but(delimiter=" ")


@pollution("delimiter")
def two_bars(sheet):
    return sheet.but(delimiter="||")


@pollution("delimiter", "first lines", "comments")
def stated_delimiter(sheet):
    return sheet.but(delimiter=";", first_lines=("sep=;", *sheet.first_lines))


@pollution("spelling", "stated_delimiter")
def decimal_comma(sheet):
    """With a semicolon between the cells, as spreadsheets write it where the comma is the decimal mark."""
    return _european(sheet) if has_decimals(sheet) else None


@pollution("spelling", "delimiter")
def decimal_comma_quoted(sheet):
    return sheet.but(decimal=",") if has_decimals(sheet) else None


@pollution("spelling", "stated_delimiter")
def thousands_point(sheet):
    return _european(sheet).but(thousands=".") if has_decimals(sheet) else None


def _european(sheet: Sheet) -> Sheet:
    return sheet.but(decimal=",", delimiter=";" if sheet.delimiter == "," else sheet.delimiter)


@pollution("spelling")
def thousands_comma(sheet):
    return sheet.but(thousands=",") if has_decimals(sheet) else None


@pollution("spelling")
def thousands_apostrophe(sheet):
    return sheet.but(thousands="'") if has_decimals(sheet) else None


@pollution("spelling")
def thousands_blank(sheet):
    return sheet.but(thousands=" ") if has_decimals(sheet) else None


@pollution("spelling", "latin_1", "cp1250", "mixed_encodings", "stated_delimiter")
def thousands_no_break_blank(sheet):
    """French: a narrow no-break blank between thousands, and a decimal comma."""
    return _european(sheet).but(thousands="\u202f") if has_decimals(sheet) else None


@pollution("spelling")
def scientific(sheet):
    """One column in scientific notation, 1.25e-03."""
    numbers = has_decimals(sheet)
    if not numbers:
        return None
    j = numbers[0]
    values = [None if v is None else float(f"{v / 1000:.3e}") for v in sheet.columns[j].values]
    return with_values(sheet, j, values, ["" if v is None else Number(f"{v:.3e}") for v in values])


@pollution("signs")
def plus_signs(sheet):
    return sheet.but(plus="+") if has_decimals(sheet) else None


@pollution("signs", "latin_1", "cp1250", "mixed_encodings")
def true_minus(sheet):
    """The typographic minus sign, U+2212."""
    return sheet.but(minus="\u2212") if has_decimals(sheet) else None


@pollution("signs", "xlsx")
def percent(sheet):
    """Both 12.5 and 0.125 are careful readings of 12.5%."""
    numbers = has_decimals(sheet)
    if not numbers:
        return None
    j = numbers[-1]
    columns = list(sheet.columns)
    columns[j] = replace(columns[j], also=(tuple(v if v is None else v / 100 for v in columns[j].values),))
    return sheet.but(columns=tuple(columns), marks={**sheet.marks, j: ("", "%")})


@pollution("signs", "xlsx")
def currency(sheet):
    numbers = has_decimals(sheet)
    return sheet.but(marks={**sheet.marks, numbers[0]: ("€", "")}) if numbers else None


def token(name: str, word: str, *never_with: str, in_pairs: bool = False):
    """Register a word that stands for missing numbers."""

    def spoil(sheet):
        """Every eighth number is missing and written as a word; empty cells in columns of numbers as well."""
        numbers = sheet.positions(NUMBER)
        if not numbers:
            return None
        spoilt = sheet.but(token=word)
        for shift, j in enumerate(numbers[:3]):
            gaps = {i for i in range(len(sheet.rows)) if (i + 3 * shift) % 8 == 5}
            values = [None if i in gaps else v for i, v in enumerate(sheet.columns[j].values)]
            spoilt = with_values(spoilt, j, values, ["" if v is None else Number(v) for v in values])
        return spoilt

    spoil.__name__ = name
    conflicts = ("scientific", "aligned_columns", *(("blank",) if word == " " else ()))
    return pollution("token", *conflicts, *never_with, in_pairs=in_pairs)(spoil)


for _name, _word, _paired in (
    ("missing_question", "?", True),
    ("missing_NA", "NA", True),
    ("missing_dash", "-", True),
    ("missing_na", "na", False),
    ("missing_blank", " ", False),
    ("missing_slash", "N/A", False),
    ("missing_null", "NULL", False),
):
    token(_name, _word, in_pairs=_paired)


def _level(name: str, word: str):
    def spoil(sheet):
        """A category of which one level is a word that elsewhere means missing: in text it is a level."""
        cells = [(word, "brick", "wood")[(i * 7 + i // 5) % 3] for i in range(len(sheet.rows))]
        return with_column(sheet, 2, Column("veneer", TEXT, tuple(cells)), cells)

    spoil.__name__ = name
    return pollution("level")(spoil)


_level("none_level", "None")
_level("unknown_level", "Unknown")
_level("na_level", "NA")


@pollution("level")
def leading_zeros(sheet):
    cells = [f"{(i * 7919) % 99991:05}" for i in range(len(sheet.rows))]
    return with_column(sheet, 0, Column("code", TEXT, tuple(cells)), cells)


@pollution("level", "quotes", "blank")
def excel_wrappers(sheet):
    cells = [f"{(i * 7919) % 99991:05}" for i in range(len(sheet.rows))]
    return with_column(sheet, 0, Column("code", TEXT, tuple(cells)), [f'="{cell}"' for cell in cells])


@pollution("level")
def byte_literals(sheet):
    """Bytes printed by Python. Both ``b'brick'`` kept and ``brick`` are careful readings."""
    values = [("brick", "straw", "wood")[(i * 7 + i // 5) % 3] for i in range(len(sheet.rows))]
    cells = [f"b'{value}'" for value in values]
    return with_column(sheet, 2, Column("veneer", TEXT, tuple(values), also=(tuple(cells),)), cells)


@pollution("level", "stated_delimiter")
def dotted_dates(sheet):
    """Days such as 03.05.2021 stay text, and are no numbers with thousands."""
    days = [(1 + i % 28, 1 + i % 12, 2019 + i % 4) for i in range(len(sheet.rows))]
    iso = tuple(f"{year}-{month:02}-{day:02}" for day, month, year in days)
    cells = [f"{day:02}.{month:02}.{year}" for day, month, year in days]
    return with_column(sheet, 1, Column("day", DATE, tuple(cells), also=(iso,)), cells)


@pollution("index")
def index_column(sheet):
    """Row numbers without a name, as pandas writes them; they may be kept or left out."""
    n = len(sheet.rows)
    column = Column("", NUMBER, tuple(range(n)), names="any", optional=True)
    return with_column(sheet, 0, column, [Number(i) for i in range(n)])


@pollution("names", "no_header")
def duplicate_names(sheet):
    """The second name may be changed so that it starts with the first."""
    first, second = len(sheet.columns) - 3, len(sheet.columns) - 2
    columns = list(sheet.columns)
    columns[second] = replace(columns[second], name=columns[first].name, names="starts")
    header = list(sheet.header)
    header[second] = header[first]
    return sheet.but(columns=tuple(columns), header=tuple(header))


@pollution("names", "no_header", "index")
def years_as_names(sheet):
    numbers = sheet.positions(NUMBER)
    if len(numbers) < 3:
        return None
    columns, header = list(sheet.columns), list(sheet.header)
    for year, j in enumerate(numbers, start=2018):
        columns[j], header[j] = replace(columns[j], name=str(year)), str(year)
    return sheet.but(columns=tuple(columns), header=tuple(header))


@pollution("names", "no_header", "xlsx")
def line_break_in_a_name(sheet):
    name = sheet.header[1] + "\n(as told)"
    columns = list(sheet.columns)
    columns[1] = replace(columns[1], name=name)
    return sheet.but(columns=tuple(columns), header=(sheet.header[0], name, *sheet.header[2:]))


@pollution("header", "header rows", "tail")
def no_header(sheet):
    columns = tuple(replace(column, names="any") for column in sheet.columns)
    return sheet.but(has_header=False, columns=columns)


@pollution("header rows", "no_header", "repeated_header")
def units_row(sheet):
    """Units under the names; they may be put after the names."""
    if not sheet.positions(NUMBER):
        return None
    units = ("kg", "mm", "1/min", "%", "EUR", "°C")
    row = tuple(units[j % 6] if column.kind == NUMBER else "" for j, column in enumerate(sheet.columns))
    columns = tuple(replace(column, names="starts") if column.names == "is" else column for column in sheet.columns)
    return sheet.but(under=(row,), columns=columns)


@pollution("header rows", "no_header", "repeated_header", "stated_delimiter")
def two_line_header(sheet):
    """Groups of columns above the names; they may be put before the names."""
    first = next(j for j, name in enumerate(sheet.header) if name)
    groups = {first: "About", len(sheet.columns) // 2: "Measured"}
    held = {"is": "ends", "starts": "holds"}
    row = tuple(groups.get(j, "") for j in range(len(sheet.columns)))
    columns = tuple(replace(column, names=held.get(column.names, column.names)) for column in sheet.columns)
    return sheet.but(above=(row,), columns=columns)


@pollution("repeated header", "no_header", "comments", "blank_lines")
def repeated_header(sheet):
    return sheet.but(between=dict.fromkeys((20, 40), "header"))
