//! Reading a table one record batch after the other.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::notes::LayoutInfo;
use crate::skip_bad_rows::SkippedRows;
use crate::source::Source;
use crate::table_size::TableSize;

/// A file that is open for reading, in any format.
pub(crate) struct Batches {
    pub source: Source,
    pub schema: SchemaRef,
    /// The batches; an error is only the reason, without the place.
    pub batches: Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>,
    pub skipped: SkippedRows,
    /// What is known of the size before anything is read.
    pub at_least: TableSize,
    pub layout: LayoutInfo,
}

impl Batches {
    /// A file that is not text. A row that cannot be read is an error.
    pub fn typed(
        name: &str,
        schema: SchemaRef,
        at_least: TableSize,
        batches: impl Iterator<Item = Result<RecordBatch, String>> + Send + 'static,
    ) -> Self {
        Self {
            source: Source::typed(name),
            schema,
            batches: Box::new(batches),
            skipped: SkippedRows::default(),
            at_least,
            layout: LayoutInfo::default(),
        }
    }
}

const BATCH_ROWS: usize = 8192;

/// Rows in a batch. Wide tables have fewer, so that a batch stays a few megabytes.
pub(crate) fn batch_rows(columns: usize) -> usize {
    (BATCH_ROWS * 32 / columns.max(1)).clamp(64, BATCH_ROWS)
}
