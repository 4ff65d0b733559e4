//! Embeddings in any format that has lists of numbers.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema};

use crate::batch_writer::BatchWriter;
use crate::embeddings::{EmbeddedRows, Embeddings};
use crate::kept_columns::KeptColumns;
use crate::prediction_format::PredictionFormat;

/// The columns of a file of embeddings.
const ROW: &str = "row";
const EMBEDDING: &str = "embedding";

/// Writes embeddings batch by batch in a [`PredictionFormat`] that has lists of numbers.
///
/// The columns are `row` (the number of the row, counted from 1, if it is asked for), then
/// [kept columns](Self::keeping) of the input, and `embedding`. In Parquet and Arrow, this is a list of a fixed size
/// of 32-bit floats; in JSON lines, it is a list of numbers.
///
/// ```no_run
/// use std::path::Path;
///
/// use backburn::{
///     EmbeddingStream, EmbeddingWriter, OutputFile, PredictionFormat, Predictor, ReadOptions, TableReader,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let predictor = Predictor::load("houses.safetensors")?;
/// let embedder = predictor.embedder()?;
/// let reader = TableReader::open("houses.csv", &ReadOptions::default())?;
/// let path = Path::new("embeddings.parquet");
/// let format = PredictionFormat::of_embeddings(path)?;
/// let mut writer = EmbeddingWriter::new(OutputFile::create(path)?, format, false);
/// for embedded in EmbeddingStream::new(&embedder, reader)? {
///     writer.write(&embedded?)?;
/// }
/// writer.finish()?.commit()?;
/// # Ok(())
/// # }
/// ```
pub struct EmbeddingWriter<W: Write + Send> {
    out: BatchWriter<W>,
    row_numbers: bool,
    kept: KeptColumns,
}

impl<W: Write + Send> EmbeddingWriter<W> {
    /// A writer. `row_numbers` says whether the number of each row comes first.
    pub fn new(out: W, format: PredictionFormat, row_numbers: bool) -> Self {
        Self {
            out: BatchWriter::new(out, format),
            row_numbers,
            kept: KeptColumns::default(),
        }
    }

    /// Also writes columns of the input, before the embeddings.
    pub fn keeping(self, kept: KeptColumns) -> Self {
        Self { kept, ..self }
    }

    /// Writes the embeddings of some rows. All calls must have embeddings of as many dimensions, and inputs of the same
    /// columns.
    ///
    /// # Errors
    ///
    /// The output cannot be written, or its format has no lists of numbers.
    pub fn write(&mut self, embedded: &EmbeddedRows) -> io::Result<()> {
        let batch = self.batch(embedded).map_err(io::Error::other)?;
        self.out.write(&batch)
    }

    /// The kept columns that are renamed, because the output has a column of that name itself: the old name and the
    /// new one.
    pub fn renamed(&self) -> Vec<(String, String)> {
        self.kept.renamed(&self.own_names())
    }

    /// Writes what is buffered and the end of the file, and gives the output back.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.out.finish()
    }

    fn own_names(&self) -> HashSet<String> {
        let row = self.row_numbers.then_some(ROW);
        let names = row.into_iter().chain([EMBEDDING]);
        names.map(str::to_string).collect()
    }

    fn batch(&self, embedded: &EmbeddedRows) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<(FieldRef, ArrayRef)> = Vec::new();
        if self.row_numbers {
            let rows = embedded.rows.iter().map(|&row| row as i64 + 1);
            let rows: Int64Array = rows.collect();
            columns.push((field(ROW, DataType::Int64), Arc::new(rows)));
        }
        let mut taken = self.own_names();
        columns.extend(self.kept.of_batch(&embedded.inputs, true, &mut taken));
        let vectors = vectors(&embedded.embeddings)?;
        columns.push((field(EMBEDDING, vectors.data_type().clone()), vectors));
        let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = columns.into_iter().unzip();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }
}

fn field(name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(name, data_type, true))
}

/// Embeddings as an array of lists, one for each row.
fn vectors(embeddings: &Embeddings) -> Result<ArrayRef, ArrowError> {
    let size = i32::try_from(embeddings.dimensions());
    let size = size.map_err(|error| ArrowError::InvalidArgumentError(error.to_string()))?;
    let numbers = Float32Array::from(embeddings.numbers().to_vec());
    let item = field("item", DataType::Float32);
    let lists = FixedSizeListArray::try_new(item, size, Arc::new(numbers), None)?;
    Ok(Arc::new(lists))
}

#[cfg(test)]
mod tests {
    use arrow_array::StringArray;
    use backburn_preprocessing::Encoder;
    use backburn_table::TableFormat;

    use super::*;

    #[test]
    fn kept_columns_and_embeddings_are_lines_of_json() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(StringArray::from(vec!["a", "b"]))),
            ("embedding", Arc::new(StringArray::from(vec!["x", "y"]))),
        ];
        let inputs = RecordBatch::try_from_iter(columns).unwrap();
        let encoder: Encoder = serde_json::from_str(r#"{"columns": []}"#).unwrap();
        let kept = KeptColumns::all(&inputs.schema(), &encoder, &TableFormat::default());
        let embedded = EmbeddedRows {
            rows: vec![0, 4],
            embeddings: Embeddings::new(2, vec![0.5, -1.0, 0.1, 2.0]),
            inputs,
        };
        let format = PredictionFormat::JSON_LINES;
        let mut writer = EmbeddingWriter::new(Vec::new(), format, true).keeping(kept);
        writer.write(&embedded).unwrap();
        let pair = ("embedding".to_string(), "embedding.1".to_string());
        assert_eq!(writer.renamed(), [pair]);
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        let expected = r#"{"row":1,"id":"a","embedding.1":"x","embedding":[0.5,-1.0]}
{"row":5,"id":"b","embedding.1":"y","embedding":[0.1,2.0]}
"#;
        assert_eq!(text, expected);
    }
}
