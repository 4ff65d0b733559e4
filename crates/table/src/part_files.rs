//! The files of a table that is a folder or a pattern of names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::beside_table::Beside;
use crate::error::TableError;
use crate::escaped::{escaped, path_name};
use crate::folder_kind::folder_kind;
use crate::partition::{Partitions, of_folder, of_path};

/// A file, and the columns that the names of its folders give it: `year=2024`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartFile {
    pub path: PathBuf,
    pub partitions: Partitions,
}

/// The files of a table, and notes on other files beside them.
#[derive(Debug, Default)]
pub(crate) struct PartFiles {
    pub files: Vec<PartFile>,
    pub notes: Vec<String>,
}

/// Folders in folders, at most.
const MAX_DEPTH: usize = 32;

/// The files that a path stands for, in the order of their names: those of a folder, or those that fit a
/// pattern such as `sales/*.csv`. `None` if the path is a file.
///
/// The folders of a file that is named itself give it only the columns of `known_columns`, which a model
/// needs: it is one part of the table that the model was trained on.
///
/// # Errors
///
/// There are no such files, or a folder cannot be read.
pub(crate) fn part_files(
    path: &Path,
    known_columns: &[String],
) -> Result<Option<PartFiles>, TableError> {
    let name = path_name(path);
    let above = |folder: &Path| {
        let mut above = of_path(folder);
        above.retain(|(name, _)| known_columns.contains(name));
        above
    };
    let mut found = Found::default();
    if path.is_dir() {
        found.add_folder(path, &above(path), 0)?;
        return found.finish(&name, "the folder has no files to read a table from");
    }
    let pattern = path.to_string_lossy();
    let is_pattern = pattern.contains(['*', '?', '[']);
    if !is_pattern || path.exists() {
        let partitions = path.parent().map(above).unwrap_or_default();
        let file = PartFile {
            path: path.to_path_buf(),
            partitions,
        };
        return Ok((!file.partitions.is_empty()).then(|| PartFiles {
            files: vec![file],
            notes: Vec::new(),
        }));
    }
    let paths = glob::glob(&pattern)
        .map_err(|error| TableError::malformed(&name, format!("the pattern is wrong: {error}")))?;
    let is_hidden = |path: &Path| match path.file_name() {
        Some(name) => Beside::of(&name.to_string_lossy()) == Some(Beside::System),
        None => false,
    };
    let wants_hidden = is_hidden(path);
    for path in paths {
        let path = path.map_err(|error| TableError::io(&name, error.into()))?;
        if !wants_hidden && is_hidden(&path) {
            continue;
        }
        match path.is_dir() {
            true => found.add_folder(&path, &of_path(&path), 0)?,
            false => {
                let partitions = path.parent().map(of_path).unwrap_or_default();
                found.add_file(path, &partitions);
            }
        }
    }
    found.finish(&name, no_match(&pattern))
}

/// The message for a pattern that no file fits.
fn no_match(pattern: &str) -> &'static str {
    match pattern.contains('{') {
        true => {
            "no file has a name like this; `{a,b}` is no part of a pattern, only *, ? and [ab] are"
        }
        false => "no file has a name like this",
    }
}

/// The files that a table is read from: the path itself, or those of a folder or a pattern.
///
/// # Errors
///
/// There are no such files, or a folder cannot be read.
pub fn table_files(path: &Path) -> Result<Vec<PathBuf>, TableError> {
    Ok(match part_files(path, &[])? {
        Some(found) => found.files.into_iter().map(|file| file.path).collect(),
        None => vec![path.to_path_buf()],
    })
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    files: Vec<PartFile>,
    /// Files without a byte, which some programs write where a part has no rows.
    empty: usize,
    /// Names of files that are no tables.
    beside: Vec<String>,
    /// The folders that are being looked into, without links.
    inside: Vec<PathBuf>,
}

impl Found {
    fn finish(self, name: &str, none: &str) -> Result<Option<PartFiles>, TableError> {
        if self.files.is_empty() {
            let reason = match self.empty {
                0 => none,
                _ => "all files are empty",
            };
            return Err(TableError::malformed(name, reason));
        }
        let mut notes = Vec::new();
        match self.empty {
            0 => {}
            1 => notes.push("1 empty file is left out".to_string()),
            count => notes.push(format!("{count} empty files are left out")),
        }
        if !self.beside.is_empty() {
            const SHOWN: usize = 3;
            let names = self.beside.iter().take(SHOWN);
            let names: Vec<String> = names.map(|name| format!("`{}`", escaped(name))).collect();
            let more = if self.beside.len() > SHOWN {
                ", ..."
            } else {
                ""
            };
            notes.push(format!(
                "files that are no part of the table are left out: {}{more}",
                names.join(", ")
            ));
        }
        notes.extend(copies(&self.files));
        Ok(Some(PartFiles {
            files: self.files,
            notes,
        }))
    }

    fn add_file(&mut self, path: PathBuf, partitions: &Partitions) {
        let is_empty = |about: fs::Metadata| about.is_file() && about.len() == 0;
        match fs::metadata(&path).is_ok_and(is_empty) {
            true => self.empty += 1,
            false => self.files.push(PartFile {
                path,
                partitions: partitions.clone(),
            }),
        }
    }

    fn add_folder(
        &mut self,
        folder: &Path,
        partitions: &Partitions,
        depth: usize,
    ) -> Result<(), TableError> {
        let name = path_name(folder);
        let io_error = |error| TableError::io(&name, error);
        let refuse = |reason: &str| Err(TableError::malformed(&name, reason));
        let real = fs::canonicalize(folder).map_err(io_error)?;
        if self.inside.contains(&real) {
            return refuse("this is a link to a folder that it is in: remove the link");
        }
        if depth > MAX_DEPTH {
            return refuse("there are too many folders in folders");
        }
        let entries = fs::read_dir(folder).map_err(io_error)?;
        let paths = entries.map(|entry| Ok(entry?.path()));
        let mut paths = paths
            .collect::<Result<Vec<PathBuf>, std::io::Error>>()
            .map_err(io_error)?;
        paths.sort();
        let names = paths.iter();
        let names = names.filter_map(|path| path.file_name()?.to_str());
        if let Some((what, to_do)) = folder_kind(names) {
            return Err(TableError::not_read(&name, what, to_do));
        }
        self.inside.push(real);
        for path in paths {
            self.add(path, partitions, depth)?;
        }
        self.inside.pop();
        Ok(())
    }

    fn add(
        &mut self,
        path: PathBuf,
        partitions: &Partitions,
        depth: usize,
    ) -> Result<(), TableError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_folder = path.is_dir();
        match Beside::of(&name) {
            Some(Beside::System) => return Ok(()),
            Some(Beside::Written) if !is_folder => {
                self.beside.push(name.into_owned());
                return Ok(());
            }
            _ => {}
        }
        if is_folder {
            let own = of_folder(&name);
            let partitions: Partitions = partitions.iter().cloned().chain(own).collect();
            return self.add_folder(&path, &partitions, depth + 1);
        }
        // A link to nowhere is an error when it is opened.
        if path.is_file() || !path.exists() {
            self.add_file(path, partitions);
        }
        Ok(())
    }
}

/// A note on a file that lies there compressed as well: its rows are read twice.
fn copies(files: &[PartFile]) -> Option<String> {
    let packed = files.iter().find(|file| {
        let suffix = file.path.extension().and_then(|suffix| suffix.to_str());
        let is_packed = suffix.is_some_and(|suffix| {
            ["gz", "zst", "xz", "bz2", "zip"].contains(&suffix.to_lowercase().as_str())
        });
        let plain = file.path.with_extension("");
        is_packed && files.iter().any(|other| other.path == plain)
    })?;
    Some(format!(
        "{} and its compressed copy {} are both read: remove one of them if they hold the same rows",
        path_name(&packed.path.with_extension("")),
        path_name(&packed.path)
    ))
}
