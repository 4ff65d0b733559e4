//! Embeddings for a table of any length, batch by batch.

use arrow_array::RecordBatch;
use backburn_preprocessing::ColumnCounts;
use backburn_table::{CellError, Skipped, TableReader, UnreadValues};

use crate::data_shift::DataShift;
use crate::embedder::Embedder;
use crate::embeddings::{EmbeddedRows, Embeddings};
use crate::error::Error;
use crate::row_stream::{BadRow, Part, RowStream};
use crate::rows_report::RowsReport;

/// Computes the embeddings of the rows of a [`TableReader`] batch by batch, so that memory does not grow with the
/// table.
///
/// ```no_run
/// use backburn::{EmbeddingStream, Predictor, ReadOptions, TableReader};
///
/// let predictor = Predictor::load("houses.safetensors")?;
/// let embedder = predictor.embedder()?;
/// let reader = TableReader::open("houses.csv", &ReadOptions::default())?;
/// for batch in EmbeddingStream::new(&embedder, reader)? {
///     let batch = batch?;
///     for (row, vector) in batch.rows.iter().zip(batch.embeddings.vectors()) {
///         println!("{row}: {vector:?}");
///     }
/// }
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// By default, the first row that has no embedding is an error. See [`skip_bad_rows`](Self::skip_bad_rows).
/// After an error, the stream ends.
pub struct EmbeddingStream<'a> {
    embedder: &'a Embedder<'a>,
    rows: RowStream<'a>,
    shift: DataShift,
}

impl<'a> EmbeddingStream<'a> {
    /// A stream of the embeddings of all rows of the reader.
    ///
    /// # Errors
    ///
    /// The table lacks a column that the model needs.
    pub fn new(embedder: &'a Embedder<'a>, reader: TableReader) -> Result<Self, Error> {
        let encoder = &embedder.predictor().model().encoder;
        Ok(Self {
            rows: RowStream::new(reader, encoder, embedder.rows_at_once())?,
            embedder,
            shift: DataShift::default(),
        })
    }

    /// Skips the rows that have no embedding; see
    /// [`PredictionStream::skip_bad_rows`](crate::PredictionStream::skip_bad_rows).
    pub fn skip_bad_rows(self, on_skipped: impl FnMut(&TableReader, &Skipped) + 'a) -> Self {
        Self {
            rows: self.rows.skip_bad_rows(on_skipped),
            ..self
        }
    }

    /// What is known of the rows so far; complete after the last batch. `renamed` are the columns of
    /// [`EmbeddingWriter::renamed`](crate::EmbeddingWriter::renamed).
    pub fn report(&self, renamed: &[(String, String)]) -> RowsReport {
        let model = self.embedder.predictor().model();
        let unlike_training = self.shift.findings(&model.encoder, &model.target);
        RowsReport::of_stream(&self.rows, unlike_training, renamed)
    }

    /// Checks, after the last batch, that at least one row has an embedding.
    ///
    /// # Errors
    ///
    /// The table has no rows, or all of them were skipped.
    pub fn check_not_empty(&self) -> Result<(), Error> {
        let reason = "none of its rows has an embedding";
        self.rows.check_not_empty(reason)
    }

    /// Counts what is unlike training in rows, and returns their embeddings.
    fn counted(&mut self, part: Part<Embedded>) -> EmbeddedRows {
        let (embeddings, counts, unread) = part.result;
        self.shift.add_rows(part.rows.len(), &counts);
        self.shift.add_unread(&unread);
        EmbeddedRows {
            rows: part.rows,
            embeddings,
            inputs: part.inputs,
        }
    }
}

impl Iterator for EmbeddingStream<'_> {
    type Item = Result<EmbeddedRows, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let embedder = self.embedder;
        let compute = |rows: &RecordBatch| embed(embedder, rows);
        let part = self.rows.next_part(compute)?;
        Some(part.map(|part| self.counted(part)))
    }
}

/// Embeddings, counts of what is in each column, and values that cannot be read.
type Embedded = (Embeddings, Vec<ColumnCounts>, UnreadValues);

/// Computes the embeddings of rows. An error has the index of the bad row.
fn embed(embedder: &Embedder, rows: &RecordBatch) -> Result<Embedded, (usize, BadRow)> {
    let model = embedder.predictor().model();
    let bad = |error: CellError| (error.row, BadRow::Cell(error));
    let read = model.format.apply(rows).map_err(bad)?;
    let encoded = model.encoder.encode_batch(&read).map_err(bad)?;
    let mut unread = UnreadValues::default();
    unread.add(&model.format, rows, &read);
    let embeddings = embedder.embed_encoded(&encoded.numbers);
    match embeddings.first_not_finite() {
        Some(row) => Err((row, BadRow::NotFinite("embedding"))),
        None => Ok((embeddings, encoded.counts, unread)),
    }
}
