//! Rows of a sheet below the header that describe the columns.

use std::collections::HashMap;

use crate::described_columns::{FieldKind, MAX_ROWS, describing_lines};
use crate::layout::looks_like_a_number;
use crate::read_options::ReadOptions;
use crate::typed_column::{TypedValue, as_text};

/// The cells of a row that are not empty, with their columns.
pub(crate) type SheetRow = Vec<(u32, TypedValue)>;

/// Leaves out rows below the header that describe the columns, and says so.
pub(crate) fn drop_describing_rows(
    header: &[(u32, TypedValue)],
    rows: &mut Vec<SheetRow>,
    options: &ReadOptions,
) -> Option<String> {
    if options.header.is_some() {
        return None;
    }
    let kinds: Vec<HashMap<u32, FieldKind>> = rows.iter().take(MAX_ROWS).map(kinds).collect();
    let field = |row: usize, column: usize| {
        let kind = kinds
            .get(row)
            .and_then(|kinds| kinds.get(&header[column].0));
        kind.copied().unwrap_or(FieldKind::Missing)
    };
    let lines = describing_lines((rows.len(), header.len()), field);
    let described = rows.drain(..lines).next()?;
    let texts = described.iter().filter_map(|(_, value)| as_text(value));
    let texts: Vec<String> = texts
        .take(4)
        .map(|text| format!("`{}`", text.trim()))
        .collect();
    let rows = match lines {
        1 => "the row below the header is left out: it describes".to_string(),
        lines => format!("{lines} rows below the header are left out: they describe"),
    };
    Some(format!(
        "{rows} the columns ({}); with --header, it is a row",
        texts.join(", ")
    ))
}

/// What the cells of a row are, by their columns.
fn kinds(row: &SheetRow) -> HashMap<u32, FieldKind> {
    let kinds = row.iter().map(|(column, value)| {
        let kind = match value {
            TypedValue::Null => FieldKind::Missing,
            TypedValue::Text(text) => {
                FieldKind::of(text.trim(), looks_like_a_number(text.as_bytes()))
            }
            _ => FieldKind::Number,
        };
        (*column, kind)
    });
    kinds.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_units_below_the_header_is_left_out() {
        let text = |text: &str| TypedValue::Text(text.to_string());
        let row = |name, one, other| vec![(0, name), (1, one), (2, other)];
        let number = TypedValue::Number;
        let header = row(text("name"), text("weight"), text("price"));
        let mut rows = vec![
            row(TypedValue::Null, text("kg"), text("USD")),
            row(text("a"), number(1.0), number(2.0)),
            row(text("b"), number(3.0), number(4.0)),
            row(text("c"), number(5.0), TypedValue::Null),
        ];
        let as_they_are = ReadOptions {
            header: Some(true),
            ..ReadOptions::default()
        };
        assert_eq!(drop_describing_rows(&header, &mut rows, &as_they_are), None);
        let note = drop_describing_rows(&header, &mut rows, &ReadOptions::default());
        assert!(note.unwrap().contains("(`kg`, `USD`)"));
        assert_eq!(rows.len(), 3);
        assert_eq!(
            drop_describing_rows(&header, &mut rows, &ReadOptions::default()),
            None
        );
    }
}
