//! The files of a page, in memory.

use std::collections::BTreeMap;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use crate::compressed_file::CompressedFile;
use crate::error::PageError;

/// The files of the page that was built before this crate was compiled, with their sizes and compressed with gzip; none
/// without it.
static BUILT_IN: &[(&str, usize, &[u8])] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// What the folder of a page has at most: files, bytes, and folders inside each other.
const MAX_FILES: usize = 1000;
const MAX_BYTES: usize = 64 << 20;
const MAX_DEPTH: usize = 8;

/// The files of a page. They are all in memory, compressed: a request selects one of them by its name, and reads no
/// file.
#[derive(Debug, Clone)]
pub struct Site {
    /// By their names in the folder of the page, such as `js/app.js`.
    files: BTreeMap<String, CompressedFile>,
}

impl Site {
    /// The page that was built into the program.
    ///
    /// # Errors
    ///
    /// [`PageError::NotBuiltIn`]: the page was not there when the program was compiled.
    pub fn built_in() -> Result<Self, PageError> {
        let files = BUILT_IN
            .iter()
            .map(|&(name, size, gzip)| (name.to_string(), CompressedFile::built_in(size, gzip)));
        let site = Self {
            files: files.collect(),
        };
        match site.files.is_empty() {
            true => Err(PageError::NotBuiltIn),
            false => Ok(site),
        }
    }

    /// The page in a folder: its files of the types that a page consists of. Links, hidden files, and names with other
    /// characters than letters, digits, `.`, `-` and `_` are left out.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read, that has no `index.html`, or that has more than 1,000 such files or 64 MB.
    pub fn read(folder: &Path) -> Result<Self, PageError> {
        let mut names = Vec::new();
        find(folder, "", MAX_DEPTH, &mut names)?;
        let mut files = BTreeMap::new();
        let mut bytes = 0;
        for name in names {
            let path = folder.join(&name);
            let read = CompressedFile::read(&path);
            let file = read.map_err(|error| PageError::Unreadable { path, error })?;
            bytes += file.size();
            if bytes > MAX_BYTES {
                return Err(too_large(folder));
            }
            files.insert(name, file);
        }
        match files.contains_key("index.html") {
            true => Ok(Self { files }),
            false => Err(PageError::NoPage(folder.to_path_buf())),
        }
    }

    /// The type of the file at a path such as `/js/app.js`, and the file; `/` is `index.html`.
    pub(crate) fn file(&self, path: &str) -> Option<(&'static str, &CompressedFile)> {
        let name = match path.strip_prefix('/')? {
            "" => "index.html",
            name => name,
        };
        Some((media_type(name)?, self.files.get(name)?))
    }
}

/// Adds the names of the files in a folder, and in the folders in it.
fn find(
    folder: &Path,
    prefix: &str,
    depth: usize,
    names: &mut Vec<String>,
) -> Result<(), PageError> {
    let path: PathBuf = folder.join(prefix);
    let unreadable = |error| PageError::Unreadable {
        path: path.clone(),
        error,
    };
    for entry in fs::read_dir(&path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind: FileType = entry.file_type().map_err(unreadable)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_plain(name)) else {
            continue;
        };
        if kind.is_dir() && depth > 1 {
            find(folder, &format!("{prefix}{name}/"), depth - 1, names)?;
        }
        if kind.is_file() && media_type(name).is_some() {
            names.push(format!("{prefix}{name}"));
        }
        if names.len() > MAX_FILES {
            return Err(too_large(folder));
        }
    }
    Ok(())
}

fn too_large(folder: &Path) -> PageError {
    PageError::TooLarge {
        path: folder.to_path_buf(),
        files: MAX_FILES,
        megabytes: MAX_BYTES >> 20,
    }
}

/// Whether a name is the same in an address.
fn is_plain(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    !name.starts_with('.') && name.bytes().all(is_allowed)
}

/// The type of a file by its suffix; `None` for a type that a page does not consist of.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_built_in_is_complete() {
        let Ok(site) = Site::built_in() else {
            eprintln!("skipped: the page is not built");
            return;
        };
        let (kind, page) = site.file("/").unwrap();
        assert_eq!(kind, "text/html; charset=utf-8");
        assert!(page.content().unwrap().starts_with(b"<!DOCTYPE html>"));
        let (kind, program) = site.file("/pkg/playground_bg.wasm").unwrap();
        assert_eq!(kind, "application/wasm");
        let content = program.content().unwrap();
        assert!(content.starts_with(b"\0asm"));
        assert_eq!(program.size(), content.len());
        assert!(program.gzip().len() < content.len() / 2);
        assert!(site.file("/worker.js").is_some());
        assert!(site.file("/js/main.js").is_some());
        assert!(site.file("/tests/mock.js").is_none());
    }

    #[test]
    fn a_folder_without_a_page_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let message = |path: &Path| Site::read(path).unwrap_err().to_string();
        assert!(message(folder.path()).contains("no index.html"));
        assert!(message(&folder.path().join("none")).contains("cannot be read"));
        fs::write(folder.path().join("index.html"), "<p>").unwrap();
        for i in 0..=MAX_FILES {
            fs::write(folder.path().join(format!("{i}.js")), "").unwrap();
        }
        assert!(message(folder.path()).contains("more than 1000 files"));
    }

    #[test]
    fn only_files_of_a_page_are_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("js")).unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        for name in [
            "index.html",
            "js/a.js",
            "js/notes.md",
            ".git/config.txt",
            "a b.js",
        ] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let site = Site::read(folder.path()).unwrap();
        let names: Vec<&str> = site.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["index.html", "js/a.js"]);
    }
}
