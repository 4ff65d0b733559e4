//! The size of a table.

use arrow_schema::{DataType, Field, Schema};

/// The size of a table in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableSize {
    /// Number of rows.
    pub rows: u64,
    /// Bytes in memory.
    pub bytes: u64,
    /// Bytes that reading takes besides, for the part of the table that is being read.
    pub at_once: u64,
}

impl TableSize {
    /// The size of this many rows whose text columns hold empty text.
    #[cfg_attr(
        not(any(
            feature = "arrow",
            feature = "excel",
            feature = "json",
            feature = "parquet"
        )),
        expect(dead_code)
    )]
    pub(crate) fn without_text(schema: &Schema, rows: u64) -> Self {
        let bits = |field: &Field| match field.data_type() {
            DataType::Float64 | DataType::Timestamp(..) => 64,
            DataType::Int64 | DataType::UInt64 | DataType::LargeUtf8 => 64,
            DataType::Decimal128(..) => 128,
            DataType::Utf8 => 32,
            DataType::Boolean => 1,
            _ => 0,
        };
        let bits: u64 = schema.fields().iter().map(|field| bits(field)).sum();
        let bytes = rows.saturating_mul(bits) / 8;
        Self {
            rows,
            bytes,
            at_once: 0,
        }
    }

    /// The size of two tables together, which are read one after the other.
    pub(crate) fn followed_by(self, next: Self) -> Self {
        Self {
            rows: self.rows.saturating_add(next.rows),
            bytes: self.bytes.saturating_add(next.bytes),
            at_once: self.at_once.max(next.at_once),
        }
    }
}
