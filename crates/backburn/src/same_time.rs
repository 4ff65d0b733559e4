//! Columns that hold the same time as the one that decides how rows are split.

use backburn_table::{ColumnKind, Schema, Table};

/// A column with fewer values says too little to be a time.
const MIN_VALUES: usize = 3;
/// Columns are compared with the time on this many rows first.
const FIRST_ROWS: usize = 1_000;

/// The features that only rise or only fall with the time, such as a copy of it or its year. `roles` are the columns that
/// are no features, `times` the time of each row of the table, and `rows` those that count, in ascending order.
pub(crate) fn same_time(
    table: &Table,
    schema: &Schema,
    roles: &[&str],
    times: &[f64],
    rows: &[usize],
) -> Vec<String> {
    let features = schema.columns.iter().filter(|column| {
        let is_number = matches!(column.kind, ColumnKind::Numeric | ColumnKind::Date);
        let varies = column.distinct >= MIN_VALUES && column.missing == 0;
        is_number && varies && !roles.contains(&column.name.as_str())
    });
    let first = &rows[..rows.len().min(FIRST_ROWS)];
    let same = features.filter(|column| {
        let follows = |rows| follows_time(table, &column.name, times, rows);
        follows(first) && (first.len() == rows.len() || follows(rows))
    });
    same.map(|column| column.name.clone()).collect()
}

/// Whether a column has one value at each time, and only rises or only falls with the time.
fn follows_time(table: &Table, column: &str, times: &[f64], rows: &[usize]) -> bool {
    let Ok(column) = table.column(column) else {
        return false;
    };
    let mut wanted = rows.iter().peekable();
    let mut pairs = Vec::with_capacity(rows.len());
    for (row, cell) in column.cells().enumerate() {
        if wanted.peek().is_none() {
            break;
        }
        if wanted.next_if_eq(&&row).is_none() {
            continue;
        }
        let Some(value) = cell.number().or_else(|| cell.date()) else {
            return false;
        };
        pairs.push((times[row], value));
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let is = |ordered: fn(f64, f64) -> bool| {
        let mut next = pairs.windows(2);
        next.all(|pair| match pair[0].0 == pair[1].0 {
            true => pair[0].1 == pair[1].1,
            false => ordered(pair[0].1, pair[1].1),
        })
    };
    is(|before, after| before <= after) || is(|before, after| before >= after)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, infer_table};

    use super::*;

    #[test]
    fn copies_of_the_time_and_its_year_are_found() {
        let mut csv = "day,year,back,x,t\n".to_string();
        for row in 0..40 {
            // The rows are not in the order of time.
            let time = row * 7 % 40;
            csv += &format!(
                "2024-01-{:02},{},{}.5,{}.25,{time}\n",
                time / 2 + 1,
                2000 + time / 10,
                100 - time,
                row * 5 % 13
            );
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        let inferred = infer_table(&table, &Default::default()).unwrap();
        let times: Vec<f64> = (0..40).map(|row| f64::from(row * 7 % 40)).collect();
        let rows: Vec<usize> = (0..40).collect();
        let found =
            |rows: &[usize]| same_time(&inferred.table, &inferred.schema, &["t"], &times, rows);
        assert_eq!(found(&rows), ["day", "year", "back"]);
        assert_eq!(found(&rows[5..]), ["day", "year", "back"]);
    }
}
