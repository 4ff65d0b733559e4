//! Where a model goes.

use std::path::{Path, PathBuf};

use backburn_report::quoted;
use backburn_tabular::{ModelFile, SavedModel};

use crate::console::shown;
use crate::error::Error;

/// The place for a model: as asked for, or else the default one, unless that holds a model of
/// something else.
pub fn place(asked: Option<&Path>, default: &Path, target: &str) -> Result<ModelFile, Error> {
    if asked == Some(Path::new("-")) {
        let reason = "--out -: a model is saved to a file, not to standard output";
        return Err(Error::Usage(reason.to_string()));
    }
    let file = ModelFile::create(asked.unwrap_or(default))?;
    match file.replaces() {
        Some(other) if asked.is_none() && other != target => Err(Error::Failed(format!(
            "{} holds a model of `{}`: say with --out where to save this one",
            default.display(),
            shown(other)
        ))),
        _ => Ok(file),
    }
}

/// Writes a model to its place or, rather than lose it, to the folder for temporary files.
pub fn save(file: ModelFile, model: &SavedModel) -> Result<PathBuf, Error> {
    if model.summary.best_epoch == 0 && file.replaces().is_some() {
        return Err(Error::Failed(
            "interrupted before an epoch was finished: the old model stays".to_string(),
        ));
    }
    let error = match file.write(model) {
        Ok(path) => return Ok(path),
        Err(error) => error,
    };
    let name = format!("backburn-{}.safetensors", std::process::id());
    let refuge = ModelFile::create(std::env::temp_dir().join(name));
    Err(match refuge.and_then(|file| file.write(model)) {
        Ok(path) => Error::Failed(format!("{error}; the model is at {}", path.display())),
        Err(_) => error.into(),
    })
}

/// The model of a table is called like it, and stands in this folder.
pub fn default_out(table: &Path) -> PathBuf {
    let name = table
        .file_name()
        .map_or("model".into(), |name| name.to_string_lossy());
    let mut stem = name.strip_suffix(".gz").unwrap_or(&name);
    for extension in [".csv", ".tsv", ".txt", ".parquet"] {
        stem = stem.strip_suffix(extension).unwrap_or(stem);
    }
    match stem {
        "-" | "" => PathBuf::from("model.safetensors"),
        stem => PathBuf::from(format!("{stem}.safetensors")),
    }
}

/// A path as an argument to copy.
pub fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    // What begins with a dash would be taken for an option.
    match text.starts_with('-') {
        true => quoted(&format!("./{text}")),
        false => quoted(&text),
    }
}
