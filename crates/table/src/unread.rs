//! Values that a format cannot read.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::cell::Cell;
use crate::column::Column;
use crate::column_format::ColumnFormat;
use crate::format_note::Examples;
use crate::missing_words::is_missing_among_values;
use crate::table_format::TableFormat;

/// Different texts of a column that are counted one by one.
const MAX_TEXTS: usize = 100;
/// Characters of a text that are kept.
const MAX_CHARS: usize = 60;

/// Values that a [`TableFormat`] cannot read, and that count as missing for that reason: text among the
/// numbers or dates of a column in which training had such text too. Words such as `-` and `n/a` are
/// ordinary missing values, and are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadValues {
    columns: BTreeMap<String, Counts>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Counts {
    expected: &'static str,
    texts: BTreeMap<String, usize>,
    total: usize,
}

impl Counts {
    fn new(expected: &'static str) -> Self {
        Self {
            expected,
            texts: BTreeMap::new(),
            total: 0,
        }
    }

    fn add(&mut self, text: &str, rows: usize) {
        self.total += rows;
        if let Some(count) = self.texts.get_mut(text) {
            *count += rows;
        } else if self.texts.len() < MAX_TEXTS {
            self.texts.insert(text.to_string(), rows);
        }
    }
}

impl UnreadValues {
    /// Adds the values of a batch; `read` is the same batch after [`TableFormat::apply`].
    pub fn add(&mut self, format: &TableFormat, batch: &RecordBatch, read: &RecordBatch) {
        for (name, column) in &format.columns {
            let arrays = (batch.column_by_name(name), read.column_by_name(name));
            if let (Some(raw), Some(read)) = arrays
                && column.is_lenient()
                && read.null_count() > 0
            {
                self.add_column(name, column, (raw, read), format);
            }
        }
    }

    fn add_column(
        &mut self,
        name: &str,
        column: &ColumnFormat,
        (raw, read): (&ArrayRef, &ArrayRef),
        format: &TableFormat,
    ) {
        let strict = column.strict();
        for (row, cell) in Column::new([raw]).cells().enumerate() {
            let is_ordinary = match cell {
                Cell::Text(text) => {
                    let text = text.trim();
                    format.missing.contains(text) || is_missing_among_values(text)
                }
                Cell::Number(number) => format.missing.contains_number(number),
                _ => false,
            };
            if read.is_valid(row) || is_ordinary || strict.cell(cell).is_some() {
                continue;
            }
            let text = cell.category().unwrap_or_default();
            let text: String = text.chars().take(MAX_CHARS).collect();
            let counts = self.columns.entry(name.to_string());
            let counts = counts.or_insert_with(|| Counts::new(column.expected()));
            counts.add(&text, 1);
        }
    }

    /// Adds the values of other rows.
    pub fn merge(&mut self, other: &Self) {
        for (name, counts) in &other.columns {
            let own = self.columns.entry(name.clone());
            let own = own.or_insert_with(|| Counts::new(counts.expected));
            let listed: usize = counts.texts.values().sum();
            for (text, rows) in &counts.texts {
                own.add(text, *rows);
            }
            own.total += counts.total - listed;
        }
    }

    /// The columns that have such values, each with what it should hold, and with the values and their
    /// numbers of rows.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &'static str, Examples)> {
        self.columns.iter().map(|(name, counts)| {
            let texts = counts.texts.iter();
            let mut examples = Examples::new(texts.map(|(text, rows)| (text.clone(), *rows)));
            examples.total = counts.total;
            (name.as_str(), counts.expected, examples)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer_table::infer_table;
    use crate::read_options::ReadOptions;
    use crate::table::Table;

    fn table(csv: String) -> Table {
        let bytes = std::io::Cursor::new(csv.into_bytes());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    /// Numbers and dates, of which some are another text.
    fn training() -> Table {
        let rows = (0..60).map(|n| match n % 10 {
            0 => "unclear,some day\n".to_string(),
            _ => format!("{n}.5,{:02}/{:02}/2024\n", 1 + n % 12, 1 + n % 28),
        });
        table(format!("x,d\n{}", rows.collect::<String>()))
    }

    /// The values that are not read, in batches of one row each.
    fn unread(csv: &str) -> UnreadValues {
        let format = infer_table(&training(), &Default::default())
            .unwrap()
            .format;
        let new = table(csv.to_string());
        let mut unread = UnreadValues::default();
        for batch in new.batches() {
            for row in 0..batch.num_rows() {
                let part = batch.slice(row, 1);
                let read = format.apply(&part).unwrap();
                let mut of_row = UnreadValues::default();
                of_row.add(&format, &part, &read);
                unread.merge(&of_row);
            }
        }
        unread
    }

    #[test]
    fn values_that_are_not_read_are_counted() {
        let unread =
            unread("d,x\n01/13/2024,1\nlater,many\nlater,few\n,-\nn/a,NA\n02/30/2024,many\n");
        let found: Vec<(&str, &str, Examples)> = unread.columns().collect();
        let expected = |texts: &[(&str, usize)], total| Examples {
            texts: texts
                .iter()
                .map(|(text, n)| (text.to_string(), *n))
                .collect(),
            total,
        };
        assert_eq!(
            found,
            [
                (
                    "d",
                    "dates with the month first, such as 12/31/2024",
                    expected(&[("later", 2), ("02/30/2024", 1)], 3)
                ),
                ("x", "numbers", expected(&[("many", 2), ("few", 1)], 3)),
            ]
        );
    }

    #[test]
    fn values_that_are_read_are_not_counted() {
        assert_eq!(
            unread("x,d\n1.5,12/31/2024\n,\n<3,\n"),
            UnreadValues::default()
        );
    }

    #[test]
    fn memory_does_not_grow_with_the_values() {
        let rows: String = (0..500).map(|n| format!("a{n},01/02/2024\n")).collect();
        let unread = unread(&format!("x,d\n{rows}"));
        let (.., examples) = unread.columns().next().unwrap();
        assert_eq!(examples.total, 500);
        assert_eq!(unread.columns["x"].texts.len(), MAX_TEXTS);
    }
}
