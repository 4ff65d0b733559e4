//! A last row of totals, which is no row of the table.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};

use crate::cell::Cell;
use crate::column::Column;
use crate::missing_words::is_missing_among_values;
use crate::number_format::{CONVENTIONS, plain_digits};
use crate::number_text::split;

/// What a row of totals begins with, in lower case.
const LABELS: [&str; 18] = [
    "total",
    "totals",
    "grand total",
    "sum",
    "sub total",
    "subtotal",
    "overall",
    "all",
    "summe",
    "gesamt",
    "gesamtsumme",
    "insgesamt",
    "somme",
    "totale",
    "suma",
    "totaal",
    "soma",
    "total general",
];

/// What a row of means begins with, in lower case.
const MEANS: [&str; 10] = [
    "average",
    "averages",
    "avg",
    "mean",
    "durchschnitt",
    "mittelwert",
    "moyenne",
    "promedio",
    "gemiddelde",
    "média",
];

/// Other rows of a table with totals, at least.
const MIN_ROWS: usize = 2;

/// Leaves out a last row of totals or means: its first text is a word such as `Total` that no other row has in that
/// column, and its numbers are the sums or the means of the columns. Returns a note on such a row, and on a row that
/// only begins like one.
pub(crate) fn drop_total_row(batches: &mut Vec<RecordBatch>) -> Option<String> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let last = batches.last().filter(|batch| batch.num_rows() > 0)?;
    if rows <= MIN_ROWS {
        return None;
    }
    let place = last.num_rows() - 1;
    let cells: Vec<ArrayRef> = last
        .columns()
        .iter()
        .map(|column| column.slice(place, 1))
        .collect();
    let (column, label) = label(&cells)?;
    let is_mean = is_one_of(&label, &MEANS);
    let (row_of, numbers_of) = match is_mean {
        true => ("a row of means", "means"),
        false => ("a row of totals", "sums"),
    };
    let is_label = |cell: Cell| matches!(cell, Cell::Text(text) if text.trim() == label);
    if column_of(batches, column)
        .cells()
        .filter(|cell| is_label(*cell))
        .count()
        > 1
    {
        return None;
    }
    let (mut sums, mut numbers) = (0, 0);
    for (index, cell) in cells.iter().enumerate() {
        match is_sum(&column_of(batches, index), cell, rows - 1, is_mean) {
            Some(true) => (sums, numbers) = (sums + 1, numbers + 1),
            Some(false) => numbers += 1,
            None => {}
        }
    }
    if sums * 2 < numbers || sums == 0 {
        return (numbers > 0).then(|| {
            format!(
                "the last row begins like {row_of} (`{label}`), but its numbers are not the {numbers_of} of the \
                 columns: it is read as a row; delete it if it is none"
            )
        });
    }
    let rest = last.slice(0, place);
    batches.pop();
    batches.push(rest);
    drop_blank_rows(batches);
    Some(format!(
        "the last row is left out: it is `{label}`, with the {numbers_of} of the columns"
    ))
}

/// Leaves out the last rows of text in which every field is empty: they stand between the rows and their totals.
fn drop_blank_rows(batches: &mut Vec<RecordBatch>) {
    let is_blank = |column: &ArrayRef, row: usize| {
        let texts = column.as_string_opt::<i32>();
        texts.is_some_and(|texts| texts.is_null(row) || texts.value(row).trim().is_empty())
    };
    while let Some(last) = batches.last() {
        let rows = last.num_rows();
        let is_row = |row: &usize| {
            let columns = last.columns();
            columns.len() < 2 || !columns.iter().all(|column| is_blank(column, *row))
        };
        let kept = (0..rows).rev().find(is_row).map_or(0, |row| row + 1);
        let rest = last.slice(0, kept);
        batches.pop();
        if kept > 0 {
            batches.push(rest);
            return;
        }
    }
}

/// The first text of a row and its column, if it is the label of totals.
fn label(cells: &[ArrayRef]) -> Option<(usize, String)> {
    let mut cells = cells.iter().enumerate();
    cells
        .find_map(|(index, cell)| match Column::new([cell]).cells().next()? {
            Cell::Missing => None,
            Cell::Text(text) => Some((index, text.trim().to_string())),
            // A row of numbers is no row of totals.
            _ => Some((index, String::new())),
        })
        .filter(|(_, text)| is_one_of(text, &LABELS) || is_one_of(text, &MEANS))
}

fn is_one_of(text: &str, labels: &[&str]) -> bool {
    let lower = text.trim_end_matches([':', ' ']).to_lowercase();
    labels.contains(&lower.as_str())
}

fn column_of(batches: &[RecordBatch], index: usize) -> Column<'_> {
    Column::new(batches.iter().map(move |batch| batch.column(index)))
}

/// Whether a number is the sum of the `rows` values above it, or their mean; `None` if it, or one of them, is no number. The
/// mean of equal numbers says nothing: any row has it.
fn is_sum(column: &Column, last: &ArrayRef, rows: usize, is_mean: bool) -> Option<bool> {
    let last = Column::new([last]).cells().next()?;
    if last == Cell::Missing {
        return None;
    }
    let mut is_number = false;
    for (decimal, thousands) in CONVENTIONS {
        let read = |cell: Cell| match cell {
            Cell::Text(text) => number(text.trim(), decimal, thousands),
            Cell::Boolean(_) => None,
            cell => cell.number(),
        };
        let Some(total) = read(last) else { continue };
        let (mut sum, mut count, mut differs) = (0.0, 0.0, false);
        let all = column.cells().take(rows).all(|cell| match cell {
            Cell::Missing => true,
            Cell::Text(text) if is_missing_among_values(text.trim()) => true,
            cell => {
                let number = read(cell);
                sum += number.unwrap_or(0.0);
                count += 1.0;
                differs |= number != Some(total);
                number.is_some()
            }
        });
        if is_mean {
            sum /= f64::max(count, 1.0);
            if all && !differs {
                return None;
            }
        }
        is_number |= all;
        // Totals may be rounded.
        let near = (sum - total).abs() <= 0.005 * total.abs();
        if all && total != 0.0 && near {
            return Some(true);
        }
        if !matches!(last, Cell::Text(_)) {
            break;
        }
    }
    is_number.then_some(false)
}

/// The number in text, by these signs, whatever its mark.
fn number(text: &str, decimal: char, thousands: Option<char>) -> Option<f64> {
    let parts = split(text)?;
    let number: f64 = plain_digits(parts.digits, decimal, thousands)?
        .parse()
        .ok()?;
    Some(if parts.negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray};

    use super::*;

    /// The rows that are left, and the note.
    fn dropped(rows: &[&str]) -> (usize, Option<String>) {
        let column = |index: usize| -> ArrayRef {
            let values = rows.iter().map(|row| row.split('|').nth(index).unwrap());
            Arc::new(StringArray::from_iter_values(values))
        };
        let count = rows[0].split('|').count();
        let names = ["a", "b", "c"];
        let columns = (0..count).map(|index| (names[index], column(index)));
        let whole = RecordBatch::try_from_iter(columns).unwrap();
        let parts = [whole.slice(0, 1), whole.slice(1, whole.num_rows() - 1)];
        let mut batches = parts.to_vec();
        let note = drop_total_row(&mut batches);
        (batches.iter().map(RecordBatch::num_rows).sum(), note)
    }

    #[test]
    fn rows_of_totals_are_left_out() {
        for rows in [
            &["a|1|2", "b|3|4", "Total|4|6"][..],
            &["a|1|2", "b|3|4", "Grand total:|4|"],
            &["a|$1,200|1.5", "b|$3,000|2.5", "Sum|$4,200|9"],
            &["a|1,5|-", "b|3,25|4", "Summe|4,75|4"],
            &["1|1|2", "2|3|4", "|Total|6"],
            &["a|1|2", "b|4|-", "Average|2.5|2"],
            &["a|1,5|2", "b|3,25|4", "Mittelwert:|2,38|3"],
        ] {
            let (left, note) = dropped(rows);
            assert_eq!(left, 2, "{rows:?}");
            assert!(note.unwrap().contains("left out"));
        }
    }

    #[test]
    fn other_last_rows_are_rows() {
        for rows in [
            &["a|1|2", "b|3|4", "c|4|6"][..],
            &["Total|1|2", "b|3|4", "Total|4|6"],
            &["a|x|y", "b|z|y", "Total|u|v"],
            &["a|1|2", "Total|1|2"],
            &["1|1|2", "2|3|4", "5|4|6"],
            &["a|1|2", "Average|1|2", "Average|1|2"],
            &["low|7|2", "high|7|2", "average|7|2"],
        ] {
            assert_eq!(dropped(rows), (rows.len(), None), "{rows:?}");
        }
        let (left, note) = dropped(&["a|1|2", "b|3|4", "Total|40|60"]);
        assert_eq!(left, 3);
        assert!(note.unwrap().contains("read as a row"));
    }

    #[test]
    fn totals_of_typed_numbers_are_left_out() {
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "Total"]));
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.1, 0.2, 0.3]));
        let batch = RecordBatch::try_from_iter([("a", names), ("b", numbers)]).unwrap();
        let mut batches = vec![batch];
        assert!(drop_total_row(&mut batches).is_some());
        assert_eq!(batches[0].num_rows(), 2);
    }

    #[test]
    fn blank_rows_above_totals_are_left_out() {
        let names: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a"),
            None,
            Some("b"),
            None,
            Some("Total"),
        ]));
        let numbers = [Some("1"), None, Some("3"), None, Some("4")];
        let numbers: ArrayRef = Arc::new(StringArray::from(numbers.to_vec()));
        let whole = RecordBatch::try_from_iter([("a", names), ("b", numbers)]).unwrap();
        let mut batches = vec![whole.slice(0, 3), whole.slice(3, 2)];
        assert!(drop_total_row(&mut batches).is_some());
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rows, 3, "the blank row between rows is one");
    }
}
