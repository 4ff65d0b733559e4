//! Predictions as Parquet and Arrow files.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

/// A row group is written when it takes this many bytes of memory, so that memory does not grow with the
/// table.
const GROUP_BYTES: usize = 64 << 20;

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
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_created_by(concat!("backburn ", env!("CARGO_PKG_VERSION")).to_string())
                    .build();
                let writer = ArrowWriter::try_new(out, batch.schema(), Some(properties));
                Self::Writing(Box::new(writer.map_err(parquet_error)?))
            }
            other => other,
        };
        let Self::Writing(writer) = self else {
            return Err(unfinished());
        };
        writer.write(batch).map_err(parquet_error)?;
        if writer.in_progress_size() > GROUP_BYTES {
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
