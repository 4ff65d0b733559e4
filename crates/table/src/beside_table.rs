//! Files that lie beside a table and are no part of it.

/// What a file beside a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// A file of a program or of the system, which no note names.
    System,
    /// A file that someone wrote, such as a README.
    Written,
}

/// The ends of names of files that programs write.
const OF_PROGRAMS: [&str; 7] = [
    ".crc",
    "~",
    ".tmp",
    ".swp",
    ".crdownload",
    ".lock",
    ".history.jsonl",
];
/// Names of files that programs write, in lower case.
const NAMES: [&str; 4] = [
    "thumbs.db",
    "desktop.ini",
    "dataset_info.json",
    "state.json",
];
/// Names of files that people write, without their suffix and in lower case.
const WRITTEN: [&str; 8] = [
    "readme",
    "license",
    "licence",
    "copying",
    "changelog",
    "notice",
    "citation",
    "authors",
];
/// Suffixes of files that people write, and of models that were trained on the table.
const SUFFIXES: [&str; 13] = [
    "md",
    "rst",
    "pdf",
    "docx",
    "png",
    "jpg",
    "jpeg",
    "py",
    "ipynb",
    "r",
    "sh",
    "yml",
    "safetensors",
];

impl Beside {
    /// What a file is by its name; `None` if it may be a table.
    pub fn of(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        // Spark and others write files such as `_SUCCESS`; a partition may be called `_day=1`.
        let hidden = lower.starts_with('.') || (lower.starts_with('_') && !lower.contains('='));
        let of_program = OF_PROGRAMS.iter().any(|end| lower.ends_with(end));
        if hidden || of_program || lower.starts_with("~$") || NAMES.contains(&lower.as_str()) {
            return Some(Self::System);
        }
        let (stem, suffix) = lower.split_once('.').unwrap_or((&lower, ""));
        let last = lower.rsplit('.').next().unwrap_or_default();
        let is_text = matches!(suffix, "" | "txt" | "md" | "rst" | "cff");
        let written = (WRITTEN.contains(&stem) && is_text)
            || (lower.contains('.') && SUFFIXES.contains(&last));
        written.then_some(Self::Written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_a_table_are_known_by_their_names() {
        for name in [
            "_SUCCESS",
            ".part-0.csv.crc",
            "1.csv.crc",
            "1.csv~",
            "~$sales.xlsx",
            "Thumbs.db",
        ] {
            assert_eq!(Beside::of(name), Some(Beside::System), "{name}");
        }
        for name in ["README.md", "README", "LICENSE", "license.txt", "load.py"] {
            assert_eq!(Beside::of(name), Some(Beside::Written), "{name}");
        }
        for name in [
            "1.csv",
            "part-00000",
            "_day=1",
            "readme.csv",
            "data.txt",
            "r",
            "sales.parquet",
        ] {
            assert_eq!(Beside::of(name), None, "{name}");
        }
    }
}
