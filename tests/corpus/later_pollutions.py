"""Ways to spoil a table that were written after the reader had been mended with all others: a check that it learnt no answers."""

from dataclasses import replace

from more_pollutions import POLLUTIONS
from pollutions import has_decimals, pollution, token, with_column, with_values
from sheets import NUMBER, TEXT, Column, Number

EARLIER = frozenset(POLLUTIONS)
__all__ = ["EARLIER", "POLLUTIONS"]


@pollution("delimiter")
def caret(sheet):
    return sheet.but(delimiter="^")


@pollution("delimiter")
def two_colons(sheet):
    return sheet.but(delimiter="::")


@pollution(
    "delimiter",
    "pad",
    "tail",
    "short",
    "empty",
    "first lines",
    "last lines",
    "comments",
    "quotes",
    "newline",
    "line_break_in_a_name",
)
def aligned_columns(sheet):
    """Every column begins at its own place, filled up with blanks."""
    return sheet.but(pack="aligned")


@pollution(
    "delimiter", "pad", "tail", "short", "quotes", "newline", "header", "header rows", "names", "ends", "blank lines"
)
def markdown_table(sheet):
    """Bars around every cell and a line of dashes under the names."""
    return sheet.but(delimiter=" | ", left="| ", right=" |", rule="---")


for _name, _word in (
    ("missing_point", "."),
    ("missing_na_points", "n.a."),
    ("missing_hash", "#N/A"),
    ("missing_line", "—"),
):
    token(_name, _word, "latin_1", "cp1250", "mixed_encodings") if _word == "—" else token(_name, _word)


@pollution("signs")
def brackets_for_negative(sheet):
    """Accountants write (12.5) for -12.5."""
    return sheet.but(minus="(") if has_decimals(sheet) else None


@pollution("signs", "xlsx")
def minus_behind(sheet):
    """Some accounting programs write 12.5- for -12.5."""
    return sheet.but(minus="behind") if has_decimals(sheet) else None


@pollution("signs", "xlsx")
def percent_after_a_blank(sheet):
    """Both 12.5 and 0.125 are careful readings of 12.5 %."""
    return POLLUTIONS["percent"].spoil(sheet) and _marked(POLLUTIONS["percent"].spoil(sheet), " %")


@pollution("signs", "xlsx")
def currency_behind(sheet):
    numbers = has_decimals(sheet)
    return _marked(sheet.but(marks={numbers[0]: ("", "")}), " EUR") if numbers else None


@pollution("signs", "xlsx")
def units_in_cells(sheet):
    """Every number of a column with its unit, 12.5 kg."""
    numbers = has_decimals(sheet)
    return _marked(sheet.but(marks={numbers[0]: ("", "")}), " kg") if numbers else None


def _marked(sheet, after):
    return sheet.but(marks=dict.fromkeys(sheet.marks, ("", after)))


@pollution("first lines")
def preamble_of_pairs(sheet):
    """Lines with a name and a value, as instruments write them."""
    pairs = ("Device:", "X-200"), ("Operator:", "Kim"), ("Runs:", "3")
    return sheet.but(first_lines=(*(sheet.delimiter.join(pair) for pair in pairs), ""))


@pollution("last lines")
def footer_of_notes(sheet):
    return sheet.but(last_lines=("", "* preliminary", "n = 60"))


@pollution("last lines", "tail", "short")
def footer_with_mean(sheet):
    numbers = sheet.positions(NUMBER)
    if not numbers:
        return None
    row = ["" for _ in sheet.columns]
    for j in numbers:
        known = [v for v in sheet.columns[j].values if v is not None]
        row[j] = Number(round(sum(known) / len(known), 2))
    row[0] = "Mean"
    return sheet.but(below=(tuple(row),))


@pollution("last lines", "xlsx", "utf_16")
def end_of_file_mark(sheet):
    """The character 26, with which old programs end a file."""
    return sheet.but(last_lines=("\x1a",))


@pollution("names", "no_header", "xlsx")
def hash_before_the_names(sheet):
    """The header begins with "# "; the sign may be kept."""
    columns = (replace(sheet.columns[0], names="ends"), *sheet.columns[1:])
    return sheet.but(columns=columns, header=("# " + sheet.header[0], *sheet.header[1:]))


@pollution("blank lines")
def blank_line_under_the_header(sheet):
    return sheet.but(between={0: ""})


@pollution("pad", "latin_1", "cp1250", "mixed_encodings", "blank", "xlsx")
def no_break_blanks(sheet):
    """A no-break blank behind every text, as from a web page."""
    spoilt = sheet
    for j in sheet.positions(TEXT):
        cells = [row[j] + "\u00a0" if row[j] else "" for row in spoilt.rows]
        spoilt = with_values(spoilt, j, list(spoilt.columns[j].values), cells)
    return spoilt


@pollution("encoding")
def utf_16_without_mark(sheet):
    return sheet.but(encoding="utf-16-be")


@pollution("level")
def times(sheet):
    """Times such as 07:45 stay text."""
    cells = [f"{(7 + i * 5) % 24:02}:{(i * 13) % 60:02}" for i in range(len(sheet.rows))]
    return with_column(sheet, 1, Column("time", TEXT, tuple(cells)), cells)


@pollution("level")
def codes_with_e(sheet):
    """Codes such as 12E5 beside B7A1 are no numbers."""
    cells = [f"{i % 7 + 1}{'EAB'[i % 3]}{i % 4 + 1}" for i in range(len(sheet.rows))]
    return with_column(sheet, 1, Column("code", TEXT, tuple(cells)), cells)
