"""The known ways in which a file is spoilt, after those that spoil its cells and names: lines, marks, bytes, containers."""

import codecs
from dataclasses import replace

from pollutions import NO_TEXT_FILE, POLLUTIONS, pollution, with_column, with_values
from sheets import NUMBER, TEXT, Column, Number

__all__ = ["POLLUTIONS"]


@pollution("first lines")
def preamble_of_one_line(sheet):
    return sheet.but(first_lines=("Table 4: results by unit", *sheet.first_lines))


@pollution("first lines")
def preamble_of_three_lines(sheet):
    told = ("Results of the survey", "Made on 2024-05-03, by the office for statistics", "")
    return sheet.but(first_lines=(*told, *sheet.first_lines))


@pollution("comments", "first lines")
def comment_lines(sheet):
    return sheet.but(first_lines=("# made by device 7", "# checked, twice"), between={30: "# restarted here"})


@pollution("last lines", "tail")
def footer_with_total(sheet):
    """A last row with sums is no row of the data."""
    numbers = sheet.positions(NUMBER)
    if not numbers:
        return None
    row = ["" for _ in sheet.columns]
    for j in numbers:
        row[j] = Number(round(sum(v for v in sheet.columns[j].values if v is not None), 2))
    row[0] = "Total"
    return sheet.but(below=(tuple(row),), token=sheet.token)


@pollution("last lines")
def footer_with_source(sheet):
    return sheet.but(last_lines=("", "Source: own survey, 2024"))


@pollution("tail", "xlsx")
def trailing_empty_column(sheet):
    return sheet.but(tail=sheet.delimiter, tail_rows="")


@pollution("tail", "xlsx")
def trailing_delimiter(sheet):
    """Every row ends in a delimiter, the header does not."""
    return sheet.but(tail_rows=sheet.delimiter)


@pollution("empty")
def empty_middle(sheet):
    """Two columns without name and cells in the middle; they may be kept as empty or left out."""
    n = len(sheet.rows)
    for place in (3, 1):
        column = Column("", TEXT, (None,) * n, names="any", optional=True)
        sheet = with_column(sheet, place, column, [""] * n)
    return sheet


@pollution("short", "tail", "xlsx", "footer_with_total")
def short_rows(sheet):
    """Five rows end before their last two cells, which are missing."""
    short = frozenset((4, 17, 29, 41, 53))
    for j in (len(sheet.columns) - 2, len(sheet.columns) - 1):
        column = sheet.columns[j]
        values = [None if i in short else v for i, v in enumerate(column.values)]
        sheet = with_values(sheet, j, values, [row[j] for row in sheet.rows])
        also = tuple(tuple(None if i in short else v for i, v in enumerate(other)) for other in column.also)
        columns = list(sheet.columns)
        columns[j] = replace(columns[j], also=also)
        sheet = sheet.but(columns=tuple(columns))
    return sheet.but(short=short)


@pollution("blank lines", "repeated_header", "comments")
def blank_lines(sheet):
    return sheet.but(between=dict.fromkeys((7, 8, 31), ""))


@pollution("ends")
def carriage_returns(sheet):
    return sheet.but(end="\r")


@pollution("ends")
def carriage_returns_and_line_feeds(sheet):
    return sheet.but(end="\r\n")


@pollution("encoding")
def byte_order_mark(sheet):
    return sheet.but(mark=codecs.BOM_UTF8)


@pollution("encoding")
def utf_16(sheet):
    return sheet.but(encoding="utf-16-le", mark=codecs.BOM_UTF16_LE)


@pollution("encoding")
def latin_1(sheet):
    return sheet.but(encoding="cp1252")


@pollution("encoding")
def cp1250(sheet):
    """Polish towns, so that the encoding can be told at all."""
    towns = ("Łódź", "Wrocław", "Gdańsk", "Białystok", "Częstochowa")
    letters = str.maketrans("üéñß", "üéńß")
    for j in sheet.positions(TEXT):
        values = [v and v.translate(letters).replace("è", "é") for v in sheet.columns[j].values]
        sheet = with_values(sheet, j, values, [row[j].translate(letters).replace("è", "é") for row in sheet.rows])
    cells = [towns[(i * 3 + i // 5) % 5] for i in range(len(sheet.rows))]
    return with_column(sheet, 1, Column("town", TEXT, tuple(cells)), cells).but(encoding="cp1250")


@pollution("encoding")
def mixed_encodings(sheet):
    return sheet.but(other_encoding="cp1252")


@pollution("pad", "blank", "tail", "xlsx")
def leading_blanks(sheet):
    return sheet.but(pad=" ")


@pollution("quotes")
def quotes_around_all(sheet):
    return sheet.but(quoting="all")


@pollution("quotes")
def quotes_with_backslash(sheet):
    """Quotation marks within cells are escaped by a backslash."""
    return _said(sheet).but(quoting="text", escape="backslash")


@pollution("quotes")
def quotes_doubled(sheet):
    return _said(sheet).but(quoting="text")


def _said(sheet):
    cells = [('the "late" one', "early, as ever", 'says "no"')[(i + i // 7) % 3] for i in range(len(sheet.rows))]
    return with_column(sheet, len(sheet.columns) - 1, Column("said", TEXT, tuple(cells)), cells)


@pollution("quotes", "thousands_apostrophe", "byte_literals")
def single_quotes(sheet):
    """Text stands in single quotation marks, which some cells need as they hold the delimiter."""
    spoilt = sheet
    for j in sheet.positions(TEXT):
        values = [v and v.replace("'", "") for v in sheet.columns[j].values]
        spoilt = with_values(spoilt, j, values, [row[j].replace("'", "") for row in spoilt.rows])
    sign = sheet.delimiter
    cells = [(f"late{sign} twice", "early", "as ever")[(i + i // 7) % 3] for i in range(len(sheet.rows))]
    spoilt = with_column(spoilt, len(sheet.columns) - 1, Column("said", TEXT, tuple(cells)), cells)
    return spoilt.but(quote="'", quoting="text")


@pollution("newline")
def line_break_in_a_cell(sheet):
    cells = [("first line\nsecond line", "one line", "a\nb\nc")[(i + i // 7) % 3] for i in range(len(sheet.rows))]
    return with_column(sheet, len(sheet.columns) - 1, Column("notes", TEXT, tuple(cells)), cells)


@pollution("container", *NO_TEXT_FILE)
def xlsx(sheet):
    return sheet.but(pack="xlsx")


@pollution("container")
def gzipped(sheet):
    return sheet.but(pack="gzip")


@pollution("container", in_pairs=False)
def zipped(sheet):
    return sheet.but(pack="zip")


@pollution("container", in_pairs=False)
def attribute_relation_file(sheet):
    return sheet.but(pack="arff")


@pollution("refused", in_pairs=False)
def cell_with_bare_delimiter(sheet):
    """One row holds a delimiter too many: nothing tells which cell it belongs to, so a sentence is right."""
    return sheet.but(between={25: sheet.delimiter.join(["x"] * (len(sheet.columns) + 1))}, refused=True)


@pollution("refused", in_pairs=False)
def quotation_mark_left_open(sheet):
    return sheet.but(between={25: '"open' + sheet.delimiter * (len(sheet.columns) - 1)}, refused=True)


@pollution("refused", in_pairs=False)
def two_tables(sheet):
    return sheet.but(last_lines=("", "key,value", "mean,3", "median,2", "count,60"), refused=True)
