//! Reads the columns that decide how rows are split.

use std::collections::HashMap;

use backburn_table::{Cell, CellError, Table};

use crate::error::Error;
use crate::gap::Gap;
use crate::split_columns::SplitColumns;
use crate::splitter::Splitter;
use crate::text::{integer, shown};

/// The largest number of folds. Each holds the indices of all rows.
const MOST_FOLDS: usize = 500;

/// The rule of these columns for the rows of a table that are learned from. Copies are not looked for.
///
/// # Errors
///
/// A column that does not exist, a row without a time, a gap in another unit than the time, or rows that the rule
/// cannot split.
pub(crate) fn split_rule(
    table: &Table,
    columns: &SplitColumns,
    rows: &[usize],
) -> Result<Splitter, Error> {
    let mut splitter = Splitter::default();
    if let Some(column) = &columns.group {
        let (of_row, names) = labels(table, column)?;
        several(column, "--group", rows.iter().map(|&row| of_row[row]))?;
        // A row without a group is a group of its own.
        let numbers = of_row.into_iter().zip(names.len()..);
        splitter.groups = Some(numbers.map(|(group, own)| group.unwrap_or(own)).collect());
    }
    if let Some(column) = &columns.time {
        let times = times(table, column, rows, columns.gap)?;
        splitter.gap = columns.gap.map_or(0.0, Gap::number);
        check_times(column, rows.iter().map(|&row| times[row]), columns.gap)?;
        splitter.times = Some(times);
    }
    if let Some(column) = &columns.fold {
        let (of_row, names) = labels(table, column)?;
        let known = rows.iter().filter_map(|&row| of_row[row]);
        several(column, "--fold", known.map(Some))?;
        if names.len() > MOST_FOLDS {
            return Err(Error::Failed(format!(
                "--fold: column `{}` has {} different values, and at most {MOST_FOLDS} folds are trained: for rows that \
                 belong together, use --group and --folds",
                shown(column),
                integer(names.len())
            )));
        }
        let ranks = ranks(&names);
        splitter.fold_names = vec![String::new(); names.len()];
        for (name, &rank) in names.into_iter().zip(&ranks) {
            splitter.fold_names[rank] = name;
        }
        let folds = of_row.into_iter();
        splitter.folds = Some(folds.map(|fold| fold.map(|fold| ranks[fold])).collect());
    }
    one_fold_for_each_group(table, columns, &splitter, rows)?;
    Ok(splitter)
}

/// The number of the value of each row, in the order in which values appear, and the values. `None` for a row
/// without a value.
fn labels(table: &Table, column: &str) -> Result<(Vec<Option<usize>>, Vec<String>), Error> {
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::new();
    let mut number = |cell: Cell| {
        let name = cell.category()?;
        if let Some(&number) = numbers.get(name.as_ref()) {
            return Some(number);
        }
        let next = names.len();
        names.push(name.to_string());
        numbers.insert(name.into_owned(), next);
        Some(next)
    };
    let of_row = table.column(column)?.cells().map(&mut number).collect();
    Ok((of_row, names))
}

/// The place of each name in their order, in which numbers come in the order of their size.
fn ranks(names: &[String]) -> Vec<usize> {
    let key = |&place: &usize| names[place].parse::<f64>().unwrap_or(f64::INFINITY);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| {
        let by_size = key(a).total_cmp(&key(b));
        by_size.then_with(|| names[*a].cmp(&names[*b]))
    });
    let mut ranks = vec![0; names.len()];
    for (rank, place) in order.into_iter().enumerate() {
        ranks[place] = rank;
    }
    ranks
}

/// Checks that rows have at least two different values.
fn several(
    column: &str,
    option: &str,
    mut of_rows: impl Iterator<Item = Option<usize>>,
) -> Result<(), Error> {
    let first = of_rows.next().flatten();
    match first.is_some() && of_rows.all(|value| value == first)
        || first.is_none() && of_rows.next().is_none()
    {
        false => Ok(()),
        true => Err(Error::Failed(format!(
            "{option}: all rows have the same value in column `{}`, so that they cannot be split by it",
            shown(column)
        ))),
    }
}

/// The time of each row of the table, which is 0 outside `rows`.
fn times(table: &Table, column: &str, rows: &[usize], gap: Option<Gap>) -> Result<Vec<f64>, Error> {
    let mut times = vec![0.0; table.rows()];
    let mut wanted = rows.iter().peekable();
    let (mut numbers, mut dates) = (false, false);
    for (row, cell) in table.column(column)?.cells().enumerate() {
        if wanted.next_if_eq(&&row).is_none() {
            continue;
        }
        let number = cell.number();
        let time = number.or_else(|| cell.date());
        let Some(time) = time.filter(|time| time.is_finite()) else {
            return Err(Error::Table(table.cell_error(CellError {
                column: column.to_string(),
                row,
                value: cell.category().unwrap_or_default().into_owned(),
                expected: "times, which are numbers or dates, one in each row",
            })));
        };
        numbers |= number.is_some();
        dates |= number.is_none();
        times[row] = time;
    }
    let name = shown(column);
    let reason = match gap {
        _ if numbers && dates => {
            let reason = format!(
                "--time: column `{name}` has both numbers and dates: times are one or the other"
            );
            return Err(Error::Failed(reason));
        }
        Some(gap @ Gap::Seconds(_)) if numbers => {
            format!(
                "--gap {gap}: column `{name}` has numbers, so the gap is a number without a unit"
            )
        }
        Some(gap @ Gap::Number(number)) if dates && number > 0.0 => {
            format!("--gap {gap}: column `{name}` has dates, so the gap needs a unit, as in {gap}d")
        }
        _ => return Ok(times),
    };
    Err(Error::Config(reason))
}

/// Checks that the last rows can be predicted from the first ones.
fn check_times(
    column: &str,
    times: impl Iterator<Item = f64>,
    gap: Option<Gap>,
) -> Result<(), Error> {
    let bounds = (f64::INFINITY, f64::NEG_INFINITY);
    let (first, last) = times.fold(bounds, |(a, b), time| (a.min(time), b.max(time)));
    let name = shown(column);
    match gap {
        _ if first >= last => Err(Error::Failed(format!(
            "--time: all rows have the same time in column `{name}`, so that none is later than another"
        ))),
        Some(gap) if first + gap.number() > last => Err(Error::Config(format!(
            "--gap {gap}: longer than the time from the first to the last row in column `{name}`"
        ))),
        _ => Ok(()),
    }
}

/// Checks that no group has rows in several folds.
fn one_fold_for_each_group(
    table: &Table,
    columns: &SplitColumns,
    splitter: &Splitter,
    rows: &[usize],
) -> Result<(), Error> {
    let (Some(groups), Some(folds)) = (&splitter.groups, &splitter.folds) else {
        return Ok(());
    };
    let mut fold_of: HashMap<usize, (Option<usize>, usize)> = HashMap::new();
    for &row in rows {
        let &mut (fold, first) = fold_of.entry(groups[row]).or_insert((folds[row], row));
        if fold != folds[row] {
            let name = |column: &Option<String>| shown(column.as_deref().unwrap_or_default());
            return Err(Error::Failed(format!(
                "{} and {}: rows of one group of column `{}` are in several folds of column `{}`",
                table.location(first),
                table.location(row),
                name(&columns.group),
                name(&columns.fold)
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    fn rule(csv: &str, columns: &SplitColumns) -> Result<Splitter, String> {
        let bytes = Cursor::new(csv.to_string());
        let table = Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap();
        let rows: Vec<usize> = (0..table.rows()).collect();
        split_rule(&table, columns, &rows).map_err(|error| error.to_string())
    }

    fn by(group: &str, time: &str, fold: &str, gap: &str) -> SplitColumns {
        let column = |name: &str| (!name.is_empty()).then(|| name.to_string());
        SplitColumns {
            group: column(group),
            time: column(time),
            fold: column(fold),
            gap: gap.parse().ok(),
        }
    }

    #[test]
    fn values_become_numbers() {
        let csv = "g,t,f\na,1,10\nb,3.5,9\n,2,\na,1,10\n";
        let read = rule(csv, &by("g", "t", "", "1")).unwrap();
        assert_eq!(read.groups, Some(vec![0, 1, 4, 0]));
        assert_eq!(read.times, Some(vec![1.0, 3.5, 2.0, 1.0]));
        assert_eq!(read.gap, 1.0);
        let read = rule(csv, &by("", "", "f", "")).unwrap();
        assert_eq!(read.folds, Some(vec![Some(1), Some(0), None, Some(1)]));
        assert_eq!(read.fold_names, ["9", "10"]);
    }

    #[test]
    fn dates_are_times_and_their_gap_has_a_unit() {
        let csv = "d,x\n2024-01-01,1\n2024-01-03,2\n";
        let read = rule(csv, &by("", "d", "", "1d")).unwrap();
        let times = read.times.unwrap();
        assert_eq!(times[1] - times[0], 2.0 * 86_400.0);
        for (gap, words) in [
            ("1", "needs a unit, as in 1d"),
            ("9d", "longer than the time"),
        ] {
            let error = rule(csv, &by("", "d", "", gap)).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let error = rule(csv, &by("", "x", "", "1d")).unwrap_err();
        assert!(error.contains("a number without a unit"), "{error}");
    }

    #[test]
    fn rows_that_cannot_be_split_are_an_error() {
        let csv = "g,t,f\na,1,1\na,1,2\n";
        for (columns, words) in [
            (by("g", "", "", ""), "--group: all rows have the same value"),
            (by("", "t", "", ""), "--time: all rows have the same time"),
            (by("", "none", "", ""), "no column `none`"),
        ] {
            let error = rule(csv, &columns).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let error = rule("g,f\na,1\nb,2\na,2\n", &by("g", "", "f", "")).unwrap_err();
        assert!(error.contains("in several folds of column `f`"), "{error}");
        let error = rule("t\n1\nx\n", &by("", "t", "", "")).unwrap_err();
        assert!(
            error.starts_with("t.csv, data row 2: column `t`"),
            "{error}"
        );
    }
}
