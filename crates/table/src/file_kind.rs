//! What a file is, by its first bytes.

/// Bytes that tell the kind of a file, at most.
pub(crate) const HEAD_BYTES: u64 = 4096;

/// The message for a Parquet file that needs a key.
pub(crate) const ENCRYPTED: &str =
    "the Parquet file is encrypted: decrypt it, or export the table without encryption";

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Text, which is read as CSV, or text that is compressed.
    Text,
    Parquet,
    EncryptedParquet,
    /// An Arrow IPC file, which Feather version 2 is as well.
    ArrowFile,
    ArrowStream,
    /// JSON lines, or an array of objects.
    Json,
    /// An Excel or OpenDocument workbook.
    Workbook,
    /// What is not read, in words, and what to do.
    Other(&'static str, &'static str),
}

const EXPORT: &str = "export the table as CSV or Parquet";
const UNPACK: &str = "extract the table from it";
const NO_TABLE: &str = "a table is CSV, Parquet, Arrow, JSON lines or Excel";
const FROM_R: &str = "write the table with write.csv or arrow::write_parquet";
const FROM_PYTHON: &str = "write the table with DataFrame.to_csv or to_parquet";
const FROM_STATISTICS: &str =
    "export the table as CSV, or convert it with pandas (read_sas, read_stata, read_spss)";

/// Files that are not tables, or not read, by their first bytes.
const OTHERS: &[(&[u8], &str, &str)] = &[
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (b"%PDF-", "a PDF document", EXPORT),
    (b"\x89PNG\r\n", "a PNG image", NO_TABLE),
    (b"\xff\xd8\xff", "a JPEG image", NO_TABLE),
    (b"GIF8", "a GIF image", NO_TABLE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", FROM_PYTHON),
    (b"\x93NUMPY", "a NumPy array", FROM_PYTHON),
    (
        b"FEA1",
        "a Feather file of version 1",
        "write it as Feather of version 2 or Parquet",
    ),
    (b"ORC", "an ORC file", EXPORT),
    (b"Obj\x01", "an Avro file", EXPORT),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"RDX2\n", "an R workspace (.RData)", FROM_R),
    (b"RDX3\n", "an R workspace (.RData)", FROM_R),
    (b"X\n\0\0\0\x02", "an R object (.rds)", FROM_R),
    (b"X\n\0\0\0\x03", "an R object (.rds)", FROM_R),
    (b"$FL2@(#)", "an SPSS file", FROM_STATISTICS),
    (b"$FL3@(#)", "an SPSS file", FROM_STATISTICS),
    (b"<stata_dta>", "a Stata file", FROM_STATISTICS),
    (
        b"HEADER RECORD*******LIBRARY HEADER RECORD",
        "a SAS transport file",
        FROM_STATISTICS,
    ),
    (b"\x7fELF", "a program", NO_TABLE),
    (b"MZ\x90\0", "a program", NO_TABLE),
    (b"PGDMP", "a dump of a PostgreSQL database", EXPORT),
    (b"{\\rtf", "an RTF document", EXPORT),
];

/// The first bytes of a SAS file, after which its name follows.
const SAS: &[u8] = b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92";

impl FileKind {
    /// The kind of a file with these first bytes; up to [`HEAD_BYTES`] are looked at.
    pub fn of(head: &[u8]) -> Self {
        let is_duckdb = head.get(8..12) == Some(b"DUCK");
        match head {
            _ if head.starts_with(b"PAR1") => Self::Parquet,
            _ if head.starts_with(b"PARE") => Self::EncryptedParquet,
            _ if head.starts_with(b"ARROW1\0\0") => Self::ArrowFile,
            _ if is_arrow_stream(head) => Self::ArrowStream,
            _ if is_workbook(head) => Self::Workbook,
            _ if is_safetensors(head) => Self::Other(
                "a model (safetensors), not a table",
                "give the table first, and the model where the command wants a model",
            ),
            _ if is_json(head) => Self::Json,
            _ if is_duckdb => Self::Other("a DuckDB database", EXPORT),
            _ if is_tar(head) => Self::Other("a tar archive", UNPACK),
            _ if is_pickle(head) => Self::Other("a Python pickle", FROM_PYTHON),
            _ if is_html(head) => Self::Other(
                "an HTML page",
                "was a page saved instead of the file? Download the file itself",
            ),
            _ if is_old_stata(head) => Self::Other("a Stata file", FROM_STATISTICS),
            _ if head.starts_with(SAS) => Self::Other("a SAS file", FROM_STATISTICS),
            _ => other(head),
        }
    }
}

fn other(head: &[u8]) -> FileKind {
    match OTHERS.iter().find(|(magic, ..)| head.starts_with(magic)) {
        // A header of a CSV file may begin with letters.
        Some((magic, ..)) if magic.is_ascii() && magic.len() <= 4 && is_plain_text(head) => {
            FileKind::Text
        }
        Some((_, what, to_do)) => FileKind::Other(what, to_do),
        None => FileKind::Text,
    }
}

/// Whether there are no control characters.
fn is_plain_text(head: &[u8]) -> bool {
    let is_control = |&byte: &u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    !head.iter().any(is_control)
}

/// A stream begins with a mark, the length of its schema, and a table of offsets.
fn is_arrow_stream(head: &[u8]) -> bool {
    let Some(([0xff, 0xff, 0xff, 0xff], rest)) = head.split_first_chunk() else {
        return false;
    };
    let length = rest.first_chunk().map(|bytes| i32::from_le_bytes(*bytes));
    length.is_some_and(|length| length > 8 && length % 8 == 0)
}

fn is_workbook(head: &[u8]) -> bool {
    const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    const ZIP: &[u8] = b"PK\x03\x04";
    /// Where the name of the first file of a zip archive begins.
    const NAME: usize = 30;
    if head.starts_with(COMPOUND) {
        return true;
    }
    let Some(first) = head.get(NAME..).filter(|_| head.starts_with(ZIP)) else {
        return false;
    };
    const OPEN_DOCUMENT: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.";
    let names: [&[u8]; 5] = [
        b"[Content_Types].xml",
        b"_rels/",
        b"xl/",
        b"docProps/",
        OPEN_DOCUMENT,
    ];
    names.iter().any(|name| first.starts_with(name))
}

/// Our models are safetensors: the length of a JSON header, and the header.
fn is_safetensors(head: &[u8]) -> bool {
    const MAX_HEADER: u64 = 100 << 20;
    let Some((length, rest)) = head.split_first_chunk() else {
        return false;
    };
    let length = u64::from_le_bytes(*length);
    (2..=MAX_HEADER).contains(&length) && rest.starts_with(b"{\"")
}

/// Objects, or an array of objects.
fn is_json(head: &[u8]) -> bool {
    const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
    let head = head.strip_prefix(MARK).unwrap_or(head).trim_ascii_start();
    let object = match head.strip_prefix(b"[") {
        Some(rest) => rest.trim_ascii_start(),
        None => head,
    };
    let Some(rest) = object.strip_prefix(b"{") else {
        return false;
    };
    let Some(name) = rest.trim_ascii_start().strip_prefix(b"\"") else {
        return rest.trim_ascii_start().starts_with(b"}");
    };
    let mut escaped = false;
    let end = name.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let after = end.and_then(|end| name.get(end + 1..));
    after.is_some_and(|after| after.trim_ascii_start().starts_with(b":"))
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Protocols 2 to 5 begin with their number, and end with a dot.
fn is_pickle(head: &[u8]) -> bool {
    matches!(head, [0x80, 2..=5, b'}' | b'c' | b']' | b'(' | 0x95, ..])
}

fn is_html(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let begins = |name: &[u8]| {
        let start = head.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    begins(b"<!doctype html") || begins(b"<html")
}

/// Versions 8 to 12, in either order of bytes.
fn is_old_stata(head: &[u8]) -> bool {
    matches!(head, [113..=115, 1 | 2, 1, 0, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_first_bytes() {
        for (head, kind) in [
            (&b"PAR1\x15"[..], FileKind::Parquet),
            (b"PARE", FileKind::EncryptedParquet),
            (b"ARROW1\0\0\xff\xff\xff\xff", FileKind::ArrowFile),
            (
                b"\xff\xff\xff\xff\x78\0\0\0\x10\0\0\0",
                FileKind::ArrowStream,
            ),
            (b"{\"a\": 1}\n", FileKind::Json),
            (b"\xef\xbb\xbf { \"a\\\"b\" :1}", FileKind::Json),
            (b"[\n  {\"a\": 1},", FileKind::Json),
            (
                b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0aaaabbbbcccc\x13\0\x08\x02[Content_Types].xml",
                FileKind::Workbook,
            ),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::Workbook),
        ] {
            assert_eq!(
                FileKind::of(head),
                kind,
                "{:?}",
                String::from_utf8_lossy(head)
            );
        }
        for (head, word) in [
            (&b"SQLite format 3\0\x10"[..], "SQLite"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\x89PNG\r\n\x1a\n", "PNG"),
            (b"  <!DOCTYPE HTML>\n", "HTML"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"\x80\x04\x95\x10", "pickle"),
            (b"FEA1\0\0\0\0", "Feather"),
            (b"RDX3\nX\n", "R workspace"),
            (b"ORC\x11\0\0", "ORC"),
            (b"\x10\0\0\0\0\0\0\0{\"__metadata__\":{}}", "model"),
            (b"\x7fELF\x02", "program"),
        ] {
            match FileKind::of(head) {
                FileKind::Other(what, _) => assert!(what.contains(word), "{what}"),
                kind => panic!("{word}: {kind:?}"),
            }
        }
    }

    #[test]
    fn text_is_text() {
        for head in [
            &b"a,b\n1,2\n"[..],
            b"",
            b"ORC,elf\n1,2\n",
            b"DUCKS,geese\n",
            b"{a},{b}\n1,2\n",
            b"\"a\",\"b\"\n",
            b"[a],[b]\n",
            b"X\n1\n2\n",
            b"A\nb\n",
            b"\x1f\x8b\x08",
            b"rx,ry\n",
            b"\xff\xfea\0",
            b"{\"a\"\n",
        ] {
            assert_eq!(
                FileKind::of(head),
                FileKind::Text,
                "{:?}",
                String::from_utf8_lossy(head)
            );
        }
    }
}
