"""Tables of pandas, polars, pyarrow and NumPy as tables of Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


def is_table(X: object) -> bool:
    """Whether an object is a table with columns, and not an array."""
    if isinstance(X, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)) or _is_pandas(X):
        return True
    # A series or an array is one column: it has a type. Of a data frame, that may be the name of a column.
    is_column = hasattr(type(X), "dtype") or hasattr(type(X), "type")
    return not is_column and (hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__"))


def table_to_arrow(X: Any) -> pa.Table:
    """A table as one of Arrow, without an index of pandas. Nothing is copied where the types allow."""
    if not _is_pandas(X):
        return pa.table(X) if not isinstance(X, pa.RecordBatchReader) else X.read_all()
    try:
        table = pa.Table.from_pandas(X, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        reason = ": ".join(str(part) for part in reversed(error.args))
        raise ValueError(f"{reason}: convert the column to one type, such as str or float") from error
    return table.replace_schema_metadata(None)


def array_to_arrow(X: np.ndarray, names: list[str]) -> pa.Table:
    """A numeric array of shape (rows, columns) as a table of Arrow."""
    if X.dtype.kind == "f" and X.dtype.itemsize > 8:
        X = X.astype(np.float64)
    # In this order, a column is one piece of memory, which Arrow shares.
    X = np.asfortranarray(X)
    return pa.table([pa.array(X[:, index]) for index in range(X.shape[1])], names=names)


def category_columns(table: pa.Table) -> dict[str, str]:
    """The kinds of the columns whose type says that they have categories, whatever these look like."""
    fields = (field for field in table.schema if pa.types.is_dictionary(field.type))
    return {field.name: "categorical" for field in fields}


def appended(table: pa.Table, further: pa.Table) -> pa.Table:
    """A table with the rows of another one below, which has the same columns."""
    try:
        return pa.concat_tables([_decoded(table), _decoded(further)], promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"eval_set: a column of its X has another type than in X: {error}") from error


def _decoded(table: pa.Table) -> pa.Table:
    """The table with the values of categorical columns in place of their codes."""
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(index, field.name, _values(table.column(index)))
    return table


def _values(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a categorical column. Views of text cannot be selected by codes in every version of Arrow."""
    kind = column.type.value_type
    if kind == pa.string_view():
        kind = pa.large_string()
    values = [chunk.dictionary.cast(kind).take(chunk.indices) for chunk in column.chunks]
    return pa.chunked_array(values, kind)


def unused_name(wanted: str, names: list[str]) -> str:
    """The name for a column that a table with these columns gets."""
    while wanted in names:
        wanted += "_"
    return wanted


def _is_pandas(X: object) -> bool:
    kind = type(X)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame"
