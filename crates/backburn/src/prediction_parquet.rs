//! Predictions as Parquet and Arrow files.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, DataType};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

/// A row group is written when it takes this many bytes for each column, at least the first and at most the second
/// number in all, so that memory does not grow with the table.
const COLUMN_BYTES: usize = 32 << 10;
const GROUP_BYTES: [usize; 2] = [8 << 20, 64 << 20];
/// In a file of more columns, those of numbers have no dictionary: each would take hundreds of kilobytes of memory, and
/// probabilities hardly repeat.
const MAX_DICTIONARIES: usize = 32;

/// Writes record batches as a Parquet file. The first batch has the schema.
pub(crate) enum ParquetRows<W: Write + Send> {
    Waiting(W),
    Writing(Box<ArrowWriter<W>>),
    Failed,
}

impl<W: Write + Send> ParquetRows<W> {
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Waiting(out) => {
                let properties = Some(properties(batch));
                let writer = ArrowWriter::try_new(out, batch.schema(), properties);
                Self::Writing(Box::new(writer.map_err(parquet_error)?))
            }
            other => other,
        };
        let Self::Writing(writer) = self else {
            return Err(unfinished());
        };
        writer.write(batch).map_err(parquet_error)?;
        let [least, most] = GROUP_BYTES;
        let bytes = batch.num_columns().saturating_mul(COLUMN_BYTES);
        if writer.in_progress_size() > bytes.clamp(least, most) {
            writer.flush().map_err(parquet_error)?;
        }
        Ok(())
    }

    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Writing(writer) => writer.into_inner().map_err(parquet_error),
            Self::Waiting(out) => Ok(out),
            Self::Failed => Err(unfinished()),
        }
    }
}

/// How the columns of a batch are written.
fn properties(batch: &RecordBatch) -> WriterProperties {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string());
    let schema = batch.schema();
    let numbers = schema.fields().iter().filter(|field| {
        batch.num_columns() > MAX_DICTIONARIES && *field.data_type() == DataType::Float64
    });
    let numbers = numbers.map(|field| ColumnPath::new(vec![field.name().clone()]));
    numbers
        .fold(properties, |properties, column| {
            properties.set_column_dictionary_enabled(column, false)
        })
        .build()
}

/// Writes record batches as a file of Arrow IPC. The first batch has the schema.
pub(crate) enum ArrowRows<W: Write> {
    Waiting(W),
    Writing(Box<FileWriter<W>>),
    Failed,
}

impl<W: Write> ArrowRows<W> {
    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Waiting(out) => {
                let writer = FileWriter::try_new(out, batch.schema_ref()).map_err(arrow_error)?;
                Self::Writing(Box::new(writer))
            }
            other => other,
        };
        match self {
            Self::Writing(writer) => writer.write(batch).map_err(arrow_error),
            _ => Err(unfinished()),
        }
    }

    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Writing(writer) => writer.into_inner().map_err(arrow_error),
            Self::Waiting(out) => Ok(out),
            Self::Failed => Err(unfinished()),
        }
    }
}

fn unfinished() -> io::Error {
    io::Error::other("an earlier error ended the file")
}

/// The system's error with its kind, such as a full disk.
fn arrow_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        other => io::Error::other(other),
    }
}

/// The system's error with its kind, such as a full disk.
fn parquet_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use arrow_ipc::reader::FileReader;
    use backburn_preprocessing::Predictions;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

    use crate::predicted_rows::PredictedRows;
    use crate::prediction_format::PredictionFormat;
    use crate::prediction_writer::PredictionWriter;

    use super::*;

    fn predicted(rows: Vec<usize>, values: Vec<f64>) -> PredictedRows {
        PredictedRows {
            intervals: Some(
                values
                    .iter()
                    .map(|value| [value - 1.0, value + 1.0])
                    .collect(),
            ),
            rows,
            predictions: Predictions::Values(values),
            quantiles: None,
            inputs: None,
        }
    }

    /// A file of two batches.
    fn written(name: &str) -> Vec<u8> {
        let format = PredictionFormat::of_path(name.as_ref()).unwrap();
        let mut writer = PredictionWriter::new(Vec::new(), format, true);
        writer
            .write(&predicted(vec![0, 2], vec![0.1, 1e-9]))
            .unwrap();
        writer.write(&predicted(vec![3], vec![-7.0])).unwrap();
        writer.finish().unwrap()
    }

    fn check(batches: Vec<RecordBatch>) {
        let schema = batches[0].schema();
        let all = numbers_of(&schema, &batches);
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names, ["row", "prediction", "lower", "upper"]);
        assert_eq!(all, [1.0, 3.0, 4.0, 0.1, 1e-9, -7.0]);
    }

    /// The row numbers and the predictions of all batches.
    fn numbers_of(schema: &arrow_schema::Schema, batches: &[RecordBatch]) -> Vec<f64> {
        use arrow_array::cast::AsArray;
        use arrow_array::types::{Float64Type, Int64Type};
        assert_eq!(schema.field(0).data_type(), &arrow_schema::DataType::Int64);
        let rows = batches.iter().flat_map(|batch| {
            let rows = batch
                .column(0)
                .as_primitive::<Int64Type>()
                .values()
                .to_vec();
            rows.into_iter().map(|row| row as f64)
        });
        let values = batches.iter().flat_map(|batch| {
            batch
                .column(1)
                .as_primitive::<Float64Type>()
                .values()
                .to_vec()
        });
        rows.chain(values).collect()
    }

    #[test]
    fn parquet_has_typed_columns() {
        let bytes = written("p.parquet");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let reader = ParquetRecordBatchReader::try_new(file, 1024).unwrap();
        check(reader.map(Result::unwrap).collect());
    }

    #[test]
    fn arrow_has_typed_columns() {
        for name in ["p.arrow", "p.feather"] {
            let reader = FileReader::try_new(Cursor::new(written(name)), None).unwrap();
            check(reader.map(Result::unwrap).collect());
        }
    }

    #[test]
    fn text_formats_have_the_same_columns() {
        let expected = "row,prediction,lower,upper\n1,0.1,-0.9,1.1\n3,1e-9,-0.999999999,1.000000001\n4,-7,-8,-6\n";
        assert_eq!(String::from_utf8(written("p.csv")).unwrap(), expected);
        let tabs = expected.replace(',', "\t");
        assert_eq!(String::from_utf8(written("p.tsv")).unwrap(), tabs);
        let mut text = String::new();
        let bytes = written("p.csv.gz");
        let mut gzip = flate2::read::GzDecoder::new(bytes.as_slice());
        std::io::Read::read_to_string(&mut gzip, &mut text).unwrap();
        assert_eq!(text, expected);
        let json = String::from_utf8(written("p.jsonl")).unwrap();
        let first = json.lines().next().unwrap();
        assert_eq!(
            first,
            r#"{"row":1,"prediction":0.1,"lower":-0.9,"upper":1.1}"#
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error_with_the_reason() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for name in ["p.csv", "p.csv.gz", "p.jsonl", "p.parquet", "p.arrow"] {
            let format = PredictionFormat::of_path(name.as_ref()).unwrap();
            let mut writer = PredictionWriter::new(Full, format, true);
            let written = writer.write(&predicted(vec![0], vec![0.1]));
            let error = written
                .and_then(|()| writer.finish().map(drop))
                .unwrap_err();
            // The end of a Parquet file gives the reason as text alone.
            assert!(
                error.to_string().contains("no storage space"),
                "{name}: {error}"
            );
        }
    }
}
