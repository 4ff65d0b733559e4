//! The file of a model.

use std::path::{Path, PathBuf};

use backburn::text::shown;
use backburn::{ModelFile, SavedModel};

use crate::error::Error;

/// The file for a model: that of `--out`, or the default.
pub fn model_file(asked: Option<&Path>, default: &Path) -> Result<ModelFile, Error> {
    if asked == Some(Path::new("-")) {
        let reason = "--out -: a model is saved to a file, not to standard output";
        return Err(Error::Usage(reason.to_string()));
    }
    Ok(ModelFile::create(asked.unwrap_or(default))?)
}

/// Checks that a default file does not hold a model of another target.
pub fn check_replaced(file: &ModelFile, default: &Path, target: &str) -> Result<(), Error> {
    match file.replaces() {
        Some(other) if other != target => Err(Error::Failed(format!(
            "{} has a model for `{}`: choose another file with --out",
            default.display(),
            shown(other)
        ))),
        _ => Ok(()),
    }
}

/// Writes a model to its file. If that fails, writes it to the folder for temporary files, so that it is
/// not lost.
pub fn save(file: ModelFile, model: &SavedModel) -> Result<PathBuf, Error> {
    if model.summary.best_epoch == 0 && file.replaces().is_some() {
        return Err(Error::Failed(
            "interrupted before the first epoch ended: no model was saved, and the old file is unchanged".to_string(),
        ));
    }
    let error = match file.write(model) {
        Ok(path) => return Ok(path),
        Err(error) => error,
    };
    let name = format!("backburn-{}.safetensors", std::process::id());
    let fallback = ModelFile::create(std::env::temp_dir().join(name));
    Err(match fallback.and_then(|file| file.write(model)) {
        Ok(path) => Error::Failed(format!("{error}; the model is at {}", path.display())),
        Err(_) => error.into(),
    })
}

/// The default file of a table's model: the table's name in this folder.
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
