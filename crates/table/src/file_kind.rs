//! What a file is, by its first bytes.

use crate::text_kind::{is_json, json_document, text_kind};

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
const UNPACK: &str = "extract the table from it, and pass that";
const NO_TABLE: &str = "a table is CSV, Parquet, Arrow, JSON lines or Excel";
const NUMPY: &str =
    "write it as CSV (in Python: numpy.savetxt(\"table.csv\", numpy.load(FILE), delimiter=\",\"))";
const PICKLE: &str = "write the table as Parquet (in Python: pandas.read_pickle(FILE).to_parquet(\"table.parquet\"); \
     open only files that you trust)";
const HDF5: &str =
    "write the table as Parquet (in Python: pandas.read_hdf(FILE).to_parquet(\"table.parquet\"))";
const ORC: &str =
    "write it as Parquet (in Python: pandas.read_orc(FILE).to_parquet(\"table.parquet\"))";
const AVRO: &str =
    "write it as Parquet (in Python: polars.read_avro(FILE).write_parquet(\"table.parquet\"))";
const FEATHER: &str = "write it as Feather of version 2 or Parquet (in Python: \
     pandas.read_feather(FILE).to_parquet(\"table.parquet\"))";
const RDS: &str =
    "write the table as CSV (in R: write.csv(readRDS(FILE), \"table.csv\", row.names = FALSE))";
const RDATA: &str = "write the table as CSV (in R: load(FILE), then write.csv(TABLE, \"table.csv\", row.names = FALSE))";
const SPSS: &str =
    "write it as Parquet (in Python: pandas.read_spss(FILE).to_parquet(\"table.parquet\"))";
const STATA: &str =
    "write it as Parquet (in Python: pandas.read_stata(FILE).to_parquet(\"table.parquet\"))";
const SAS: &str =
    "write it as Parquet (in Python: pandas.read_sas(FILE).to_parquet(\"table.parquet\"))";
const SQLITE: &str =
    "export the table (sqlite3 -header -csv FILE \"select * from TABLE\" > table.csv)";
const DUCKDB: &str = "export the table (duckdb FILE -c \"copy TABLE to 'table.parquet'\")";
const MATLAB: &str = "write the table as CSV (in MATLAB: writetable)";
const SAVE_AGAIN: &str = "open it in a spreadsheet, and save it as .xlsx";
const DECOMPRESS: &str = "decompress it, and pass the file that is in it";

/// Files that are not tables, or not read, by their first bytes.
const OTHERS: &[(&[u8], &str, &str)] = &[
    (b"SQLite format 3\0", "an SQLite database", SQLITE),
    (b"\0\x01\0\0Standard Jet DB", "an Access database", EXPORT),
    (b"\0\x01\0\0Standard ACE DB", "an Access database", EXPORT),
    (b"%PDF-", "a PDF document", EXPORT),
    (b"\x89PNG\r\n", "a PNG image", NO_TABLE),
    (b"\xff\xd8\xff", "a JPEG image", NO_TABLE),
    (b"GIF8", "a GIF image", NO_TABLE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", HDF5),
    (b"CDF\x01", "a netCDF file", EXPORT),
    (b"CDF\x02", "a netCDF file", EXPORT),
    (b"CDF\x05", "a netCDF file", EXPORT),
    (b"SIMPLE  =", "a FITS file", EXPORT),
    (
        b"\0\0\x27\x0a",
        "a shapefile",
        "its table is in the .dbf file: write that as CSV",
    ),
    (b"\x93NUMPY", "a NumPy array", NUMPY),
    (b"MATLAB 5.0 MAT", "a MATLAB file", MATLAB),
    (b"FEA1", "a Feather file of version 1", FEATHER),
    (b"ORC", "an ORC file", ORC),
    (b"Obj\x01", "an Avro file", AVRO),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"MSCF\0\0\0\0", "a Windows cabinet", UNPACK),
    (
        b"\x1f\x9d",
        "a file compressed by compress (.Z)",
        DECOMPRESS,
    ),
    (
        b"\x1f\xa0",
        "a file compressed by compress (.Z)",
        DECOMPRESS,
    ),
    (b"\x04\x22\x4d\x18", "a file compressed by LZ4", DECOMPRESS),
    (b"LZIP\x01", "a file compressed by lzip", DECOMPRESS),
    (b"\x89LZO\0", "a file compressed by LZO", DECOMPRESS),
    (b"\x5d\0\0\x80\0", "a file compressed by LZMA", DECOMPRESS),
    (b"\x5d\0\0\0\x04", "a file compressed by LZMA", DECOMPRESS),
    (
        b"\xff\x06\0\0sNaPpY",
        "a file compressed by Snappy",
        DECOMPRESS,
    ),
    (b"\x78\x9c", "a file compressed by zlib", DECOMPRESS),
    (b"\x78\xda", "a file compressed by zlib", DECOMPRESS),
    (b"RDX2\n", "an R workspace (.RData)", RDATA),
    (b"RDX3\n", "an R workspace (.RData)", RDATA),
    (b"RDA2\n", "an R workspace (.RData)", RDATA),
    (b"RDA3\n", "an R workspace (.RData)", RDATA),
    (b"X\n\0\0\0\x02", "an R object (.rds)", RDS),
    (b"X\n\0\0\0\x03", "an R object (.rds)", RDS),
    (b"$FL2@(#)", "an SPSS file", SPSS),
    (b"$FL3@(#)", "an SPSS file", SPSS),
    (b"<stata_dta>", "a Stata file", STATA),
    (b"HEADER RECORD*******LIB", "a SAS transport file", SAS),
    (SAS_MAGIC, "a SAS file", SAS),
    (b"\x09\0\x04\0", "an Excel sheet of version 2", SAVE_AGAIN),
    (b"\x09\x02\x06\0", "an Excel sheet of version 3", SAVE_AGAIN),
    (b"\x09\x04\x06\0", "an Excel sheet of version 4", SAVE_AGAIN),
    (b"\x7fELF", "a program", NO_TABLE),
    (b"MZ\x90\0", "a program", NO_TABLE),
    (
        b"Salted__",
        "a file encrypted by OpenSSL",
        "decrypt it (openssl enc -d), and pass that",
    ),
    (b"PGDMP", "a dump of a PostgreSQL database", EXPORT),
    (b"{\\rtf", "an RTF document", EXPORT),
];

/// The first bytes of a SAS file, after which its name follows.
const SAS_MAGIC: &[u8] = b"\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92";

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
            _ if is_json(head) => match json_document(head) {
                Some((what, to_do)) => Self::Other(what, to_do),
                None => Self::Json,
            },
            _ if is_duckdb => Self::Other("a DuckDB database", DUCKDB),
            _ if is_tar(head) => Self::Other("a tar archive", UNPACK),
            _ if is_pickle(head) => Self::Other("a Python pickle", PICKLE),
            _ if is_old_stata(head) => Self::Other("a Stata file", STATA),
            _ if is_portable_spss(head) => Self::Other(
                "an SPSS portable file (.por)",
                "write it as CSV (in Python: pyreadstat.read_por(FILE)[0].to_csv(\"table.csv\", index=False))",
            ),
            _ if is_dbase(head) => Self::Other(
                "a dBASE file (.dbf)",
                "write it as CSV (in Python: geopandas.read_file(FILE).to_csv(\"table.csv\", index=False))",
            ),
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
        None => match text_kind(head) {
            Some((what, to_do)) => FileKind::Other(what, to_do),
            None => FileKind::Text,
        },
    }
}

/// Whether there are no control characters.
pub(crate) fn is_plain_text(head: &[u8]) -> bool {
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
    const OPEN_DOCUMENT: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
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

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Protocols 2 to 5 begin with their number. The older ones begin with the name of a function or an empty
/// collection.
fn is_pickle(head: &[u8]) -> bool {
    const OLD: [&[u8]; 7] = [
        b"ccopy_reg\n",
        b"cpandas",
        b"cnumpy",
        b"(dp0\n",
        b"(lp0\n",
        b"}q\0",
        b"]q\0",
    ];
    matches!(head, [0x80, 2..=5, b'}' | b'c' | b']' | b'(' | 0x95, ..])
        || OLD.iter().any(|start| head.starts_with(start))
}

/// Versions 8 to 12, in either order of bytes.
fn is_old_stata(head: &[u8]) -> bool {
    matches!(head, [113..=115, 1 | 2, 1, 0, ..])
}

/// The name is behind 200 bytes of banners, of which the first may have line ends.
fn is_portable_spss(head: &[u8]) -> bool {
    let start = &head[..head.len().min(520)];
    let named = |name: &[u8]| start.windows(name.len()).any(|part| part == name);
    start.len() > 200 && (named(b"SPSS PORT FILE") || named(b"SPSSPORT"))
}

/// The version, the date of the last change, the number of rows, and the length of a header that has 32 bytes
/// for each column.
fn is_dbase(head: &[u8]) -> bool {
    let Some(&[version, _, month, day, _, _, _, _, a, b, c, d]) = head.first_chunk() else {
        return false;
    };
    let (header, row) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    matches!(
        version,
        0x02 | 0x03 | 0x30..=0x32 | 0x43 | 0x83 | 0x8b | 0xf5
    ) && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && header >= 65
        && (matches!(header % 32, 1) || header % 32 == 8)
        && row > 1
        && !is_plain_text(head)
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
    }

    #[test]
    fn files_that_are_not_read_are_named() {
        let banner = [b"0".repeat(200), b"ASCII SPSS PORT FILE      ".to_vec()].concat();
        for (head, word) in [
            (&b"SQLite format 3\0\x10"[..], "SQLite"),
            (b"\0\x01\0\0Standard ACE DB\0", "Access"),
            (b"%PDF-1.7\n", "PDF"),
            (b"\x89PNG\r\n\x1a\n", "PNG"),
            (b"  <!DOCTYPE HTML>\n", "HTML"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"\x80\x04\x95\x10", "pickle"),
            (b"ccopy_reg\n_reconstructor\np0\n", "pickle"),
            (b"}q\0X\x01\0\0\0aq\x01K\x01s.", "pickle"),
            (b"FEA1\0\0\0\0", "Feather"),
            (b"RDX3\nX\n", "R workspace"),
            (b"X\n\0\0\0\x03\0\x04", "R object"),
            (b"ORC\x11\0\0", "ORC"),
            (b"Obj\x01\x04", "Avro"),
            (b"$FL2@(#) SPSS DATA FILE", "SPSS"),
            (&banner, "SPSS"),
            (b"r\x02\x01\0\x04\0(\0", "Stata"),
            (b"<stata_dta><header>", "Stata"),
            (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "SAS"),
            (b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!", "SAS"),
            (b"\x03\x7c\x02\x1a\x28\0\0\0\x61\0\x1a\0", "dBASE"),
            (b"\x04\x22\x4d\x18\x64", "LZ4"),
            (b"\x78\x9c\x0b\xc9\xc8", "zlib"),
            (b"\x1f\x9d\x90", "compress"),
            (b"\x10\0\0\0\0\0\0\0{\"__metadata__\":{}}", "model"),
            (b"\x7fELF\x02", "program"),
            (b"Salted__\x01\xf2", "OpenSSL"),
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
            b"]q,x\n",
            b"GIF89,size\n",
            b"SIMPLE,x\n",
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
