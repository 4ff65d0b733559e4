//! The default file of a table's model.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The default file of a table's model: the table's name in this folder. An input without a name of its own,
/// such as standard input or a pipe, gives `model.safetensors`.
///
/// ```
/// use std::path::Path;
///
/// let path = |table: &str| backburn::model_path(Path::new(table));
/// assert_eq!(path("data/houses.csv.gz"), Path::new("houses.safetensors"));
/// assert_eq!(path("/dev/fd/63"), Path::new("model.safetensors"));
/// ```
pub fn model_path(table: &Path) -> PathBuf {
    let name = match has_name(table) {
        true => table.components().rev().find_map(plain_name),
        false => None,
    };
    let name = name.as_deref().unwrap_or_default();
    match without_endings(name) {
        "" => PathBuf::from("model.safetensors"),
        stem => PathBuf::from(format!("{stem}.safetensors")),
    }
}

/// Whether the name of a file says what is in it: not that of standard input, a device or a pipe.
fn has_name(table: &Path) -> bool {
    let of_system = table.starts_with("/dev") || table.starts_with("/proc");
    let is_pipe = || fs::metadata(table).is_ok_and(|file| !file.is_file() && !file.is_dir());
    table != Path::new("-") && !of_system && !is_pipe()
}

/// A part of a path that is a name, and not a pattern of names.
fn plain_name(part: Component) -> Option<String> {
    match part {
        Component::Normal(name) => {
            Some(name.to_string_lossy().into_owned()).filter(|name| !name.contains(['*', '?']))
        }
        _ => None,
    }
}

/// A name without the endings of compressed files and tables.
fn without_endings(name: &str) -> &str {
    let without = |name, endings: &[&str]| {
        let mut endings = endings.iter();
        let stem = endings.find_map(|ending| str::strip_suffix(name, ending));
        stem.unwrap_or(name)
    };
    let name = without(name, &[".gz", ".zst", ".xz", ".bz2", ".zip"]);
    without(
        name,
        &[
            ".csv", ".tsv", ".tab", ".txt", ".parquet", ".arrow", ".feather", ".ipc", ".jsonl",
            ".ndjson", ".json", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_after_its_table() {
        for (table, model) in [
            ("houses.csv", "houses"),
            ("../a/houses.tsv", "houses"),
            ("houses.parquet", "houses"),
            ("houses.csv.zst", "houses"),
            ("houses.xlsx", "houses"),
            ("my.data", "my.data"),
            ("sales/", "sales"),
            ("sales/*.parquet", "sales"),
            ("*.csv", "model"),
            (".csv", "model"),
            ("-", "model"),
            ("/dev/stdin", "model"),
            ("/dev/fd/63", "model"),
            ("/proc/self/fd/11", "model"),
            ("/proc/123/fd/pipe:[456]", "model"),
        ] {
            let model = format!("{model}.safetensors");
            assert_eq!(model_path(Path::new(table)), Path::new(&model), "{table}");
        }
    }
}
