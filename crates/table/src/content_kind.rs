//! Tables in memory whose kind is stated, such as the body of a request.

use std::io::Cursor;
use std::sync::Arc;

use crate::batches::Batches;
use crate::csv_batches::csv_batches;
use crate::error::TableError;
use crate::read_options::ReadOptions;
use crate::unpacked::Unpacked;

/// The stated kind of a table in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// CSV, in any layout.
    Csv,
    /// An object, objects one after the other, or an array of objects. Needs the feature `json`.
    Json,
    /// The stream format of Arrow IPC. Needs the feature `arrow`.
    ArrowStream,
    /// The file format of Arrow IPC. Needs the feature `arrow`.
    ArrowFile,
}

/// Opens a table in memory. It is read as what it is stated to be: nothing is decompressed.
pub(crate) fn content_batches(
    name: &str,
    kind: ContentKind,
    content: Arc<[u8]>,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    match kind {
        ContentKind::Csv => {
            let text = Unpacked {
                bytes: Box::new(Cursor::new(content)),
                entry: None,
                compression: None,
                note: None,
            };
            csv_batches(name, None, text, options)
        }
        #[cfg(feature = "json")]
        ContentKind::Json => {
            let text = move || Ok(Cursor::new(content.clone()));
            crate::json_lines::json_batches(name, text, options)
        }
        #[cfg(feature = "arrow")]
        ContentKind::ArrowStream | ContentKind::ArrowFile => {
            let is_stream = kind == ContentKind::ArrowStream;
            let file = move || Ok(Cursor::new(content.clone()));
            crate::arrow_file::arrow_batches(name, file, is_stream, options)
        }
        #[cfg(not(all(feature = "arrow", feature = "json")))]
        other => Err(TableError::malformed(
            name,
            format!(
                "{other:?} is not read: the program was built without its feature of backburn-table"
            ),
        )),
    }
}

#[cfg(all(test, feature = "arrow", feature = "json"))]
mod tests {
    use arrow_array::{Float64Array, RecordBatch};
    use arrow_ipc::writer::StreamWriter;

    use super::*;
    use crate::reader::TableReader;
    use crate::table::Table;

    fn read(kind: ContentKind, content: &[u8]) -> Result<Table, TableError> {
        let options = ReadOptions::default();
        let mut reader = TableReader::from_bytes("request", kind, content.into(), &options)?;
        Table::head(&mut reader, u64::MAX)
    }

    #[test]
    fn content_is_read_as_what_it_is_stated_to_be() {
        let a = Arc::new(Float64Array::from(vec![1.0, 2.5])) as _;
        let batch = RecordBatch::try_from_iter([("a", a)]).unwrap();
        let mut stream = Vec::new();
        let mut writer = StreamWriter::try_new(&mut stream, batch.schema_ref()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        for (kind, content) in [
            (ContentKind::Csv, b"a\n1\n2.5\n".as_slice()),
            (ContentKind::Json, b"[{\"a\": 1}, {\"a\": 2.5}]"),
            (ContentKind::Json, b"{\"a\": 1}\n{\"a\": 2.5}\n"),
            (ContentKind::ArrowStream, &stream),
        ] {
            let table = read(kind, content).unwrap();
            assert_eq!(table.numbers("a").unwrap(), [1.0, 2.5], "{kind:?}");
        }
        assert!(read(ContentKind::Json, b"a\n1\n2.5\n").is_err());
        assert!(read(ContentKind::ArrowFile, &stream).is_err());
        // A compressed file is not one of text.
        let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03KT0\xe42\xe2\x02\0\0";
        assert!(read(ContentKind::Csv, packed).is_err());
    }
}
