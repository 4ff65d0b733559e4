//! The format of a file of predictions.

use std::path::Path;

use crate::error::Error;
use crate::output_file::is_descriptor;
use crate::text::path_name;

/// The format of a file of predictions or embeddings, which its suffix names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PredictionFormat {
    /// How rows are written.
    pub(crate) layout: Layout,
    /// Whether the file is compressed by gzip.
    pub(crate) gzip: bool,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Layout {
    /// Fields with commas between them.
    #[default]
    Csv,
    /// Fields with tabs between them.
    Tsv,
    /// A JSON object in each line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
    /// The file format of Arrow IPC, which is also Feather of version 2.
    Arrow,
}

/// The suffixes, for messages.
const SUFFIXES: &str =
    ".csv, .tsv, .jsonl, .ndjson (each also with .gz), .parquet, .arrow or .feather";

/// Those of the formats that have lists of numbers.
const LIST_SUFFIXES: &str =
    ".parquet, .arrow, .feather, .jsonl or .ndjson (the last two also with .gz)";

/// Why a binary format is refused.
const NOT_COMPILED_IN: &str = "the program was built without the feature `parquet`";

impl PredictionFormat {
    /// CSV with a header.
    pub const CSV: Self = Self {
        layout: Layout::Csv,
        gzip: false,
    };
    /// A JSON object in each line.
    pub const JSON_LINES: Self = Self {
        layout: Layout::JsonLines,
        gzip: false,
    };

    /// The format that the suffix of a path names. `-`, a pipe and a device get CSV if they have no suffix
    /// that names another format.
    ///
    /// # Errors
    ///
    /// The path is that of a file, and its suffix names no format, or one that was not compiled in.
    pub fn of_path(path: &Path) -> Result<Self, Error> {
        let reason = match Self::of_name(path) {
            Some(format) if format.is_compiled_in() => return Ok(format),
            Some(_) => NOT_COMPILED_IN,
            None if path == Path::new("-") || is_no_file(path) => return Ok(Self::default()),
            None => no_format(path),
        };
        Err(refused(path, reason, "predictions", SUFFIXES))
    }

    /// The format of a file of embeddings that the suffix of a path names: one that has lists of numbers.
    ///
    /// # Errors
    ///
    /// The suffix names no such format, or one that was not compiled in.
    pub fn of_embeddings(path: &Path) -> Result<Self, Error> {
        let reason = match Self::of_name(path) {
            Some(format) if !format.is_compiled_in() => NOT_COMPILED_IN,
            Some(format) if format.is_typed() => return Ok(format),
            Some(_) => "the format has no lists of numbers",
            None => no_format(path),
        };
        Err(refused(path, reason, "embeddings", LIST_SUFFIXES))
    }

    fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_lowercase();
        let (plain, gzip) = match name.strip_suffix(".gz") {
            Some(plain) => (plain, true),
            None => (name.as_str(), false),
        };
        let layout = match plain.rsplit_once('.')?.1 {
            "csv" => Layout::Csv,
            "tsv" => Layout::Tsv,
            "jsonl" | "ndjson" => Layout::JsonLines,
            "parquet" if !gzip => Layout::Parquet,
            "arrow" | "feather" if !gzip => Layout::Arrow,
            _ => return None,
        };
        Some(Self { layout, gzip })
    }

    fn is_compiled_in(self) -> bool {
        cfg!(feature = "parquet") || !self.is_binary()
    }

    fn is_binary(self) -> bool {
        matches!(self.layout, Layout::Parquet | Layout::Arrow)
    }

    /// Whether columns have types: all formats except those of separated fields.
    pub(crate) fn is_typed(self) -> bool {
        !matches!(self.layout, Layout::Csv | Layout::Tsv)
    }
}

fn no_format(path: &Path) -> &'static str {
    match path.extension() {
        Some(_) => "no format has this suffix",
        None => "a suffix has to name the format",
    }
}

/// The error of a path; `what` is in the file, and `suffixes` are those that it may have.
fn refused(path: &Path, reason: &str, what: &str, suffixes: &str) -> Error {
    let path = path_name(path);
    Error::Config(format!(
        "{path}: {reason}: a file of {what} has one of the suffixes {suffixes}"
    ))
}

/// Whether a path is a pipe, a device or an open descriptor.
fn is_no_file(path: &Path) -> bool {
    let about = std::fs::metadata(path);
    is_descriptor(path) || about.is_ok_and(|about| !about.is_file() && !about.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(layout: Layout, gzip: bool) -> PredictionFormat {
        PredictionFormat { layout, gzip }
    }

    #[test]
    fn the_suffix_names_the_format() {
        for (path, expected) in [
            ("p.csv", format(Layout::Csv, false)),
            ("P.CSV", format(Layout::Csv, false)),
            ("a.b/p.csv.gz", format(Layout::Csv, true)),
            ("p.tsv", format(Layout::Tsv, false)),
            ("p.jsonl", format(Layout::JsonLines, false)),
            ("p.2024.ndjson", format(Layout::JsonLines, false)),
            ("-", format(Layout::Csv, false)),
            ("/dev/stdout", format(Layout::Csv, false)),
            ("/dev/fd/63", format(Layout::Csv, false)),
        ] {
            assert_eq!(
                PredictionFormat::of_path(Path::new(path)).unwrap(),
                expected
            );
        }
    }

    #[test]
    fn embeddings_need_a_format_with_lists() {
        let of = |path: &str| PredictionFormat::of_embeddings(Path::new(path));
        assert_eq!(of("e.jsonl.gz").unwrap(), format(Layout::JsonLines, true));
        #[cfg(feature = "parquet")]
        assert_eq!(of("e.parquet").unwrap(), format(Layout::Parquet, false));
        for (path, reason) in [
            ("e.csv", "the format has no lists of numbers"),
            ("e.tsv.gz", "the format has no lists of numbers"),
            ("e.npy", "no format has this suffix"),
            ("e", "a suffix has to name the format"),
            ("-", "a suffix has to name the format"),
        ] {
            let error = of(path).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
            assert!(error.contains(".parquet, .arrow"), "{error}");
        }
    }

    #[test]
    #[cfg(feature = "parquet")]
    fn binary_formats_have_suffixes_too() {
        for (path, layout) in [
            ("p.parquet", Layout::Parquet),
            ("p.arrow", Layout::Arrow),
            ("p.feather", Layout::Arrow),
        ] {
            let found = PredictionFormat::of_path(Path::new(path)).unwrap();
            assert_eq!(found, format(layout, false));
        }
    }

    #[test]
    fn other_suffixes_are_refused_with_the_list() {
        for path in [
            "p",
            "p.xlsx",
            "p.json",
            "p.gz",
            "p.parquet.gz",
            "csv",
            ".",
            "p.csv/q",
        ] {
            let error = PredictionFormat::of_path(Path::new(path)).unwrap_err();
            assert!(matches!(error, Error::Config(_)), "{path}");
            assert!(error.to_string().contains(".csv, .tsv"), "{path}: {error}");
        }
    }
}
