//! Options that mean nothing for a file.

use crate::file_kind::FileKind;
use crate::read_options::ReadOptions;

/// A note on the options that mean nothing for a file of this kind, if there are any.
pub(crate) fn unused_options(kind: FileKind, options: &ReadOptions) -> Option<String> {
    let (what, is_text, is_workbook) = match kind {
        FileKind::Text => ("a text file", true, false),
        FileKind::Json => ("JSON", false, false),
        FileKind::Workbook => ("a workbook", false, true),
        FileKind::Parquet | FileKind::EncryptedParquet => ("Parquet", false, false),
        FileKind::ArrowFile | FileKind::ArrowStream => ("Arrow", false, false),
        FileKind::Other(..) => return None,
    };
    let has_lines = is_text || is_workbook;
    let given = [
        ("--delimiter", options.delimiter.is_some() && !is_text),
        ("--no-header", options.header == Some(false) && !has_lines),
        ("--header", options.header == Some(true) && !has_lines),
        ("--skip-lines", options.skip_lines > 0 && !has_lines),
        ("--comment", options.comment.is_some() && !is_text),
        ("--fill-short-rows", options.fill_short_rows && !is_text),
        (
            "--encoding",
            options.encoding.is_some() && !is_text && kind != FileKind::Json,
        ),
        ("--sheet", options.sheet.is_some() && !is_workbook),
    ];
    let unused: Vec<&str> = given
        .into_iter()
        .filter_map(|(option, unused)| unused.then_some(option))
        .collect();
    let have = if unused.len() == 1 { "has" } else { "have" };
    (!unused.is_empty()).then(|| {
        format!(
            "{} {have} no effect here, because the file is {what}",
            unused.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_mean_nothing_are_named() {
        let options = ReadOptions {
            delimiter: Some(b';'),
            encoding: Some("latin1".parse().unwrap()),
            skip_lines: 2,
            sheet: Some("Data".to_string()),
            ..ReadOptions::default()
        };
        let note = |kind| unused_options(kind, &options).unwrap_or_default();
        assert_eq!(
            note(FileKind::Text),
            "--sheet has no effect here, because the file is a text file"
        );
        assert_eq!(
            note(FileKind::Parquet),
            "--delimiter, --skip-lines, --encoding, --sheet have no effect here, because the file is Parquet"
        );
        assert_eq!(
            note(FileKind::Workbook),
            "--delimiter, --encoding have no effect here, because the file is a workbook"
        );
        assert!(note(FileKind::Json).starts_with("--delimiter, --skip-lines, --sheet have"));
        let none = ReadOptions::default();
        assert_eq!(unused_options(FileKind::Parquet, &none), None);
    }
}
