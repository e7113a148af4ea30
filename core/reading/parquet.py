"""Tables in Parquet files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from core.errors import UserError
from core.reading.limits import check_bytes, check_shape
from core.reading.pages import measured

STEP = 2**26
MOST_ROWS = 4096
BATCH = 10_000
DAMAGE = (
    pa.ArrowInvalid,
    pa.ArrowNotImplementedError,
    pa.ArrowKeyError,
    pa.ArrowTypeError,
    OSError,
    IndexError,
    ValueError,
    MemoryError,
)
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
        file = parquet.ParquetFile(pa.BufferReader(data))
        prefixed = _check(file.metadata, data)
        words = [
            leaf.path for leaf in map(file.metadata.schema.column, range(file.metadata.num_columns)) if _is_word(leaf)
        ]
        file = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=[] if prefixed else words)
        table = (
            _in_steps(file, max(1, min(MOST_ROWS, STEP // prefixed)))
            if prefixed
            else file.read(use_pandas_metadata=False)
        )
        table.validate(full=True)
    except DAMAGE as error:
        raise UserError("The Parquet file cannot be read.", DAMAGED) from error
    columns = [_joined(column) for column in table.columns]
    check_bytes(sum(_expanded(column) for column in columns))
    return list(table.column_names), [plain(column) for column in columns]


def _check(metadata: parquet.FileMetaData, data: bytes) -> int:
    """Refuse what the end of the file says, and what its pages say; tell how large pages are whose text grows."""
    check_shape(metadata.num_rows, metadata.num_columns)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    check_bytes(sum(group.total_byte_size for group in groups))
    if not metadata.num_columns:
        return 0
    chunks = [group.column(j) for group in groups for j in range(metadata.num_columns)]
    pages = measured(data, metadata)
    check_bytes(pages.n_bytes)
    values = max(sum(chunk.num_values for chunk in chunks), pages.n_values)
    check_shape(values // metadata.num_columns, metadata.num_columns)
    schema = metadata.schema
    fixed = [schema.column(j).length for j in range(metadata.num_columns)]
    check_bytes(sum(chunk.num_values * fixed[place % metadata.num_columns] for place, chunk in enumerate(chunks)))
    if pages.prefixed and any(chunk.path_in_schema.count(".") for chunk in chunks):
        raise UserError(
            "The Parquet file packs lists of texts in a rare way.", "Write it again with pandas or pyarrow."
        )
    return pages.prefixed


def _in_steps(file: parquet.ParquetFile, n_rows: int) -> pa.Table:
    """Read a few rows at a time: once to count them, and again to keep them if they stay within the limit."""
    size = 0
    for batch in file.iter_batches(batch_size=n_rows, use_pandas_metadata=False):
        size += batch.nbytes
        check_bytes(size)
    return file.read(use_pandas_metadata=False)


def _is_word(leaf: parquet.ColumnSchema) -> bool:
    """Bytes of any length; each different one is kept once."""
    return leaf.physical_type == "BYTE_ARRAY" and leaf.logical_type.type != "DECIMAL"


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _joined(column: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    joined = column.combine_chunks()
    return joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)


def _expanded(column: pa.Array) -> int:
    """Bytes of a column whose words stand in a dictionary, also within lists, once every place has its own."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        if not (_is_text(kind.value_type) or pa.types.is_binary(kind.value_type)):
            return column.nbytes
        lengths = pc.binary_length(column.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
        counts = np.bincount(column.indices.drop_null().to_numpy(), minlength=len(lengths))
        return int(lengths.astype("int64") @ counts)
    if pa.types.is_struct(kind):
        return sum(_expanded(column.field(j)) for j in range(kind.num_fields))
    if pa.types.is_map(kind):
        return _expanded(column.keys) + _expanded(column.items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _expanded(column.values)
    return column.nbytes


def plain(column: pa.Array) -> pa.Array | pd.Series:
    """Turn a typed column into a pandas.Series of numbers, or into text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        if _is_text(kind.value_type):
            return column
        if pa.types.is_binary(kind.value_type):
            return pa.DictionaryArray.from_arrays(column.indices, _texts(column.dictionary))
        return plain(column.dictionary_decode())
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    if pa.types.is_integer(kind) and not (pa.types.is_uint64(kind) and (pc.max(column).as_py() or 0) > 2**63 - 1):
        return _whole(column.cast(pa.int64()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pd.Series(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).copy())
    if _is_text(kind):
        return column.cast(pa.string())
    return pa.concat_arrays([_texts(column.slice(at, BATCH)) for at in range(0, max(1, len(column)), BATCH)])


def _texts(column: pa.Array) -> pa.Array:
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
