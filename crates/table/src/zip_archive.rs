//! Zip archives that hold one table.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::beside_table::Beside;
use crate::compression::Compression;
use crate::error::TableError;
use crate::unpacked::Unpacked;

/// A file in an archive.
struct Entry {
    name: String,
    start: u64,
    packed: u64,
    crc: u32,
    method: CompressionMethod,
    encrypted: bool,
}

/// The one table in an archive. `path` is the archive, if it can be opened again; otherwise it is
/// copied into a temporary file.
pub(crate) fn unzipped(
    name: &str,
    path: Option<&Path>,
    mut bytes: impl Read,
) -> Result<Unpacked, TableError> {
    let io_error = |error| TableError::io(name, error);
    let mut file = match path {
        Some(path) => File::open(path).map_err(io_error)?,
        None => {
            let mut file = tempfile::tempfile().map_err(io_error)?;
            io::copy(&mut bytes, &mut file).map_err(io_error)?;
            file
        }
    };
    let refuse = |reason: String| TableError::malformed(name, reason);
    let (entry, note) = only_table(&mut file).map_err(refuse)?;
    file.seek(SeekFrom::Start(entry.start)).map_err(io_error)?;
    let packed = BufReader::new(file).take(entry.packed);
    let bytes: Box<dyn Read + Send> = match entry.method {
        CompressionMethod::Stored => Box::new(Checked::new(packed, entry.crc)),
        CompressionMethod::Deflated => {
            let unpacked = DeflateDecoder::new(packed);
            Box::new(BufReader::new(Checked::new(unpacked, entry.crc)))
        }
        method => {
            return Err(refuse(format!(
                "`{}` in this zip archive is compressed by {method}, which is not supported: \
                 unpack it",
                entry.name
            )));
        }
    };
    Ok(Unpacked {
        bytes,
        entry: Some(entry.name),
        compression: Some(Compression::Zip),
        note,
    })
}

/// The one file of an archive that may be a table, and a note on others.
fn only_table(file: &mut File) -> Result<(Entry, Option<String>), String> {
    let damaged = |error: zip::result::ZipError| format!("the zip archive is damaged: {error}");
    let mut archive = ZipArchive::new(file).map_err(damaged)?;
    let mut tables = Vec::new();
    let (mut all, mut beside) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        all.push(name.clone());
        let last = name.rsplit('/').next().unwrap_or(&name);
        match Beside::of(last) {
            _ if entry.is_dir() || name.starts_with("__MACOSX/") => continue,
            Some(Beside::System) => continue,
            Some(Beside::Written) => {
                beside.push(format!("`{name}`"));
                continue;
            }
            None => {}
        }
        tables.push(Entry {
            name,
            start: entry.data_start().unwrap_or(0),
            packed: entry.compressed_size(),
            crc: entry.crc32(),
            method: entry.compression(),
            encrypted: entry.encrypted(),
        });
    }
    if let Some(what) = other_format(&all) {
        return Err(what.to_string());
    }
    let count = tables.len();
    match tables.pop() {
        Some(table) if count == 1 && table.encrypted => Err(format!(
            "`{}` in this zip archive is encrypted: unpack it with its password",
            table.name
        )),
        Some(table) if count == 1 => {
            let note = note_on_others(&table.name, &beside);
            Ok((table, note))
        }
        Some(last) => {
            tables.push(last);
            Err(several(&tables))
        }
        None if all.is_empty() => Err("this zip archive is empty".to_string()),
        None => Err("this zip archive holds no file that may be a table".to_string()),
    }
}

fn note_on_others(table: &str, others: &[String]) -> Option<String> {
    const SHOWN: usize = 3;
    let names = others.iter().take(SHOWN).cloned();
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if others.len() > SHOWN { ", ..." } else { "" };
    let is_one_of = !others.is_empty();
    is_one_of.then(|| format!("`{table}` in this zip archive is read, and not {names}{more}"))
}

/// What an archive is that is no archive of tables.
fn other_format(names: &[String]) -> Option<&'static str> {
    let has = |name: &str| names.iter().any(|n| n == name);
    let all_end_with = |end: &str| !names.is_empty() && names.iter().all(|n| n.ends_with(end));
    let any = |start: &str, end: &str| {
        let mut names = names.iter();
        names.any(|name| name.starts_with(start) && name.ends_with(end))
    };
    match () {
        () if has("xl/workbook.xml") || has("xl/workbook.bin") => Some(
            "this is an Excel workbook, which this program was built without the feature to read: \
             save its sheet as CSV",
        ),
        () if has("word/document.xml") => Some("this is a Word document, not a table"),
        () if has("ppt/presentation.xml") => Some("this is a presentation, not a table"),
        () if has("mimetype") && has("content.xml") => {
            Some("this is an OpenDocument file: write its table as CSV")
        }
        () if all_end_with(".npy") => Some(
            "this is a file of NumPy arrays (.npz): write the array as CSV (in Python: \
             numpy.savetxt(\"table.csv\", array, delimiter=\",\"))",
        ),
        () if any("Index/", ".iwa") => {
            Some("this is a Numbers or Pages document: export the sheet as CSV")
        }
        () if any("", "/data.pkl") => Some("this is a PyTorch file, not a table"),
        () if has("META-INF/MANIFEST.MF") => Some("this is a Java archive, not a table"),
        () if has("AndroidManifest.xml") => Some("this is an Android program, not a table"),
        () if has("META-INF/container.xml") => Some("this is an e-book, not a table"),
        () => None,
    }
}

fn several(tables: &[Entry]) -> String {
    const SHOWN: usize = 5;
    let names = tables.iter().take(SHOWN);
    let names: Vec<String> = names.map(|entry| format!("`{}`", entry.name)).collect();
    let more = match tables.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "this zip archive holds {} files ({}{more}): unpack it, and pass one of them",
        tables.len(),
        names.join(", ")
    )
}

/// Passes bytes through, and returns an error at their end if they do not have the checksum.
struct Checked<R> {
    reader: R,
    crc: Crc,
    expected: u32,
}

impl<R> Checked<R> {
    fn new(reader: R, expected: u32) -> Self {
        Self {
            reader,
            crc: Crc::new(),
            expected,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.crc.update(&buffer[..count]);
        match count == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            true => Err(io::Error::other(
                "the zip archive is damaged: wrong checksum",
            )),
            false => Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    const TEXT: &[u8] = b"a,b\n1,2\n3,4\n";

    fn archive(files: &[&str], method: CompressionMethod) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(method);
        for name in files {
            writer.start_file(*name, options).unwrap();
            writer.write_all(TEXT).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn unzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let unpacked = unzipped("t.zip", None, bytes).map_err(|error| error.to_string())?;
        let mut all = Vec::new();
        let mut text = unpacked.bytes;
        text.read_to_end(&mut all)
            .map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn the_one_table_is_read() {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let bytes = archive(&["t.csv"], method);
            assert_eq!(unzip(&bytes).unwrap(), TEXT, "{method}");
            let beside = archive(&["__MACOSX/._t.csv", "data/t.csv", ".DS_Store"], method);
            assert_eq!(unzip(&beside).unwrap(), TEXT, "{method}");
            for length in 0..bytes.len() {
                assert!(unzip(&bytes[..length]).is_err(), "{length}");
            }
        }
        let mut bytes = archive(&["t.csv"], CompressionMethod::Stored);
        let place = bytes.windows(3).position(|part| part == b"1,2").unwrap();
        bytes[place] = b'9';
        assert!(unzip(&bytes).unwrap_err().contains("wrong checksum"));
    }

    #[test]
    fn other_archives_are_named() {
        let message =
            |files: &[&str]| unzip(&archive(files, CompressionMethod::Stored)).unwrap_err();
        let readme = archive(&["README.md", "t.csv"], CompressionMethod::Stored);
        let unpacked = unzipped("t.zip", None, readme.as_slice()).unwrap();
        let note = "`t.csv` in this zip archive is read, and not `README.md`";
        assert_eq!(unpacked.note.as_deref(), Some(note));
        let two = message(&["a.csv", "b.csv"]);
        assert!(two.contains("holds 2 files (`a.csv`, `b.csv`)"), "{two}");
        assert!(message(&["xl/workbook.xml", "x"]).contains("Excel"));
        assert!(message(&["word/document.xml", "x"]).contains("Word"));
        assert!(message(&["mimetype", "content.xml"]).contains("OpenDocument"));
        assert!(message(&["a.npy", "b.npy"]).contains("NumPy"));
        assert!(message(&[]).contains("empty"));
    }
}
