//! Exported models as files.

use std::io::Write;
use std::path::{Path, PathBuf};

use backburn::{ModelFile, OutputFile, SavedModel};

use crate::error::ExportError;
use crate::export_onnx::{OnnxOptions, export_onnx};
use crate::pytorch::export_pytorch;

/// The format of an exported model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportFormat {
    /// One ONNX graph from the columns of a table to predictions.
    #[default]
    Onnx,
    /// A PyTorch module, and a safetensors file with its tensors.
    PyTorch,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Onnx, Self::PyTorch];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Onnx => "onnx",
            Self::PyTorch => "pytorch",
        }
    }

    /// What it is.
    pub fn about(self) -> &'static str {
        match self {
            Self::Onnx => {
                "One graph from the columns of a table to predictions, for ONNX Runtime and others"
            }
            Self::PyTorch => "A torch.nn.Module (FILE.py) and its tensors (FILE.safetensors)",
        }
    }

    /// The files that are written for a path: for PyTorch, it gets the suffixes `.safetensors` and `.py`.
    pub fn paths(self, out: &Path) -> Vec<PathBuf> {
        match self {
            Self::Onnx => vec![out.to_path_buf()],
            Self::PyTorch => ["safetensors", "py"]
                .map(|suffix| with_suffix(out, suffix))
                .to_vec(),
        }
    }
}

/// Exports a model to the files of [`ExportFormat::paths`], each written completely or not at all, and returns their
/// paths.
///
/// # Errors
///
/// The same as for [`export_onnx`] and [`export_pytorch`]; or a file cannot be written, or is a Backburn model.
pub fn export_files(
    model: &SavedModel,
    out: &Path,
    format: ExportFormat,
    options: &OnnxOptions,
) -> Result<Vec<PathBuf>, ExportError> {
    let contents = match format {
        ExportFormat::Onnx => vec![export_onnx(model, options)?],
        ExportFormat::PyTorch => {
            let files = export_pytorch(model)?;
            vec![files.tensors, files.module.as_bytes().to_vec()]
        }
    };
    let files: Vec<(PathBuf, Vec<u8>)> = format.paths(out).into_iter().zip(contents).collect();
    for (path, _) in &files {
        let replaced = ModelFile::create(path);
        if replaced.is_ok_and(|file| file.replaces().is_some()) {
            return Err(ExportError::ModelInTheWay { path: path.clone() });
        }
    }
    // No file gets its name before all are complete, so that a full disk leaves no new file beside an old one.
    let complete = files.into_iter().map(|(path, bytes)| {
        let written = OutputFile::create(&path).and_then(|mut file| {
            file.write_all(&bytes)?;
            Ok(file)
        });
        match written {
            Ok(file) => Ok((path, file)),
            Err(error) => Err(ExportError::Io { path, error }),
        }
    });
    let complete: Vec<(PathBuf, OutputFile)> = complete.collect::<Result<_, _>>()?;
    let named = complete
        .into_iter()
        .map(|(path, file)| match file.commit() {
            Ok(()) => Ok(path),
            Err(error) => Err(ExportError::Io { path, error }),
        });
    named.collect()
}

/// The path with another suffix, if it has one of those of the two files.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let known = path
        .extension()
        .is_some_and(|e| e == "py" || e == "safetensors");
    match known {
        true => path.with_extension(suffix),
        false => {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(suffix);
            PathBuf::from(name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_files_of_pytorch_have_one_name() {
        for (path, expected) in [
            ("a/houses", "a/houses.py"),
            ("houses.py", "houses.py"),
            ("houses.safetensors", "houses.py"),
            ("houses.v2", "houses.v2.py"),
        ] {
            assert_eq!(with_suffix(Path::new(path), "py"), Path::new(expected));
        }
    }
}
