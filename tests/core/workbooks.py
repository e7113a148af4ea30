"""Write small workbooks without a library: numbers, text and truth values, empty cells left out."""

import io
import struct
import zipfile
from xml.sax.saxutils import escape

import pandas as pd

TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
RELATION = '<Relationship Id="rId{0}" Type="' + OFFICE + '/{1}" Target="{2}"/>'


def excel(**sheets: pd.DataFrame) -> bytes:
    """Write frames as sheets, each with its header."""
    return workbook(
        {name: [list(frame.columns), *frame.astype(object).values.tolist()] for name, frame in sheets.items()}
    )


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """Write rows of cells as sheets."""
    names = "".join(f'<sheet name="{escape(n)}" sheetId="{i}" r:id="rId{i}"/>' for i, n in enumerate(sheets, 1))
    links = "".join(RELATION.format(i, "worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1))
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": RELATIONS.format(RELATION.format(1, "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": RELATIONS.format(links),
    }
    for i, rows in enumerate(sheets.values(), 1):
        body = "".join(f'<row r="{r}">{_row(r, cells)}</row>' for r, cells in enumerate(rows, 1))
        parts[f"xl/worksheets/sheet{i}.xml"] = f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def _row(number: int, cells: list[object]) -> str:
    return "".join(_cell(f"{_letters(j)}{number}", cell) for j, cell in enumerate(cells) if not pd.isna(cell))


def _cell(place: str, value: object) -> str:
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _letters(j: int) -> str:
    return (_letters(j // 26 - 1) if j >= 26 else "") + chr(65 + j % 26)


SPREADSHEET = "application/vnd.oasis.opendocument.spreadsheet"
OASIS = " ".join(f'xmlns:{x}="urn:oasis:names:tc:opendocument:xmlns:{x}:1.0"' for x in ("office", "table", "text"))


def opendocument(sheets: dict[str, list[list[object]]], raw: str = "") -> bytes:
    """Write rows of cells as sheets of an .ods file; ``raw`` takes the place of the rows."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">{raw or "".join(map(_ods_row, rows))}</table:table>'
        for name, rows in sheets.items()
    )
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    return zipped(
        {
            "mimetype": SPREADSHEET,
            "content.xml": f"<office:document-content {OASIS}>{body}</office:document-content>",
            "META-INF/manifest.xml": '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        }
    )


def _ods_row(cells: list[object]) -> str:
    kinds = [("float", f' office:value="{c}"') if isinstance(c, int | float) else ("string", "") for c in cells]
    shown = zip(cells, kinds, strict=True)
    return f"<table:table-row>{''.join(_ods_cell(escape(str(c)), *kind) for c, kind in shown)}</table:table-row>"


def _ods_cell(text: str, kind: str, value: str = "") -> str:
    return f'<table:table-cell office:value-type="{kind}"{value}><text:p>{text}</text:p></table:table-cell>'


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """Write a zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def binary_workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    """Write rows of cells as sheets of an .xlsb file."""
    links = "".join(RELATION.format(i, "worksheet", f"worksheets/sheet{i}.bin") for i in range(1, len(sheets) + 1))
    named = [_record(0x9C, struct.pack("<II", 0, i) + _wide(f"rId{i}") + _wide(n)) for i, n in enumerate(sheets, 1)]
    parts = {
        "[Content_Types].xml": TYPES,
        "xl/_rels/workbook.bin.rels": RELATIONS.format(links),
        "xl/workbook.bin": b"".join([_record(0x83), _record(0x8F), *named, _record(0x90), _record(0x84)]),
    }
    for i, rows in enumerate(sheets.values(), 1):
        size = struct.pack("<IIII", 0, max(0, len(rows) - 1), 0, max(map(len, rows), default=1) - 1)
        body = [_record(0x81), _record(0x94, size), _record(0x91)]
        for r, cells in enumerate(rows):
            body.append(_record(0, struct.pack("<IIHBBBI", r, 0, 300, 0, 0, 0, 0)))
            body += [_binary_cell(c, value) for c, value in enumerate(cells) if value is not None]
        parts[f"xl/worksheets/sheet{i}.bin"] = b"".join([*body, _record(0x92), _record(0x82)])
    return zipped(parts)


def _binary_cell(column: int, value: object) -> bytes:
    place = struct.pack("<II", column, 0)
    number = isinstance(value, int | float)
    return _record(5, place + struct.pack("<d", value)) if number else _record(6, place + _wide(value))


def _record(kind: int, body: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return head + bytes([len(body) & 127 | 128, len(body) >> 7]) + body


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def old_workbook(sheets: dict[str, list[list[object]]], shared: tuple[str, ...] = ()) -> bytes:
    """Write rows of cells as sheets of an .xls file; whole numbers below 0 stand for shared texts, -1 for the first."""
    bodies = [_old_sheet(rows) for rows in sheets.values()]
    size = len(_old_head(sheets, [0] * len(bodies), shared))
    starts = [size + sum(map(len, bodies[:i])) for i in range(len(bodies))]
    return compound(_old_head(sheets, starts, shared) + b"".join(bodies))


def _old_head(sheets: dict, starts: list[int], shared: tuple[str, ...]) -> bytes:
    head = _old(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + _old(0x42, struct.pack("<H", 1200))
    for name, start in zip(sheets, starts, strict=True):
        head += _old(0x85, struct.pack("<IBBBB", start, 0, 0, len(name), 1) + name.encode("utf-16-le"))
    texts = b"".join(struct.pack("<HB", len(text), 0) + text.encode("latin-1") for text in shared)
    return head + (_old(0xFC, struct.pack("<II", 1, len(shared)) + texts) if shared else b"") + _old(0x0A)


def _old_sheet(rows: list[list[object]]) -> bytes:
    body = [_old(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))]
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            place = struct.pack("<HHH", i, j, 0)
            if isinstance(value, str):
                body.append(_old(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")))
            elif isinstance(value, int) and value < 0:
                body.append(_old(0xFD, place + struct.pack("<I", -1 - value)))
            elif value is not None:
                body.append(_old(0x203, place + struct.pack("<d", value)))
    return b"".join([*body, _old(0x0A)])


def _old(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """Write a stream as the only one of an old Office file."""
    stream = stream.ljust(4096, b"\x00") + bytes(-max(4096, len(stream)) % 512)
    n = len(stream) // 512
    n_tables = next(k for k in range(1, 109) if k * 128 >= n + 1 + k)
    following = [0xFFFFFFFD] * n_tables + [0xFFFFFFFE, *range(n_tables + 2, n_tables + n + 1), 0xFFFFFFFE]
    following += [0xFFFFFFFF] * (n_tables * 128 - len(following))
    folder = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry(name, 2, 0xFFFFFFFF, n_tables + 1, len(stream))
    places = [*range(n_tables), *[0xFFFFFFFF] * (109 - n_tables)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, n_tables, n_tables, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return (
        head
        + struct.pack("<109I", *places)
        + struct.pack(f"<{len(following)}I", *following)
        + folder.ljust(512, b"\x00")
        + stream
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    raw = (name + "\x00").encode("utf-16-le")
    links = struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return raw.ljust(64, b"\x00") + links + bytes(36) + struct.pack("<IQ", start, size)
