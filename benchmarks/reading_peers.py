"""Reads every file of a folder with one other reader by its defaults, for ``benchmarks/reading.py``; runs in their environment.

    python benchmarks/reading_peers.py FOLDER READER

It imports nothing of this project and writes what was read as plain lists to ``FOLDER/READER.json``.
"""

from __future__ import annotations

import datetime
import decimal
import json
import signal
import sys
import warnings
from pathlib import Path

SECONDS_PER_FILE = 30


def with_pandas(path: str, **options) -> tuple[list, list]:
    """``pandas.read_csv(path)``."""
    import pandas

    return from_pandas(pandas.read_csv(path, **options))


def with_pandas_sniffing(path: str) -> tuple[list, list]:
    """``pandas.read_csv(path, sep=None, engine="python")``."""
    return with_pandas(path, sep=None, engine="python")


def with_polars(path: str) -> tuple[list, list]:
    """``polars.read_csv(path)``."""
    import polars

    frame = polars.read_csv(path)
    return frame.columns, [frame[name].to_list() for name in frame.columns]


def with_duckdb(path: str) -> tuple[list, list]:
    """``duckdb.sql("select * from read_csv('path')")``, its dialect found out by itself."""
    import duckdb

    found = duckdb.connect().execute("select * from read_csv(?)", [path])
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    return names, [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]


def with_clevercsv(path: str) -> tuple[list, list]:
    """``clevercsv.read_dataframe(path)``."""
    import clevercsv

    return from_pandas(clevercsv.read_dataframe(path))


READERS = {
    "pandas": with_pandas,
    "pandas-sniffing": with_pandas_sniffing,
    "polars": with_polars,
    "duckdb": with_duckdb,
    "clevercsv": with_clevercsv,
}


def from_pandas(frame) -> tuple[list, list]:
    """Names and columns of a data frame; an index that is no range is a column as well."""
    if type(frame.index).__name__ != "RangeIndex":
        frame = frame.reset_index()
    gaps = frame.isna().to_numpy()
    columns = [frame.iloc[:, j].astype(object).tolist() for j in range(frame.shape[1])]
    return list(frame.columns), [
        [None if gaps[i, j] else cell for i, cell in enumerate(column)] for j, column in enumerate(columns)
    ]


def plain(cell: object) -> object:
    """A value that JSON can hold."""
    if cell is None or type(cell) in (bool, int, float, str):
        return cell
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, decimal.Decimal):
        return float(cell)
    return cell.item() if hasattr(cell, "item") else str(cell)


def read(reader: str, path: str) -> tuple[str, list, list, int]:
    """What happened, the names, the columns, and the number of warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        signal.alarm(SECONDS_PER_FILE)
        try:
            names, columns = READERS[reader](path)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return f"{type(error).__name__}: {str(error)[:200]}", [], [], 0
        finally:
            signal.alarm(0)
    spoken = [w for w in told if not issubclass(w.category, DeprecationWarning | FutureWarning | ResourceWarning)]
    return "", [str(name) for name in names], [[plain(cell) for cell in column] for column in columns], len(spoken)


def too_long(_signal, _frame) -> None:
    """End a reading that does not end."""
    raise TimeoutError(f"more than {SECONDS_PER_FILE} seconds")


def main(folder: str, reader: str) -> None:
    """Read all files and write what was read."""
    signal.signal(signal.SIGALRM, too_long)
    found = {path.name: read(reader, str(path)) for path in sorted(Path(folder).glob("*.csv"))}
    version = __import__(reader.removesuffix("-sniffing")).__version__
    (Path(folder) / f"{reader}.json").write_text(json.dumps((version, found)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
