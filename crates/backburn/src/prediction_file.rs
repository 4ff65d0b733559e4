//! A file of predictions or embeddings.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::embedding_writer::EmbeddingWriter;
use crate::error::Error;
use crate::output_file::OutputFile;
use crate::predicted_rows::PredictedRows;
use crate::prediction_format::PredictionFormat;
use crate::prediction_writer::PredictionWriter;
use crate::text::path_name;

/// A file of predictions or embeddings in the format that its suffix names. It is written completely or not at all: until
/// [`commit`](Self::commit), an existing file is unchanged.
#[derive(Debug)]
pub struct PredictionFile {
    path: PathBuf,
    format: PredictionFormat,
    file: OutputFile,
}

impl PredictionFile {
    /// Starts a file of predictions.
    ///
    /// # Errors
    ///
    /// The suffix names no format, or the file cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let format = PredictionFormat::of_path(&path)?;
        Self::create_as(path, format)
    }

    /// Starts a file in a format.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn create_as(path: impl Into<PathBuf>, format: PredictionFormat) -> Result<Self, Error> {
        let path = path.into();
        let file = OutputFile::create(&path).map_err(|error| failed(&path, &error))?;
        file.remove_leftovers();
        Ok(Self { path, format, file })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The temporary file; see [`OutputFile::temporary`].
    pub fn temporary(&self) -> Option<PathBuf> {
        self.file.temporary()
    }

    /// A writer of the file. `row_numbers` says whether the number of each row comes first.
    pub fn writer(&mut self, row_numbers: bool) -> PredictionWriter<BufWriter<&mut OutputFile>> {
        PredictionWriter::new(BufWriter::new(&mut self.file), self.format, row_numbers)
    }

    /// A writer of embeddings to the file. `row_numbers` says whether the number of each row comes first.
    pub fn embedding_writer(
        &mut self,
        row_numbers: bool,
    ) -> EmbeddingWriter<BufWriter<&mut OutputFile>> {
        EmbeddingWriter::new(BufWriter::new(&mut self.file), self.format, row_numbers)
    }

    /// Moves the complete file to its path.
    ///
    /// # Errors
    ///
    /// See [`OutputFile::commit`].
    pub fn commit(self) -> Result<(), Error> {
        let path = self.path;
        self.file.commit().map_err(|error| failed(&path, &error))
    }

    /// Writes all predictions of the file, with row numbers, and moves it to its path.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(mut self, predicted: &PredictedRows) -> Result<(), Error> {
        let mut writer = self.writer(true);
        let written = predicted.parts().try_for_each(|part| writer.write(&part));
        let written = written.and_then(|()| writer.finish().map(drop));
        written.map_err(|error| failed(&self.path, &error))?;
        self.commit()
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("{}: {error}", path_name(path)))
}

#[cfg(test)]
mod tests {
    use backburn_preprocessing::Predictions;

    use super::*;

    #[test]
    fn an_existing_file_is_replaced_only_by_a_complete_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        std::fs::write(&path, "old").unwrap();
        drop(PredictionFile::create(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let predicted = PredictedRows {
            rows: vec![4],
            predictions: Predictions::Values(vec![0.5]),
            intervals: None,
            quantiles: None,
            inputs: None,
        };
        PredictionFile::create(&path)
            .unwrap()
            .write(&predicted)
            .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"row,prediction\n5,0.5\n");
        assert!(PredictionFile::create(folder.path().join("p.doc")).is_err());
        assert!(PredictionFile::create(folder.path().join("no/p.csv")).is_err());
    }
}
