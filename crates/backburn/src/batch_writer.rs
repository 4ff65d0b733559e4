//! Record batches as a file in any format of predictions.

use std::io::{self, Write};

use arrow_array::RecordBatch;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::prediction_csv::CsvRows;
use crate::prediction_format::{Layout, PredictionFormat};
use crate::prediction_json::JsonLines;
#[cfg(feature = "parquet")]
use crate::prediction_parquet::{ArrowRows, ParquetRows};

/// Writes record batches of one schema in a [`PredictionFormat`].
pub(crate) struct BatchWriter<W: Write + Send>(Rows<Output<W>>);

#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Rows<W: Write + Send> {
    Csv(CsvRows<W>),
    Json(JsonLines<W>),
    #[cfg(feature = "parquet")]
    Parquet(ParquetRows<W>),
    #[cfg(feature = "parquet")]
    Arrow(ArrowRows<W>),
}

impl<W: Write + Send> BatchWriter<W> {
    pub fn new(out: W, format: PredictionFormat) -> Self {
        let out = match format.gzip {
            true => Output::Gzip(GzEncoder::new(out, Compression::default())),
            false => Output::Plain(out),
        };
        Self(match format.layout {
            Layout::Tsv => Rows::Csv(CsvRows::new(out, b'\t')),
            Layout::JsonLines => Rows::Json(JsonLines::new(out)),
            #[cfg(feature = "parquet")]
            Layout::Parquet => Rows::Parquet(ParquetRows::Waiting(out)),
            #[cfg(feature = "parquet")]
            Layout::Arrow => Rows::Arrow(ArrowRows::Waiting(out)),
            _ => Rows::Csv(CsvRows::new(out, b',')),
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        match &mut self.0 {
            Rows::Csv(out) => out.write(batch),
            Rows::Json(out) => out.write(batch),
            #[cfg(feature = "parquet")]
            Rows::Parquet(out) => out.write(batch),
            #[cfg(feature = "parquet")]
            Rows::Arrow(out) => out.write(batch),
        }
    }

    /// Writes what is buffered and the end of the file, and gives the output back.
    pub fn finish(self) -> io::Result<W> {
        let out = match self.0 {
            Rows::Csv(out) => out.finish()?,
            Rows::Json(out) => out.finish(),
            #[cfg(feature = "parquet")]
            Rows::Parquet(out) => out.finish()?,
            #[cfg(feature = "parquet")]
            Rows::Arrow(out) => out.finish()?,
        };
        let mut out = match out {
            Output::Plain(out) => out,
            Output::Gzip(out) => out.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}

/// The output, perhaps compressed.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Output<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}
