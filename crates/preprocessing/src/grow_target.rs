//! New classes, and wider bounds, of a fitted target.

use std::collections::BTreeSet;

use backburn_table::{Cell, Table, TableError, numbers_in_one_spelling};

use crate::category_index::CategoryIndex;
use crate::target::Target;
use crate::target_fit::MAX_CLASSES;

impl Target {
    /// The target with the classes of some rows of a table that it does not know yet, after the known ones, and these
    /// classes. A threshold and costs are those of the old classes: where there are new ones, the most likely class
    /// is predicted. A target of numbers is not changed.
    ///
    /// # Errors
    ///
    /// The table does not have the column, or there would be more than 10,000 classes.
    pub fn with_new_classes(
        &self,
        table: &Table,
        rows: &[usize],
    ) -> Result<(Self, Vec<String>), TableError> {
        let Self::Classification {
            column,
            classes,
            temperature,
            ..
        } = self
        else {
            return Ok((self.clone(), Vec::new()));
        };
        let index = CategoryIndex::new(classes);
        let cells: Vec<Cell> = table.column(column)?.cells().collect();
        let cells = rows.iter().filter_map(|&row| cells.get(row));
        let unknown = cells.filter(|cell| index.get(cell).is_none());
        let unknown = unknown.filter_map(|cell| cell.category());
        let unknown: BTreeSet<String> = unknown.map(|name| name.into_owned()).collect();
        let mut new = numbers_in_one_spelling(unknown.into_iter().collect());
        new.retain(|name| !classes.contains(name));
        if new.is_empty() {
            return Ok((self.clone(), new));
        }
        let found = classes.len() + new.len();
        if found > MAX_CLASSES {
            let reason = format!(
                "target `{column}` would have {found} classes, more than the {MAX_CLASSES} allowed"
            );
            return Err(table.unusable(reason));
        }
        let grown = Self::Classification {
            column: column.clone(),
            classes: [classes.as_slice(), &new].concat(),
            temperature: *temperature,
            decision: None,
        };
        Ok((grown, new))
    }

    /// The target whose bounds include further values that a model was trained on. `before` is the number of rows
    /// that the bounds are of. A target without bounds is not changed.
    #[must_use]
    pub fn with_wider_bounds(mut self, values: &[f64], before: usize) -> Self {
        let Self::Regression {
            bounds: Some(bounds),
            at_bounds,
            ..
        } = &mut self
        else {
            return self;
        };
        let known = values.iter().copied().filter(|value| value.is_finite());
        let known: Vec<f64> = known.collect();
        let old = *bounds;
        bounds[0] = known.iter().copied().fold(bounds[0], f64::min);
        bounds[1] = known.iter().copied().fold(bounds[1], f64::max);
        let all = (before + known.len()).max(1) as f64;
        if let Some(shares) = at_bounds {
            let sides = bounds.iter().zip(&old);
            for (share, (bound, old)) in shares.iter_mut().zip(sides) {
                let here = known.iter().filter(|value| *value == bound).count() as f64;
                let there = match bound == old {
                    true => *share * before as f64,
                    false => 0.0,
                };
                *share = ((here + there) / all).clamp(0.0, 1.0);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use backburn_table::ReadOptions;

    use super::*;
    use crate::decision::Decision;
    use crate::task::Task;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn new_classes_follow_the_known_ones() {
        let old = table("x,y\n1,b\n2,d\n3,b\n5,d\n");
        let all = [0, 1, 2, 3];
        let target = Target::fit(&old, "y", Task::Classification, &all, &all).unwrap();
        let decision = Decision {
            positive: Some(1),
            threshold: Some(0.2),
            ..Decision::default()
        };
        let target = target.with_decision(Some(decision));
        let (grown, new) = target
            .with_new_classes(&table("x,y\n1,c\n2,a\n3,d\n5,z\n"), &[0, 1, 2])
            .unwrap();
        assert_eq!(new, ["a", "c"]);
        assert_eq!(grown.class_names().unwrap(), ["b", "d", "a", "c"]);
        assert_eq!((grown.decision(), grown.problem()), (None, None));
        let (same, new) = target.with_new_classes(&old, &all).unwrap();
        assert_eq!((same, new.len()), (target, 0));
    }

    #[test]
    fn bounds_become_wider_and_never_narrower() {
        let old = table("x,y\n7,1\n7,5\n7,9\n7,9\n");
        let all = [0, 1, 2, 3];
        let target = Target::fit(&old, "y", Task::Regression, &all, &all).unwrap();
        let target = target.with_bounds(&old, &all).unwrap();
        let Target::Regression {
            bounds, at_bounds, ..
        } = target.with_wider_bounds(&[-3.0, 9.0, 2.0, f64::NAN], 4)
        else {
            panic!("numbers");
        };
        assert_eq!(bounds, Some([-3.0, 9.0]));
        let [low, high] = at_bounds.unwrap();
        assert!((low - 1.0 / 7.0).abs() < 1e-12 && (high - 3.0 / 7.0).abs() < 1e-12);
    }
}
