"""A table to train on that other processes can get."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pyarrow as pa

from ._backburn import Dataset


@dataclass(frozen=True)
class SharedTable:
    """The arguments of :class:`Dataset`, with the table as an Arrow stream: its bytes, or the path of its file."""

    stream: pa.Buffer | str
    target: str
    options: dict[str, Any]
    #: Tells this table from every other one.
    key: str = field(default_factory=lambda: uuid4().hex)

    def dataset(self) -> Dataset:
        """The dataset. A file is mapped into memory, so that the processes of a machine share its rows."""
        source = pa.memory_map(self.stream) if isinstance(self.stream, str) else self.stream
        with pa.ipc.open_stream(source) as reader:
            return Dataset(reader.read_all(), self.target, **self.options)


def write_stream(table: pa.Table, sink: Any) -> None:
    """Writes a table as an Arrow stream, with the pieces of its columns as they are."""
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def stream_of(table: pa.Table) -> pa.Buffer:
    """The bytes of a table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    write_stream(table, sink)
    return sink.getvalue()
