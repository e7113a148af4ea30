"""What a file is, told by its first bytes and not by its name."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from core.errors import UserError

READABLE = "Choose a CSV, TSV, Parquet or Excel (.xlsx) file."
REFUSED = (
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x00asm", "a program"),
    (b"#!", "a script"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"BM", "an image"),
    (b"II*\x00", "an image"),
    (b"MM\x00*", "an image"),
    (b"RIFF", "an image, a sound or a film"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"{\\rtf", "a text document with formatting"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"SQLite format 3", "a database"),
    (b"\xd0\xcf\x11\xe0", "an old Office document (.xls or .doc) or an encrypted workbook"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
)
PICKLE = re.compile(rb"\x80[\x02-\x05]|\(?[dl]p[01]\n|\(?ccopy_reg|c[\w.]+\n\w+\n|ZF\w{0,18}\x78")
BINARY_SHARE = 0.05


def kind_of(data: bytes) -> str:
    """Tell what a file is.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    str
        "text", "gzip", "Parquet" or "Excel".

    Raises
    ------
    UserError
        The file is empty, or is known to be something else, which is named.

    Examples
    --------
    >>> kind_of(b"a,b\\n1,2\\n")
    'text'
    """
    if not data.strip(b"\r\n\t \x00\xef\xbb\xbf"):
        raise UserError("The file is empty.", "Choose a file that holds a table.")
    if data.startswith(b"PAR1"):
        return "Parquet"
    if data.startswith(b"\x1f\x8b"):
        return "gzip"
    if data.startswith(b"PK"):
        return _zip_kind(data)
    name = _refused(data)
    if name:
        raise UserError(f"The file is {name}, not a table.", READABLE)
    return "text"


def _zip_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            if "xl/workbook.xml" in archive.namelist():
                return "Excel"
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UserError("The zip archive or Excel file is cut off or damaged.", "Upload it again.") from error
    raise UserError("The file is a zip archive that holds no Excel workbook.", "Unpack it and choose a file from it.")


def _refused(data: bytes) -> str:
    head = data[:4096]
    for magic, name in REFUSED:
        if head.startswith(magic) and (len(magic) > 2 or magic == b"#!" or not _is_text(head)):
            return name
    if PICKLE.match(head) or (head[:1] == b"\x78" and head[1:2] in b"\x01\x5e\x9c\xda" and not _is_text(head)):
        return "a Python object (pickle or joblib)"
    if head[257:262] == b"ustar":
        return "a tar archive"
    opening = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if opening.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page or an XML document"
    if re.match(rb"(%[^\n]*\n|\s)*@relation\b", data[:65536], re.IGNORECASE):
        return "an ARFF file"
    if re.match(rb"(\{\s*\"|\[\s*[\[{])", opening):
        return "a JSON file"
    return "" if _is_text(data[:65536]) else "a binary file"


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
