"""Write small Excel workbooks without a library: numbers, text and truth values, empty cells left out."""

import io
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
