"""Files that want to break the reader: each is read faithfully, or refused with one error and its remedy."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile
import zlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workbooks import compound, excel, old_workbook, opendocument, workbook, zipped

from core.dataset import Dataset
from core.errors import UserError
from core.reading import limits
from core.reading.read import read
from core.reading.samples import FOLDER

SAMPLE = (FOLDER / "wine_cultivars.csv").read_bytes()


def archive_of(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", content)
    return file.getvalue()


def parquet(table, **options):
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def packed(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def locked(data):
    """Mark the file in an archive as encrypted."""
    data = bytearray(data)
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


REFUSED = {
    "nothing": (b"", "is empty"),
    "blanks": (b"\n \r\n\t\n", "is empty"),
    "byte order mark only": (b"\xef\xbb\xbf\n", "is empty"),
    "only a header": (b"a,b,c\n", "header but no rows"),
    "header and blanks": (b"a,b,c\n\n\n", "header but no rows"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "an image"),
    "jpeg": (b"\xff\xd8\xff\xe0" + bytes(50), "an image"),
    "gif": (b"GIF89a" + bytes(50), "an image"),
    "pdf": (b"%PDF-1.7\n1 0 obj", "a PDF document"),
    "elf": (b"\x7fELF" + bytes(100), "a program"),
    "exe": (b"MZ\x90\x00" + bytes(100), "a Windows program"),
    "script": (b"#!/bin/sh\necho 1,2\n", "a script"),
    "pickle": (pickle.dumps({"a": [1, 2]}), "pickle or joblib"),
    "old pickle": (pickle.dumps({"a": [1, 2]}, 0), "pickle or joblib"),
    "pickled function": (pickle.dumps(print, 0), "pickle or joblib"),
    "compressed joblib": (zlib.compress(pickle.dumps(list(range(99)))), "pickle or joblib"),
    "pickle of protocol 1": (pickle.dumps([1, 2], 1), "pickle or joblib"),
    "pickled number": (pickle.dumps(1.5, 0), "pickle or joblib"),
    "pickle in gzip": (gzip.compress(pickle.dumps([1], 4)), "pickle or joblib"),
    "pickle in bzip2": (bz2.compress(pickle.dumps([1], 2)), "pickle or joblib"),
    "pickle in xz": (lzma.compress(pickle.dumps([1], 5)), "pickle or joblib"),
    "pickle in zip": (packed(**{"a.csv": pickle.dumps([1], 5)}), "pickle or joblib"),
    "torch": (packed(**{"model/data.pkl": b"\x80\x02"}), "a PyTorch model"),
    "npz": (packed(**{"a.npy": b"\x93NUMPY"}), "archive of NumPy arrays"),
    "numpy objects": (b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False}", "of Python objects"),
    "rdata": (gzip.compress(b"RDX3\nX\n\x00\x00"), "an R workspace"),
    "rds": (gzip.compress(b"X\n\x00\x00\x00\x03"), "an R object"),
    "sqlite": (b"SQLite format 3\x00" + bytes(90), "a database"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "a Zstandard archive"),
    "json lines": (b'{"a": 1}\n{"a": 2}\n', "a record on each line"),
    "svg": (b"<svg xmlns='x'></svg>", "an XML document"),
    "word": (packed(**{"word/document.xml": "<x/>"}), "a Word document"),
    "old word": (compound(b"x", "WordDocument"), "a Word document"),
    "encrypted workbook": (compound(b"x", "EncryptedPackage"), "an encrypted Office document"),
    "text document": (
        zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}),
        "without a spreads",
    ),
    "zip of nothing": (packed(), "holds no file"),
    "zip in zip": (packed(**{"a.zip": packed(**{"a.csv": "a,b\n1,2\n"})}), "a zip archive within a zip archive"),
    "gzip in zip": (packed(**{"a.gz": gzip.compress(b"a,b\n1,2\n")}), "a gzip file within a zip archive"),
    "zip in gzip": (gzip.compress(packed(**{"a.csv": "a,b\n1,2\n"})), "a zip archive within a gzip file"),
    "locked zip": (locked(packed(**{"a.csv": "a,b\n1,2\n"})), "is encrypted"),
    "cut bzip2": (bz2.compress(SAMPLE)[:2000], "cut off or damaged"),
    "cut xz": (lzma.compress(SAMPLE)[:2000], "cut off or damaged"),
    "gzip and more": (gzip.compress(b"a,b\n1,2\n") + b"3,4\n", "cut off or damaged"),
    "cut xls": (old_workbook({"one": [["a"], [1]]})[:1500], "cannot be read"),
    "arff without data": (b"@relation r\n@attribute a numeric\n", "no line with @data"),
    "arff of an unknown type": (
        b"@relation r\n@attribute a what\n@data\n1\n",
        "Line 2 of the ARFF file declares no type",
    ),
    "arff with open levels": (b"@relation r\n@attribute a {x,y\n@data\nx\n", "on line 2 is never closed"),
    "arff with a word": (b"@relation r\n@attribute a real\n@attribute b real\n@data\n1,2\n3,x\n", "Line 6 holds 'x'"),
    "arff with a short row": (
        b"@relation r\n@attribute a real\n@attribute b real\n@data\n1,2\n3\n",
        "Line 6 has 1 cell",
    ),
    "arff with an open quote": (b"@relation r\n@attribute a string\n@data\n'x\n", "mark on line 4 is never closed"),
    "arff with a far place": (b"@relation r\n@attribute a real\n@data\n{7 1}\n", "sparse row on line 4"),
    "arff of tables": (b"@relation r\n@attribute a relational\n@end a\n@data\n1\n", "tables of its own"),
    "numpy": (b"\x93NUMPY\x01\x00" + bytes(80), "a NumPy array"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(80), "an old Office document"),
    "noise": (np.random.default_rng(0).bytes(4000), "a binary file"),
    "json": (b'[{"a": 1}, {"a": 2}]', "a JSON file"),
    "html": (b"<!DOCTYPE html><html></html>", "a web page"),
    "tar": (b"a.csv".ljust(257, b"\x00") + b"ustar" + bytes(250), "a tar archive"),
    "cut zip": (packed(**{"a.csv": "a,b\n1,2\n"})[:40], "cut off or damaged"),
    "gzip twice": (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "twice"),
    "gzip of a picture": (gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(99)), "an image"),
    "cut gzip": (gzip.compress(SAMPLE)[:2000], "cut off or damaged"),
    "gzip head": (gzip.compress(SAMPLE)[:12], "cut off or damaged"),
    "gzip noise": (b"\x1f\x8b\x08\x00" + bytes(range(200)), "cut off or damaged"),
    "parquet head": (b"PAR1", "Parquet file cannot be read"),
    "cut parquet": (parquet(pa.table({"a": range(99)}))[:300], "Parquet file cannot be read"),
    "hollow parquet": (b"PAR1" + bytes(99) + b"PAR1", "Parquet file cannot be read"),
    "parquet without rows": (parquet(pa.table({"a": pa.array([], pa.int64())})), "no rows"),
    "parquet without columns": (parquet(pa.table({})), "no rows"),
    "cut excel": (excel(one=pd.DataFrame({"a": range(99)}))[:900], "cut off or damaged"),
    "hollow excel": (archive_of(), "Excel workbook cannot be read"),
    "empty excel": (workbook({"one": []}), "holds no cells"),
    "excel header": (excel(one=pd.DataFrame({"a": [], "b": []})), "no rows"),
    "quoted lines": (b'"a,b,c"\n"1,2,3"\n"4,5,6"\n', "Most lines hold a comma"),
    "open quotation mark": (b'a,b\n1,"x\n2,y\n3,z\n', "quotation mark on line 2 is never closed"),
    "late quotation mark": (b'a,b,c\n1,"x,3\n2,y,4\n3,z,4\n8,"u,9\n', "line 2"),
    "long record": (b"a,b\n1,2\n3,4,5\n6,7\n8,9\n", "Line 3 has 3 cells"),
    "two tables": (b"a,b,c\n1,2,3\n4,5,6\n\nx,y\n1,2\n3,4\n", "second table"),
    "two tables, the second wider": (b"a,b\n1,2\n3,4\n\nx,y,z\n1,2,3\n3,4,5\n", "Line 5 has 3 cells"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case):
    data, problem = REFUSED[case]
    with pytest.raises(UserError) as caught:
        read(data, "data.csv")
    assert problem in caught.value.problem
    assert caught.value.remedy.endswith(".")
    assert "\n" not in str(caught.value)


BYTES = b"1,2\n" * 2**18


def gzip_bomb():
    pack = zlib.compressobj(9, wbits=31)
    return b"".join([pack.compress(BYTES) for _ in range(20)] + [pack.flush()])


def far_cell():
    row = '<row r="{0}"><c r="{1}{0}"><v>1</v></c></row>'
    return archive_of(
        xl__worksheets__sheet1="<sheetData>" + row.format(1, "A") + row.format(1048576, "XFD") + "</sheetData>"
    )


def repeated_text():
    text = f"<sst><si><t>{'x' * 30_000}</t></si></sst>"
    cells = "".join(f'<c r="A{i}" t="s"><v>0</v></c>' for i in range(1, 700))
    return archive_of(xl__sharedStrings=text, xl__worksheets__sheet1=cells)


def repeated_words():
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000, "int32")), pa.array(["x" * 1000]))
    return parquet(pa.table({"a": words.cast(pa.string()), "b": range(20_000)}))


def lying_parquet():
    """A file whose end says that its pages are small."""
    data = parquet(pa.table({"a": ["x" * 2**20] * 10, "b": range(10)}), use_dictionary=False, compression="zstd")
    size = int.from_bytes(data[-8:-4], "little")
    metadata = pq.ParquetFile(io.BytesIO(data)).metadata
    end = data[-8 - size : -8]
    for told in {metadata.row_group(0).total_byte_size, metadata.row_group(0).column(0).total_uncompressed_size}:
        digits = varint(2 * told)
        end = end.replace(digits, b"\x82" + b"\x80" * (len(digits) - 2) + b"\x00")
    lying = data[: -8 - size] + end + data[-8:]
    assert pq.ParquetFile(io.BytesIO(lying)).metadata.row_group(0).total_byte_size == 1
    return lying


def varint(number):
    return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])


def growing_words():
    table = pa.table({"a": ["x" * 2**18] * 100, "b": range(100)})
    return parquet(table, use_dictionary=False, column_encoding={"a": "DELTA_BYTE_ARRAY", "b": "PLAIN"})


def repeated_cell(n_rows, text=""):
    cell = f'<table:table-cell office:value-type="string" table:number-columns-repeated="100"><text:p>{text}</text:p></table:table-cell>'
    return opendocument({"a": []}, f'<table:table-row table:number-rows-repeated="{n_rows}">{cell}</table:table-row>')


BOMBS = {
    "bzip2": lambda: bz2.compress(bytes(2**24)),
    "xz": lambda: lzma.compress(bytes(2**24), preset=0),
    "zip": lambda: zipped({"a.csv": BYTES * 20}),
    "zip of an excel bomb": lambda: zipped({"a.xlsx": far_cell()}),
    "gzip of a parquet bomb": lambda: gzip.compress(repeated_words()),
    "archive of many files": lambda: packed(**{f"{i}.csv": b"" for i in range(60)}),
    "workbook of many sheets": lambda: workbook({f"s{i}": [] for i in range(30)}),
    "excel of many shared texts": lambda: archive_of(
        xl__sharedStrings="<si/>" + "<si></si>" * 300_000, xl__worksheets__sheet1="<v>0</v>"
    ),
    "ods with many cells": lambda: repeated_cell(20_000),
    "ods that repeats a text": lambda: repeated_cell(50, "x" * 5000),
    "xls with a far cell": lambda: old_workbook({"a": [[1]] + [[]] * 65_000 + [[None] * 200 + [1]]}),
    "xls that repeats a text": lambda: old_workbook({"a": [[-1] * 100] * 10}, ("x" * 9000,)),
    "parquet that lies": lying_parquet,
    "parquet whose text grows": growing_words,
    "parquet that repeats a word in lists": lambda: parquet(
        pa.table({"a": [["x" * 1000] * 100] * 100, "b": range(100)})
    ),
    "parquet that repeats bytes": lambda: parquet(pa.table({"a": [b"x" * 1000] * 10_000, "b": range(10_000)})),
    "a long cell": lambda: b"a,b\n1," + b"x" * 50_000 + b"\n2,y\n",
    "a long cell in parquet": lambda: parquet(pa.table({"a": ["x", "x" * 50_000], "b": [1, 2]})),
    "gzip": gzip_bomb,
    "excel with a large part": lambda: archive_of(xl__worksheets__sheet1=" " * 2**24),
    "excel with a far cell": far_cell,
    "excel that repeats a long text": repeated_text,
    "parquet that repeats a long word": repeated_words,
    "parquet with many rows": lambda: parquet(pa.table({"a": np.zeros(2_000_000, "int8")})),
    "parquet with long lists": lambda: parquet(pa.table({"a": [[0] * 1_000_000] * 3, "b": range(3)})),
    "parquet with many columns": lambda: parquet(pa.table({f"c{j}": [1] for j in range(200)})),
    "many columns": lambda: (",".join(f"c{j}" for j in range(200)) + "\n" + ",".join("1" * 200) + "\n").encode(),
    "many cells": lambda: b"a,b\n" + b"1,2\n" * 600_000,
    "many bytes": lambda: b"a,b\n" + b"1" * 2**23 + b",2\n" * 3,
}


@pytest.mark.parametrize("case", BOMBS)
def test_limits_hold_before_memory_is_spent(case, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BYTES", 2**23)
    monkeypatch.setattr(limits, "MAX_COLUMNS", 150)
    monkeypatch.setattr(limits, "MAX_CELL", 2**15)
    monkeypatch.setattr(limits, "MAX_MEMBERS", 50)
    monkeypatch.setattr(limits, "MAX_SHEETS", 20)
    monkeypatch.setattr(limits, "MAX_SHEET_CELLS", 200_000)
    monkeypatch.setattr(limits, "MAX_CELLS", 1_000_000)
    data = BOMBS[case]()
    assert len(data) < 2**24
    with pytest.raises(UserError, match="at most"):
        read(data)


def test_an_archive_that_lies_about_its_size_is_refused():
    data = bytearray(archive_of(xl__worksheets__sheet1=" " * 100_000))
    directory = data.rfind(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    with pytest.raises(UserError, match="cannot be read"):
        read(bytes(data))


TEXTS = [
    "<script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=1>",
    "<iframe src='http://canary.invalid/i'></iframe>",
    "![x](http://canary.invalid/m.png)",
    "[click](javascript:window.__xss=1)",
    "price $x^2$ and $y$",
    r"$\href{javascript:window.__xss=1}{click me}$",
    ":smile: :material/delete: :red[bad]",
    "__init__ and *star* and a_b_c",
    "# Heading",
    "1. item",
    "---",
    "a|b",
    "&lt;b&gt; &amp; R&D",
    "age<30 & bmi>25",
    "```x```",
    "%{x} %{customdata} {value}",
    "\u202ereversed",
    "zero\u200bwidth",
    "inner\ufeffmark",
    "nul\x00inside",
    "a\nnew line",
    "x" * 3000,
    "two  spaces",
    'it\'s "x" \\ / ; --',
    "{__import__('os').system('id')}",
    "{{7*7}} ${7*7}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "../../etc/passwd",
    "CON",
    "Straße/正例 🦠",
    "b'true'",
    "nan",
    "None",
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_names_and_labels_are_read_as_they_are(text, delimiter):
    frame = pd.DataFrame({"size": range(6), text: ["p", "q"] * 3, "label": [text, "other"] * 3})
    table = read(frame.to_csv(index=False, sep=delimiter).encode(), text)
    assert list(table.frame.columns) == ["size", text, "label"]
    assert set(Dataset.from_table(table, "label").classes) == {text, "other"}
    assert set(Dataset.from_table(table, text).classes) == {"p", "q"}
    assert table.name == text


def test_names_in_other_formats():
    frame = pd.DataFrame({text: [1, 2, 3] for text in TEXTS if "\x00" not in text and len(text) < 100})
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    assert list(read(buffer.getvalue()).frame) == list(frame)
    assert list(read(excel(one=frame)).frame) == list(frame)


def test_a_very_long_name():
    name = "n" * 5000
    assert list(read(f"{name},b\n1,2\n3,4\n".encode()).frame) == [name, "b"]


def test_an_upload_that_was_cut_off():
    cut = read(b"a,b,c\n1,2,x\n3,4,y\n5,6")
    assert "The last line is not complete, so the file may be cut off." in cut.reading.notes
    letter = read("a,b\n1,ä\n2,ö".encode()[:-1])
    assert "The file ends within a character, so it may be cut off." in letter.reading.notes


def test_many_blank_lines_and_wide_rows():
    blank = read(b"a,b\n" + b"\n" * 5000 + b"1,2\n3,4\n")
    assert len(blank.frame) == 2
    wide = read((",".join(f"c{j}" for j in range(3000)) + "\n" + (",".join("1" * 3000) + "\n") * 3).encode())
    assert wide.frame.shape == (3, 3000)


def test_an_excel_file_under_another_name_and_the_other_way_round():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert read(excel(one=frame), "data.csv").reading.kind == "Excel"
    assert read(b"a,b\n1,x\n2,y\n", "data.xlsx").reading.kind == "CSV"


def reads_or_refuses(data):
    try:
        table = read(data)
    except UserError as error:
        return error.remedy.endswith((".", "?"))
    return table.frame.shape[1] >= 1


def test_every_prefix_of_a_file_reads_or_refuses():
    for data in (SAMPLE[:700], gzip.compress(SAMPLE[:700]), parquet(pa.table({"a": range(9), "b": list("abcdefghi")}))):
        assert all(reads_or_refuses(data[:end]) for end in range(0, len(data), 7))


def test_changed_bytes_read_or_refuse():
    rng = np.random.default_rng(0)
    for data in (SAMPLE[:1500], excel(one=pd.DataFrame({"a": range(9)})), parquet(pa.table({"a": range(9)}))):
        for _ in range(60):
            changed = bytearray(data)
            for place in rng.integers(0, len(data), 4):
                changed[place] = rng.integers(0, 256)
            assert reads_or_refuses(bytes(changed))
