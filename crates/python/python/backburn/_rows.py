"""What `fit` gets beside the features: weights, groups, times, and validation rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.utils import check_consistent_length

from ._weights import checked_weights

#: The parameter of `fit` that is the column of a role.
PARAMETERS = {"weight": "sample_weight", "group": "groups", "time": "time"}


def row_columns(
    rows: int,
    estimator: object,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    time: Any = None,
) -> dict[str, pa.Array]:
    """The columns of these roles, which are those of the library: ``weight``, ``group`` and ``time``."""
    columns: dict[str, pa.Array] = {}
    if sample_weight is not None:
        columns["weight"] = pa.array(checked_weights(sample_weight, rows, estimator))
    if groups is not None:
        columns["group"] = _column("groups", groups, rows)
    if time is not None:
        columns["time"] = _column("time", time, rows)
        if columns["time"].null_count:
            row = columns["time"].is_null().index(True).as_py()
            raise ValueError(f"time: row {row} has no time")
    return columns


def with_validation_rows(role: str, column: pa.Array, rows: int) -> pa.Array:
    """The column of a role with further rows: they have the weight 1, and are in no group."""
    further = pa.array(np.ones(rows)) if role == "weight" else pa.nulls(rows, column.type)
    return pa.concat_arrays([column, further])


def validation_pair(eval_set: Any) -> tuple[Any, Any]:
    """The X and the y of the parameter `eval_set`: a tuple, or a list with one tuple."""
    if isinstance(eval_set, list) and len(eval_set) == 1:
        eval_set = eval_set[0]
    if not isinstance(eval_set, tuple) or len(eval_set) != 2:
        raise ValueError("eval_set: expected a tuple (X, y)")
    return eval_set


def _column(name: str, values: Any, rows: int) -> pa.Array:
    """One value for each row."""
    values = np.asarray(values)
    if values.ndim != 1:
        raise ValueError(f"{name}: expected a 1D array, got an array of shape {values.shape}")
    check_consistent_length(np.empty(rows), values)
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise ValueError(f"{name}: {error}: convert the values to one type, such as str or float") from error
