//! How numbers are rounded before rows are compared.

use backburn_table::{ColumnKind, Table, within_range};
use rayon::prelude::*;

/// The largest number of values that the step of a column is computed from.
const SAMPLE: usize = 10_000;
/// Numbers are rounded to this share of the interquartile range of their column.
const STEP: f64 = 0.001;

/// How numbers are rounded before rows are compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounding {
    /// The step of each column. `None` for a column whose values are compared as they are.
    steps: Vec<Option<f64>>,
    /// By which part of a step the limits between rounded numbers are moved.
    shift: f64,
}

impl Rounding {
    /// Numbers are compared as they are.
    pub fn none() -> Self {
        Self::default()
    }

    /// Numbers of a column are rounded to a thousandth of its interquartile range in some rows of a table. If this range is
    /// 0, they are compared as they are.
    pub fn of_columns(table: &Table, columns: &[(&str, ColumnKind)], rows: &[usize]) -> Self {
        let skipped = rows.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<usize> = rows.iter().copied().step_by(skipped).collect();
        let step = |(name, kind): &(&str, ColumnKind)| match kind {
            ColumnKind::Numeric => step(table, name, &sample),
            _ => None,
        };
        Self {
            steps: columns.par_iter().map(step).collect(),
            shift: 0.0,
        }
    }

    /// Whether all values are compared as they are.
    pub fn is_exact(&self) -> bool {
        self.steps.iter().all(Option::is_none)
    }

    /// The same with steps that are larger by a factor.
    pub fn with_larger_steps(&self, factor: f64) -> Self {
        let steps = self.steps.iter();
        Self {
            steps: steps.map(|step| step.map(|step| step * factor)).collect(),
            shift: self.shift,
        }
    }

    /// The same with limits in the middle between those of this one.
    pub fn moved(&self) -> Self {
        Self {
            steps: self.steps.clone(),
            shift: self.shift + 0.5,
        }
    }

    /// A number of a column as it is compared.
    pub fn rounded(&self, column: usize, number: f32) -> f64 {
        let number = f64::from(number);
        match self.steps.get(column).copied().flatten() {
            Some(step) => (number / step + self.shift).floor(),
            None => number,
        }
    }
}

/// The step of a column of numbers; `None` if at least half of them are equal.
fn step(table: &Table, column: &str, sample: &[usize]) -> Option<f64> {
    let column = table.column(column).ok()?;
    let mut wanted = sample.iter().peekable();
    let mut numbers = Vec::with_capacity(sample.len());
    for (row, cell) in column.cells().enumerate() {
        if wanted.next_if_eq(&&row).is_some() {
            numbers.extend(cell.number().filter(|number| within_range(*number)));
        }
    }
    numbers.sort_unstable_by(f64::total_cmp);
    let at = |part: usize| numbers.get(numbers.len() * part / 4);
    let step = (at(3)? - at(1)?) * STEP;
    (step.is_normal() && step > 0.0).then_some(step)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::ReadOptions;

    use super::*;

    #[test]
    fn numbers_are_rounded_to_a_part_of_their_spread() {
        let rows: String = (0..400).map(|row| format!("{row},7,{row}\n")).collect();
        let csv = Cursor::new(format!("a,b,c\n{rows}"));
        let table = Table::from_reader("t", csv, &ReadOptions::default()).unwrap();
        let columns = [
            ("a", ColumnKind::Numeric),
            ("b", ColumnKind::Numeric),
            ("c", ColumnKind::Categorical),
        ];
        let rows: Vec<usize> = (0..400).collect();
        let rounding = Rounding::of_columns(&table, &columns, &rows);
        // The interquartile range of the first column is 200, and that of the second 0.
        let same = |rounding: &Rounding, column: usize, a: f32, b: f32| {
            rounding.rounded(column, a) == rounding.rounded(column, b)
        };
        assert!(same(&rounding, 0, 10.05, 10.15));
        assert!(!same(&rounding, 0, 10.15, 10.25));
        assert!(same(&rounding.moved(), 0, 10.15, 10.25));
        assert!(same(&rounding.with_larger_steps(10.0), 0, 10.15, 11.25));
        for column in [1, 2, 3] {
            assert!(!same(&rounding, column, 7.0, 7.001));
        }
        assert!(!same(&Rounding::none(), 0, 10.15, 10.151));
        assert!(Rounding::none().is_exact() && !rounding.is_exact());
    }
}
