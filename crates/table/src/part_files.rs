//! The files of a table that is a folder or a pattern of names.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::TableError;
use crate::escaped::path_name;

/// A file, and the columns that the names of its folders give it: `year=2024`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartFile {
    pub path: PathBuf,
    /// Names and values; `None` is a missing value.
    pub partitions: Vec<(String, Option<String>)>,
}

/// Folders in folders, at most.
const MAX_DEPTH: usize = 32;
/// What Hive writes for a missing value.
const MISSING: &str = "__HIVE_DEFAULT_PARTITION__";

/// The files that a path stands for, in the order of their names: those of a folder, or those that fit a
/// pattern such as `sales/*.csv`. `None` if the path is a file.
///
/// # Errors
///
/// There are no such files, or a folder cannot be read.
pub(crate) fn part_files(path: &Path) -> Result<Option<Vec<PartFile>>, TableError> {
    let name = path_name(path);
    let mut files = Vec::new();
    if path.is_dir() {
        add_folder(path, &[], 0, &mut files)?;
        if files.is_empty() {
            let reason = "the folder has no files to read a table from";
            return Err(TableError::malformed(&name, reason));
        }
        return Ok(Some(files));
    }
    let pattern = path.to_string_lossy();
    let is_pattern = pattern.contains(['*', '?', '[']);
    if !is_pattern || path.exists() {
        return Ok(None);
    }
    let paths = glob::glob(&pattern)
        .map_err(|error| TableError::malformed(&name, format!("the pattern is wrong: {error}")))?;
    let wants_hidden = path.file_name().is_some_and(is_hidden);
    for found in paths {
        let found = found.map_err(|error| TableError::io(&name, error.into()))?;
        if !wants_hidden && found.file_name().is_some_and(is_hidden) {
            continue;
        }
        match found.is_dir() {
            true => add_folder(&found, &partitions(&found), 0, &mut files)?,
            false => files.push(PartFile {
                partitions: found.parent().map(partitions).unwrap_or_default(),
                path: found,
            }),
        }
    }
    match files.is_empty() {
        true => Err(TableError::malformed(&name, "no file has a name like this")),
        false => Ok(Some(files)),
    }
}

/// The columns that the names of folders give.
fn partitions(folder: &Path) -> Vec<(String, Option<String>)> {
    let names = folder.components();
    let names = names.filter_map(|name| partition(name.as_os_str().to_str()?));
    names.collect()
}

fn partition(folder: &str) -> Option<(String, Option<String>)> {
    let (name, value) = folder.split_once('=')?;
    let value = decoded(value);
    (!name.is_empty()).then(|| (decoded(name), (value != MISSING).then_some(value)))
}

/// A name in which some characters are written as `%20`.
fn decoded(name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_string())
}

/// Whether a file is no part of the table beside it. Spark and others write files such as `_SUCCESS`.
fn is_hidden(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || (name.starts_with('_') && !name.contains('='))
}

/// The files that a table is read from: the path itself, or those of a folder or a pattern.
///
/// # Errors
///
/// There are no such files, or a folder cannot be read.
pub fn table_files(path: &Path) -> Result<Vec<PathBuf>, TableError> {
    Ok(match part_files(path)? {
        Some(files) => files.into_iter().map(|file| file.path).collect(),
        None => vec![path.to_path_buf()],
    })
}

fn add_folder(
    folder: &Path,
    partitions: &[(String, Option<String>)],
    depth: usize,
    files: &mut Vec<PartFile>,
) -> Result<(), TableError> {
    let name = path_name(folder);
    let io_error = |error| TableError::io(&name, error);
    if depth > MAX_DEPTH {
        return Err(TableError::malformed(
            &name,
            "there are too many folders in folders",
        ));
    }
    let entries = fs::read_dir(folder).map_err(io_error)?;
    let paths = entries.map(|entry| Ok(entry?.path()));
    let mut paths = paths
        .collect::<Result<Vec<PathBuf>, std::io::Error>>()
        .map_err(io_error)?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        if is_hidden(name) {
            continue;
        }
        if path.is_dir() {
            let own = name.to_str().and_then(partition);
            let partitions: Vec<_> = partitions.iter().cloned().chain(own).collect();
            add_folder(&path, &partitions, depth + 1, files)?;
        } else if path.is_file() || !path.exists() {
            // A link to nowhere is an error when it is opened.
            files.push(PartFile {
                path,
                partitions: partitions.to_vec(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_decoded() {
        let value = |value: &str| Some(("a b".to_string(), Some(value.to_string())));
        assert_eq!(partition("a%20b=x%3Dy"), value("x=y"));
        assert_eq!(partition("a b=100%"), value("100%"));
        assert_eq!(
            partition("a=__HIVE_DEFAULT_PARTITION__"),
            Some(("a".to_string(), None))
        );
        assert_eq!(partition("plain"), None);
        assert_eq!(partition("=x"), None);
    }
}
