//! Opening files of other kinds than text.

use std::fs::File;

use crate::batches::Batches;
use crate::error::TableError;
use crate::file_kind::{ENCRYPTED, FileKind};
use crate::read_options::ReadOptions;

/// Opens a file of this kind.
///
/// # Errors
///
/// The file is damaged, or files of this kind are not read, perhaps for lack of a feature.
#[cfg_attr(not(any(feature = "excel", feature = "json")), allow(unused_variables))]
pub(crate) fn typed_batches(
    name: &str,
    kind: FileKind,
    file: File,
    options: &ReadOptions,
) -> Result<Batches, TableError> {
    match kind {
        #[cfg(feature = "parquet")]
        FileKind::Parquet => crate::parquet_batches::parquet_batches(name, file),
        #[cfg(feature = "arrow")]
        FileKind::ArrowFile | FileKind::ArrowStream => {
            let is_stream = kind == FileKind::ArrowStream;
            crate::arrow_file::arrow_batches(name, file, is_stream)
        }
        #[cfg(feature = "json")]
        FileKind::Json => crate::json_lines::json_batches(name, file, options.encoding),
        #[cfg(feature = "excel")]
        FileKind::Workbook => crate::excel::workbook_batches(name, file, options),
        #[cfg(not(feature = "parquet"))]
        FileKind::Parquet => Err(lacks_feature(name, "a Parquet file", "parquet")),
        #[cfg(not(feature = "arrow"))]
        FileKind::ArrowFile | FileKind::ArrowStream => {
            Err(lacks_feature(name, "an Arrow file", "arrow"))
        }
        #[cfg(not(feature = "json"))]
        FileKind::Json => Err(lacks_feature(name, "a JSON file", "json")),
        #[cfg(not(feature = "excel"))]
        FileKind::Workbook => Err(lacks_feature(name, "a workbook", "excel")),
        FileKind::EncryptedParquet => Err(TableError::malformed(name, ENCRYPTED)),
        FileKind::Other(what, to_do) => Err(TableError::not_read(name, what, to_do)),
        FileKind::Text => Err(TableError::malformed(name, "this is text")),
    }
}

#[cfg(not(all(
    feature = "arrow",
    feature = "excel",
    feature = "json",
    feature = "parquet"
)))]
fn lacks_feature(name: &str, what: &str, feature: &str) -> TableError {
    TableError::malformed(
        name,
        format!(
            "this is {what}, and the program was built without the feature `{feature}` of \
             backburn-table: enable the feature, or convert the file to CSV"
        ),
    )
}
