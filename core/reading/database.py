"""A private database in memory that reads one Parquet file, writes only into its own folder and knows no network."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import UserError

THREADS = 2
MEMORY = "192MB"
SPILL = "8GB"
NUMERIC = ("whole", "number")


@dataclass(frozen=True)
class Field:
    """A column of a relation.

    Parameters
    ----------
    position : int
        Which of the columns c0, c1, … it is; no name from a file is part of a query.
    name : str
    kind : str
        "whole", "number", "text", "yes/no", "instant" for a time with a zone, which is spelled in UTC whatever the machine, or
        "other" for what is spelled out as text.
    """

    position: int
    name: str
    kind: str

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.kind in NUMERIC


@dataclass(frozen=True)
class Relation:
    """A Parquet file as a table of queries.

    Parameters
    ----------
    path : str
        The file.
    folder : str
        Where the database may write.
    fields : tuple of Field
        Every column of the file, in order.
    own : bool
        The file was written here: its cells need no further care.
    tokens : tuple of str
        Words that are missing in every column; of a file that was not written here.
    stamp : tuple of int
        Bytes of the file and when it was last written, as it was read; of a file that was not written here.
    """

    path: str
    folder: str
    fields: tuple[Field, ...]
    own: bool = True
    tokens: tuple[str, ...] = ()
    stamp: tuple[int, int] = (0, 0)

    @property
    def shown(self) -> tuple[Field, ...]:
        """The columns that have a name; others were left out."""
        return tuple(field for field in self.fields if field.name)

    @property
    def sql(self) -> str:
        """What stands after FROM; ``place`` is the number of the row."""
        names = ", ".join(f"c{field.position}" for field in self.fields)
        return f"read_parquet($path, file_row_number = true) AS rows({names}, place)"

    def value(self, field: Field) -> str:
        """The cell of a column as SQL, NULL where it is missing."""
        c = f"c{field.position}"
        if self.own:
            return c
        if field.numeric:
            kind = "BIGINT" if field.kind == "whole" else "DOUBLE"
            numbers = [repr(float(token)) for token in self.tokens if _is_number(token)]
            taken = f" OR CAST({c} AS DOUBLE) IN ({', '.join(numbers)})" if numbers else ""
            return f"CASE WHEN isnan(CAST({c} AS DOUBLE)){taken} THEN NULL ELSE CAST({c} AS {kind}) END"
        spelled = {
            "yes/no": f"CASE {c} WHEN true THEN 'True' WHEN false THEN 'False' END",
            "instant": f"CAST(make_timestamp(epoch_us({c})) AS VARCHAR) || '+00:00'",
        }.get(field.kind, f"CAST({c} AS VARCHAR)")
        bare = f"trim({spelled}, {literal(BLANKS)})"
        absent = ", ".join(literal(token.strip()) for token in ("", *self.tokens))
        return f"CASE WHEN {bare} IN ({absent}) THEN NULL ELSE {bare} END"


BLANKS = "".join(chr(sign) for sign in range(0x3001) if chr(sign).isspace())


def stamp_of(path: str) -> tuple[int, int]:
    """Bytes of a file and when it was last written; (−1, −1) where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return -1, -1
    return found.st_size, found.st_mtime_ns


def literal(text: str) -> str:
    """Write text as a literal of SQL.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def opened(relation: Relation) -> Iterator:
    """Open a database for one relation.

    Yields
    ------
    callable
        Runs a query and returns its relation; ``$path`` and other names with a dollar sign in it stand for values.

    Raises
    ------
    UserError
        The file is damaged, or the memory does not suffice.
    """
    import duckdb

    if relation.stamp != (0, 0) and stamp_of(relation.path) != relation.stamp:
        raise UserError("The Parquet file has changed or gone since it was read.", "Choose it again.")
    path = _without_patterns(relation)
    config = {
        "threads": THREADS, "memory_limit": MEMORY, "temp_directory": relation.folder, "max_temp_directory_size": SPILL,
        "autoinstall_known_extensions": False, "autoload_known_extensions": False,
    }  # fmt: skip
    connection = duckdb.connect(":memory:", config=config)

    def run(sql: str, **values: object) -> duckdb.DuckDBPyRelation:
        given = {key: value for key, value in {"path": path, **values}.items() if f"${key}" in sql}
        return connection.sql(sql, params=given) if sql.startswith("SELECT") else connection.execute(sql, given)

    try:
        paths = ", ".join(literal(one) for one in sorted({path, os.path.realpath(path)}))
        run(f"SET allowed_paths = [{paths}]")
        run(f"SET allowed_directories = [{literal(relation.folder)}]")
        run("SET enable_progress_bar = false")
        run("SET enable_external_file_cache = false")
        run("SET enable_external_access = false")
        run("SET lock_configuration = true")
        yield run
    except duckdb.OutOfMemoryException as error:
        problem = f"The pass over all rows needs more than {MEMORY} of memory."
        raise UserError(
            problem, "Choose a target with fewer classes, or leave columns with long texts out of the file."
        ) from error
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
        raise  # a defect here, not of the file
    except duckdb.OutOfRangeException as error:
        raise OverflowError("numbers too large for a mean or a spread") from error
    except duckdb.Error as error:
        raise UserError("The Parquet file cannot be read.", "It may be cut off or damaged; choose it again.") from error
    finally:
        connection.close()


def _without_patterns(relation: Relation) -> str:
    """A path without marks that stand for several files."""
    if not set(relation.path) & set("*?[]{}") and "://" not in relation.path:
        return relation.path
    link = os.path.join(relation.folder, "source")
    if not os.path.lexists(link):
        os.symlink(os.path.realpath(relation.path), link)
    return link


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf")
    except ValueError:
        return False


def listed(expressions: Sequence[str]) -> str:
    """Join expressions of a query."""
    return ", ".join(expressions)
