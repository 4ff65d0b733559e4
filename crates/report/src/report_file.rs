//! The file of a report.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use backburn::text::path_name;
use backburn::{Error, OutputFile};

use crate::report::Report;

/// A file for a report. It is checked before the work starts, and written when the work is done.
#[derive(Debug, Clone)]
pub struct ReportFile(PathBuf);

impl ReportFile {
    /// Checks that a report can be written at the path, and that the path holds no other file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for `-`; [`Error::Failed`] for a path that holds another file or cannot be written.
    pub fn create(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            let reason = "-: a report is written to a file, not to standard output";
            return Err(Error::Config(reason.to_string()));
        }
        refuse_other_files(path)?;
        match OutputFile::check(path) {
            Ok(()) => Ok(Self(path.to_path_buf())),
            Err(error) => Err(Error::Failed(format!("{}: {error}", path_name(path)))),
        }
    }

    /// The same for the path of an option, which errors name.
    ///
    /// # Errors
    ///
    /// Those of [`create`](Self::create).
    pub fn of_option(option: &str, path: &Path) -> Result<Self, Error> {
        Self::create(path).map_err(|error| error.of_option(option))
    }

    /// The same for `--report`, if it is given.
    ///
    /// # Errors
    ///
    /// Those of [`create`](Self::create).
    pub fn of_report(path: Option<&Path>) -> Result<Option<Self>, Error> {
        path.map(|path| Self::of_option("--report", path))
            .transpose()
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the report, completely or not at all.
    ///
    /// # Errors
    ///
    /// The path holds another file by now, or the file cannot be written.
    pub fn write(&self, report: &Report) -> Result<(), Error> {
        let path = &self.0;
        refuse_other_files(path)?;
        let written = OutputFile::create(path).and_then(|mut file| {
            file.write_all(report.to_html().as_bytes())?;
            file.commit()
        });
        match written {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::Failed(format!(
                "{}: the report cannot be written: {error}",
                path_name(path)
            ))),
        }
    }
}

fn refuse_other_files(path: &Path) -> Result<(), Error> {
    match path.is_file() && !is_report(path) {
        false => Ok(()),
        true => Err(Error::Failed(format!(
            "{}: this file is not a Backburn report, so it is not overwritten: choose another path",
            path_name(path)
        ))),
    }
}

/// Whether a file begins like a report.
fn is_report(path: &Path) -> bool {
    let start = || -> io::Result<Vec<u8>> {
        let mut start = Vec::new();
        File::open(path)?.take(300).read_to_end(&mut start)?;
        Ok(start)
    };
    let Ok(start) = start() else {
        return false;
    };
    let start = String::from_utf8_lossy(&start);
    start.is_empty() || start.contains("name=\"generator\" content=\"backburn ")
}
