//! The file of a report.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use backburn::OutputFile;
use backburn_report::Report;

use crate::error::Error;
use crate::ui::console::Console;
use crate::ui::words;

/// A file for a report. It is checked before the work starts.
pub struct ReportFile(PathBuf);

impl ReportFile {
    /// Checks that a report can be written at the path, that the path holds no other file, and that no
    /// other output (`others`) has the same path.
    pub fn create(path: &Path, others: &[&Path]) -> Result<Self, Error> {
        if path == Path::new("-") {
            let reason = "--report -: a report is written to a file, not to standard output";
            return Err(Error::Usage(reason.to_string()));
        }
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.into());
        if others.iter().any(|other| absolute(other) == absolute(path)) {
            let path = path.display();
            let reason = format!("--report {path}: the model or its history has the same path");
            return Err(Error::Usage(reason));
        }
        refuse_other_files(path)?;
        match OutputFile::create(path) {
            Ok(_) => Ok(Self(path.to_path_buf())),
            Err(error) => Err(Error::Failed(format!("{}: {error}", path.display()))),
        }
    }

    /// Writes the report, completely or not at all.
    pub fn write(&self, report: &Report, console: Console) -> Result<(), Error> {
        let path = &self.0;
        refuse_other_files(path)?;
        let written = OutputFile::create(path).and_then(|mut file| {
            file.write_all(report.to_html().as_bytes())?;
            file.commit()
        });
        match written {
            Ok(()) => {
                console.detail("report", words::path(path));
                Ok(())
            }
            Err(error) => Err(Error::Failed(format!(
                "{}: the report cannot be written: {error}",
                path.display()
            ))),
        }
    }
}

fn refuse_other_files(path: &Path) -> Result<(), Error> {
    match path.is_file() && !is_report(path) {
        false => Ok(()),
        true => Err(Error::Failed(format!(
            "{}: this file is not a Backburn report, so it is not overwritten: choose another path",
            path.display()
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
