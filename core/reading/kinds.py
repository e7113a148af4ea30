"""What a file is, told by its first bytes and not by its name."""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO

from core.errors import UserError
from core.reading.limits import check_members

READABLE = "Choose a CSV, TSV, ARFF, Parquet or Excel file, or one of them in a gzip, bzip2, xz or zip archive."
CODE = (
    "Opening one can run code that it carries, so none is ever opened. Load it where you trust it and write the table "
    "as CSV or Parquet."
)
STATISTICS = "Write the table as CSV or Parquet with the program that made it."
FRAME = "Open it where it was made, and write the table as CSV or Parquet."
UNPACK = "Unpack it and choose the table in it."
IN_R = "In R, write the table with write.csv(table, 'table.csv', row.names = FALSE)."
REFUSED = (
    (b"\x7fELF", "a program", READABLE),
    (b"MZ", "a Windows program", READABLE),
    (b"\xcf\xfa\xed\xfe", "a program", READABLE),
    (b"\xca\xfe\xba\xbe", "a program", READABLE),
    (b"\x00asm", "a program", READABLE),
    (b"#!", "a script", READABLE),
    (b"@echo off", "a script", READABLE),
    (b"\x89PNG", "an image", READABLE),
    (b"\xff\xd8\xff", "an image", READABLE),
    (b"GIF8", "an image", READABLE),
    (b"BM", "an image", READABLE),
    (b"II*\x00", "an image", READABLE),
    (b"MM\x00*", "an image", READABLE),
    (b"RIFF", "an image, a sound or a film", READABLE),
    (b"%PDF", "a PDF document", "Copy the table from it into a workbook or a CSV file."),
    (b"%!PS", "a PostScript document", READABLE),
    (b"{\\rtf", "a text document with formatting", READABLE),
    (b"\x93NUMPY", "a NumPy array", "Write it as text with numpy.savetxt, with a name for every column."),
    (b"\x89HDF", "an HDF5 file", FRAME),
    (b"ARROW1", "an Arrow file", "Write it as Parquet with pyarrow or pandas."),
    (b"FEA1", "a Feather file", "Write it as Parquet with pyarrow or pandas."),
    (b"PARE", "an encrypted Parquet file", "Write it without encryption."),
    (b"ORC", "an ORC file", "Write it as Parquet."),
    (b"Obj\x01", "an Avro file", "Write it as Parquet."),
    (b"SQLite format 3", "a database", "Write the table that you mean as CSV."),
    (b"RDX2\n", "an R workspace (.RData)", IN_R),
    (b"RDX3\n", "an R workspace (.RData)", IN_R),
    (b"RDA2\n", "an R workspace (.RData)", IN_R),
    (b"RDA3\n", "an R workspace (.RData)", IN_R),
    (b"X\n\x00\x00\x00", "an R object (.rds)", IN_R),
    (b"MATLAB 5.0 MAT", "a MATLAB file", "In MATLAB, write the table with writetable."),
    (b"$FL2", "an SPSS file", STATISTICS),
    (b"$FL3", "an SPSS file", STATISTICS),
    (b"<stata_dta>", "a Stata file", STATISTICS),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60", "a SAS file", STATISTICS),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", UNPACK),
    (b"\x04\x22\x4d\x18", "an LZ4 archive", UNPACK),
    (b"\x5d\x00\x00", "an LZMA archive", UNPACK),
    (b"\x1f\x9d", "an archive of compress (.Z)", UNPACK),
)  # fmt: skip
CERTAIN = (
    b"#!",
    b"%PDF",
    b"%!PS",
    b"{\\rtf",
    b"@echo off",
    b"<stata_dta>",
    b"\x7fELF",
    b"SQLite format 3",
    b"\x04\x22\x4d\x18",
)
STARTS = (
    (b"PAR1", "Parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\xd0\xcf\x11\xe0", "compound"),
    (b"PK\x03\x04", "archive"),
    (b"PK\x05\x06", "archive"),
)
ARFF = re.compile(rb"(?:[ \t]*%[^\r\n]*[\r\n]+|\s)*@relation\b", re.IGNORECASE)
BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)")
PICKLE = re.compile(
    rb"\x80[\x02-\x05]|\(?[dl]p[01]\n|\(?ccopy_reg|c[\w.]+\n\w+\n|ZF\w{0,18}\x78|[\]})]q\x00|[VSIFL][^\n]*\n(p[0-9]+\n)?\.\Z"
)
BINARY_SHARE = 0.05
TEXT_HEAD = 65_536
LISTED = b"PK\x01\x02"
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError)
OFFICE = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
    ("META-INF/MANIFEST.MF", "a Java program"),
    ("AndroidManifest.xml", "a program"),
)


def kind_of(data: bytes) -> str:
    """Tell what a file is.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    str
        "text", "ARFF", "Parquet"; "xlsx", "xlsb", "xls" or "ods" for a workbook; "gzip", "bzip2", "xz" or "zip" for a file
        that is packed.

    Raises
    ------
    UserError
        The file is empty, or is known to be something else, which is named.

    Examples
    --------
    >>> kind_of(b"a,b\\n1,2\\n")
    'text'
    """
    if not data[:TEXT_HEAD].strip(b"\r\n\t \x00\xef\xbb\xbf") and not data.strip(b"\r\n\t \x00\xef\xbb\xbf"):
        raise UserError("The file is empty.", "Choose a file that holds a table.")
    kind = next((kind for magic, kind in STARTS if data.startswith(magic)), "")
    if kind == "Parquet" and _is_text(data[:TEXT_HEAD]) and not data.endswith(b"PAR1"):
        kind = ""
    if kind == "archive":
        return _zip_kind(data)
    if kind == "compound":
        return _compound_kind(data)
    if kind:
        return kind
    if BZIP2.match(data):
        return "bzip2"
    if ARFF.match(data[:TEXT_HEAD]) and _is_text(data[:TEXT_HEAD]):
        return "ARFF"
    name, remedy = _refused(data)
    if name:
        raise UserError(f"The file is {name}, not a table.", remedy)
    return "text"


def archive_of(data: bytes) -> zipfile.ZipFile:
    """Open a zip archive that does not list too many files.

    Raises
    ------
    UserError
        It is damaged, or lists more than ``MAX_MEMBERS`` files.
    """
    check_members(data.count(LISTED))
    try:
        return zipfile.ZipFile(BytesIO(data))
    except ZIP_DAMAGE as error:
        raise UserError("The zip archive or Excel file is cut off or damaged.", "Choose it again.") from error


def _zip_kind(data: bytes) -> str:
    with archive_of(data) as archive:
        names = archive.namelist()
        form = _document(archive) if "mimetype" in names and "content.xml" in names else ""
    if form:
        if "spreadsheet" in form:
            return "ods"
        raise UserError("The file is an OpenDocument file without a spreadsheet, not a table.", READABLE)
    kind = next((kind for name, kind in OFFICE if name in names), "zip")
    if any(name.rpartition("/")[2] in ("data.pkl", "constants.pkl") for name in names):
        kind = "a PyTorch model (it holds a pickle)"
        raise UserError(f"The file is {kind}, not a table.", CODE)
    if names and all(name.endswith(".npy") for name in names):
        raise UserError("The file is an archive of NumPy arrays (.npz), not a table.", FRAME)
    if kind.startswith("a "):
        raise UserError(f"The file is {kind}, not a table.", READABLE)
    return kind


def _document(archive: zipfile.ZipFile) -> str:
    try:
        with archive.open("mimetype") as stream:
            return stream.read(200).decode("latin-1")
    except ZIP_DAMAGE:
        return ""


def _compound_kind(data: bytes) -> str:
    """Tell what an old Office file is by the names of the streams in it."""
    for stream, name in (("EncryptedPackage", "an encrypted Office document"), ("WordDocument", "a Word document")):
        if _entry(stream) in data:
            remedy = (
                "Open it with its password, save it without one, and choose it again." if "enc" in name else READABLE
            )
            raise UserError(f"The file is {name}, not a table that can be read.", remedy)
    if _entry("Workbook") in data or _entry("Book") in data:
        return "xls"
    raise UserError("The file is an old Office document without a workbook, not a table.", READABLE)


def _entry(stream: str) -> bytes:
    """How the folder of an old Office file spells the name of a stream."""
    return (stream + "\x00").encode("utf-16-le")


def _refused(data: bytes) -> tuple[str, str]:
    head = data[:4096]
    for magic, name, remedy in REFUSED:
        if head.startswith(magic) and (magic in CERTAIN or not magic.isascii() or b"\n" in magic or not _is_text(head)):
            return name + _objects(head, magic), remedy
    if PICKLE.match(head) or (head[:1] == b"\x78" and head[1:2] in b"\x01\x5e\x9c\xda" and not _is_text(head)):
        return "a Python object (pickle or joblib)", CODE
    if head[257:262] == b"ustar":
        return "a tar archive", UNPACK
    return _markup(head) or (("", "") if _is_text(data[:TEXT_HEAD]) else ("a binary file", READABLE))


def _objects(head: bytes, magic: bytes) -> str:
    return " of Python objects (a pickle)" if magic == b"\x93NUMPY" and re.search(rb"'descr': *'\|?O", head) else ""


def _markup(head: bytes) -> tuple[str, str] | None:
    opening = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<svg", b"<head", b"<meta")):
        return "a web page or an XML document", "Copy the table from it into a workbook or a CSV file."
    if opening.startswith(b"<?php"):
        return "a script", READABLE
    if re.match(rb"\{\s*\"[^\n]*\}\s*\n\s*\{\s*\"", opening):
        return (
            "a JSON file with a record on each line",
            "Write it as CSV: pandas.read_json(file, lines=True).to_csv(...).",
        )
    if re.match(rb"(\{\s*[\"}]|\[\s*[\[{])", opening):
        return "a JSON file", "Write it as CSV, for instance with pandas.read_json(file).to_csv(...)."
    return None


def _is_text(head: bytes) -> bool:
    """Few control characters, or the zero bytes of UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or utf16_order(head):
        return True
    controls = len(head) - len(head.translate(None, bytes(c for c in range(32) if c not in b"\t\n\r\f\x1a\x1b")))
    return controls <= max(3, BINARY_SHARE * len(head))


def utf16_order(head: bytes) -> str:
    """Tell the byte order of UTF-16 without a mark by where the zero bytes stand; empty if it is not UTF-16."""
    even, odd = head[0:4096:2], head[1:4096:2]
    if len(even) < 2:
        return ""
    if odd.count(0) > 0.5 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > 0.5 * len(even) and odd.count(0) < 0.05 * len(odd) else ""
