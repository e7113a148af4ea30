"""Tables in Parquet files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from core.errors import UserError
from core.reading.limits import check_bytes, check_shape

DAMAGED = "It may be cut off or damaged; choose it again."


def read_parquet(data: bytes) -> tuple[list[str], list[pa.Array | pd.Series]]:
    """Read a Parquet file; its own types hold.

    Returns
    -------
    names : list of str
    columns : list
        Numbers as pandas.Series, everything else as text (pyarrow.Array of string, or dictionary of string).

    Raises
    ------
    UserError
        The file is damaged or too large.
    """
    try:
        _check(parquet.ParquetFile(pa.BufferReader(data)).metadata)
        schema = parquet.read_schema(pa.BufferReader(data))
        words = [field.name for field in schema if _is_text(field.type)]
        table = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=words).read(use_pandas_metadata=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowKeyError, pa.ArrowTypeError, OSError) as error:
        raise UserError("The Parquet file cannot be read.", DAMAGED) from error
    columns = [_joined(column) for column in table.columns]
    check_bytes(sum(_expanded(column) for column in columns))
    return list(table.column_names), [plain(column) for column in columns]


def _check(metadata: parquet.FileMetaData) -> None:
    check_shape(metadata.num_rows, metadata.num_columns)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    check_bytes(sum(group.total_byte_size for group in groups))
    if metadata.num_columns:
        values = sum(group.column(j).num_values for group in groups for j in range(metadata.num_columns))
        check_shape(values // metadata.num_columns, metadata.num_columns)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    joined = column.combine_chunks()
    return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)


def _expanded(column: pa.Array) -> int:
    """Bytes of a text column whose words stand in a dictionary, once every row has its own."""
    if not isinstance(column, pa.DictionaryArray) or not _is_text(column.type.value_type):
        return column.nbytes
    lengths = pc.binary_length(column.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
    counts = np.bincount(column.indices.drop_null().to_numpy(), minlength=len(lengths))
    return int(lengths.astype("int64") @ counts)


def plain(column: pa.Array) -> pa.Array | pd.Series:
    """Turn a typed column into a pandas.Series of numbers, or into text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return column if _is_text(kind.value_type) else plain(column.dictionary_decode())
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    if pa.types.is_integer(kind) and not (pa.types.is_uint64(kind) and (pc.max(column).as_py() or 0) > 2**63 - 1):
        return _whole(column.cast(pa.int64()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pd.Series(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).copy())
    if _is_text(kind):
        return column.cast(pa.string())
    return pa.array([_spelled(cell) for cell in column.to_pylist()], pa.string())


def _whole(column: pa.Array) -> pd.Series:
    if not column.null_count:
        return pd.Series(column.to_numpy().copy())
    gaps = column.is_null().to_numpy(zero_copy_only=False)
    return pd.Series(pd.arrays.IntegerArray(column.fill_null(0).to_numpy().copy(), gaps.copy()))


def _spelled(cell: object) -> str | None:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "backslashreplace")
    return None if cell is None else str(cell)
