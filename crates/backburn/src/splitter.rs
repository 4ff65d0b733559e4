//! The rule by which the rows of a table are split.

use std::collections::{HashMap, HashSet};

use backburn_table::{Split, Timeline, folds_of, grouped_folds, grouped_split, k_folds, together};

/// If more than one in this many rows is a copy, splits are drawn anew with all copies of a row as one unit.
/// Otherwise the copies are moved, and all other rows stay where they are.
const FEW_COPIES: usize = 10;

/// The rule by which the rows of a table are split. All values are by row of the table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splitter {
    /// The group of each row.
    pub groups: Option<Vec<usize>>,
    /// The time of each row.
    pub times: Option<Vec<f64>>,
    /// The least time between training rows and the rows that they predict.
    pub gap: f64,
    /// The user's fold of each row.
    pub folds: Option<Vec<Option<usize>>>,
    /// The user's name of each of these folds.
    pub fold_names: Vec<String>,
    /// For each row a number that it shares with its copies; `None` if there are no copies.
    pub copies: Option<Vec<usize>>,
    /// Whether a row is one of the given validation rows; `None` if there are none.
    pub held_out: Option<Vec<bool>>,
}

impl Splitter {
    /// Whether the user says how rows are split.
    pub fn has_rule(&self) -> bool {
        self.groups.is_some() || self.times.is_some() || self.folds.is_some()
    }

    /// For each row, a number that it shares with the rows of its group, or with its copies.
    pub fn clusters(&self) -> Option<&[usize]> {
        self.groups.as_deref().or(self.copies.as_deref())
    }

    /// Whether later rows are predicted from earlier ones.
    pub fn is_in_time(&self) -> bool {
        self.times.is_some()
    }

    /// Whether the networks of an ensemble have the same validation rows.
    pub fn shares_validation(&self) -> bool {
        self.is_in_time() || self.held_out.is_some()
    }

    /// Whether every row may be in either of the two parts of a split.
    pub fn uses_all_rows(&self) -> bool {
        !(self.shares_validation() || self.has_rule() && self.copies.is_some())
    }

    /// The split of rows, which are in ascending order, by the given validation rows. `None` if there are none, or
    /// if all of the rows would be on one side.
    pub fn given_split(&self, rows: &[usize]) -> Option<Split> {
        let held_out = self.held_out.as_ref()?;
        let (validation, training): (Vec<usize>, Vec<usize>) =
            rows.iter().copied().partition(|&row| held_out[row]);
        (!training.is_empty() && !validation.is_empty()).then_some(Split {
            training,
            validation,
        })
    }

    /// The rule for these rows of the table, as rows of a table of their own.
    pub fn select(&self, rows: &[usize]) -> Self {
        fn of_rows<T: Copy>(values: Option<&Vec<T>>, rows: &[usize]) -> Option<Vec<T>> {
            values.map(|values| rows.iter().map(|&row| values[row]).collect())
        }
        Self {
            groups: of_rows(self.groups.as_ref(), rows),
            times: of_rows(self.times.as_ref(), rows),
            gap: self.gap,
            folds: of_rows(self.folds.as_ref(), rows),
            fold_names: self.fold_names.clone(),
            copies: of_rows(self.copies.as_ref(), rows),
            held_out: of_rows(self.held_out.as_ref(), rows),
        }
    }

    /// Divides rows, which are in ascending order, into training and validation. `classes` has one value for each
    /// of them.
    pub fn split(&self, rows: &[usize], share: f64, classes: Option<&[usize]>, seed: u64) -> Split {
        let split = match &self.times {
            Some(times) => self.timeline(rows, times).last_part(share, seed),
            None => self.part(rows, share, classes, seed),
        };
        self.without_copies(split)
    }

    /// Divides rows like [`split`](Self::split), but without regard to time: for parts that do not predict each
    /// other.
    pub fn part(&self, rows: &[usize], share: f64, classes: Option<&[usize]>, seed: u64) -> Split {
        if let Some(labels) = self.units(rows) {
            return grouped_split(rows, &labels, share, classes, seed);
        }
        let split = Split::new(rows, share, classes, seed);
        let Some(copies) = &self.copies else {
            return split;
        };
        let had_validation = !split.validation.is_empty();
        let parts = [split.training, split.validation];
        let mut parts = together(&parts, |row| copies[row], true).into_iter();
        let mut next = || parts.next().unwrap_or_default();
        let split = Split {
            training: next(),
            validation: next(),
        };
        match had_validation && split.validation.is_empty() {
            true => grouped_split(rows, &labels(copies, rows), share, classes, seed),
            false => split,
        }
    }

    /// Folds of rows, which are in ascending order. At least one; fewer than `k` if the rule allows no more.
    pub fn k_folds(
        &self,
        rows: &[usize],
        k: usize,
        classes: Option<&[usize]>,
        seed: u64,
    ) -> Vec<Split> {
        let folds = match &self.times {
            Some(times) => self.timeline(rows, times).forward(k, seed),
            None => self.random_folds(rows, k, classes, seed),
        };
        if folds.is_empty() || rows.len() > 1 && folds.len() == 1 && folds[0].training.is_empty() {
            // One unit cannot be divided.
            return vec![Split {
                training: rows.to_vec(),
                validation: Vec::new(),
            }];
        }
        let folds = folds.into_iter().map(|split| self.without_copies(split));
        folds.collect()
    }

    /// The folds of a cross-validation: those of the user, or else [`k_folds`](Self::k_folds). Each has training
    /// rows and validation rows.
    pub fn outer_folds(
        &self,
        rows: &[usize],
        k: usize,
        classes: Option<&[usize]>,
        seed: u64,
    ) -> Vec<Split> {
        let mut folds: Vec<Split> = match &self.folds {
            Some(folds) => {
                let given = given_folds(folds, rows);
                let given = given.into_iter().map(|split| self.without_copies(split));
                given.collect()
            }
            None => self.k_folds(rows, k, classes, seed),
        };
        folds.retain(|fold| !fold.training.is_empty() && !fold.validation.is_empty());
        folds
    }

    /// The user's name of the fold that is left out by a split of [`outer_folds`](Self::outer_folds).
    pub fn fold_name(&self, split: &Split) -> Option<&str> {
        let fold = self.folds.as_ref()?[*split.validation.first()?]?;
        self.fold_names.get(fold).map(String::as_str)
    }

    fn random_folds(
        &self,
        rows: &[usize],
        k: usize,
        classes: Option<&[usize]>,
        seed: u64,
    ) -> Vec<Split> {
        let grouped = |labels: &[usize]| folds_of(&grouped_folds(rows, labels, k, classes, seed));
        if let Some(labels) = self.units(rows) {
            return grouped(&labels);
        }
        let folds = k_folds(rows, k, classes, seed);
        let Some(copies) = &self.copies else {
            return folds;
        };
        let parts: Vec<Vec<usize>> = folds.into_iter().map(|fold| fold.validation).collect();
        let moved = together(&parts, |row| copies[row], false);
        match moved.iter().any(Vec::is_empty) {
            true => grouped(&labels(copies, rows)),
            false => folds_of(&moved),
        }
    }

    /// The unit that each row belongs to, if units are drawn instead of rows.
    fn units(&self, rows: &[usize]) -> Option<Vec<usize>> {
        if let Some(folds) = &self.folds {
            // A row in no fold is with its group, or a unit of its own.
            let group = |row: usize| self.groups.as_ref().map_or(row, |groups| groups[row]);
            let unit = |&row: &usize| folds[row].map_or_else(|| (1, group(row)), |fold| (0, fold));
            let units: Vec<(usize, usize)> = rows.iter().map(unit).collect();
            let different: HashSet<&(usize, usize)> = units.iter().collect();
            if different.len() > 1 {
                let mut numbers = HashMap::new();
                let units = units.into_iter().map(|unit| {
                    let next = numbers.len();
                    *numbers.entry(unit).or_insert(next)
                });
                return Some(units.collect());
            }
        }
        if let Some(groups) = &self.groups {
            return Some(labels(groups, rows));
        }
        let copies = self.copies.as_ref()?;
        let labels = labels(copies, rows);
        let different: HashSet<usize> = labels.iter().copied().collect();
        let many = (rows.len() - different.len()) * FEW_COPIES > rows.len();
        many.then_some(labels)
    }

    fn timeline<'a>(&'a self, rows: &'a [usize], times: &'a [f64]) -> Timeline<'a> {
        Timeline {
            rows,
            times,
            gap: self.gap,
            groups: self.groups.as_deref(),
        }
    }

    /// The split without training rows that are copies of validation rows. Where the user says how rows are split,
    /// copies may be on both sides.
    fn without_copies(&self, mut split: Split) -> Split {
        if let Some(copies) = &self.copies
            && self.has_rule()
        {
            let held_out: HashSet<usize> =
                split.validation.iter().map(|&row| copies[row]).collect();
            split
                .training
                .retain(|&row| !held_out.contains(&copies[row]));
        }
        split
    }
}

fn labels(of_table: &[usize], rows: &[usize]) -> Vec<usize> {
    rows.iter().map(|&row| of_table[row]).collect()
}

/// The user's folds of rows, in the order of their numbers.
fn given_folds(folds: &[Option<usize>], rows: &[usize]) -> Vec<Split> {
    let mut numbers: Vec<usize> = rows.iter().filter_map(|&row| folds[row]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let split = |fold: usize| {
        let is_in = |row: &usize| folds[*row] == Some(fold);
        let (validation, training) = rows.iter().copied().partition(is_in);
        Split {
            training,
            validation,
        }
    };
    numbers.into_iter().map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<usize> {
        (0..100).collect()
    }

    /// Row 99 is a copy of row 3.
    fn with_a_copy() -> Splitter {
        let mut copies = rows();
        copies[99] = 3;
        Splitter {
            copies: Some(copies),
            ..Splitter::default()
        }
    }

    fn side(split: &Split, row: usize) -> bool {
        split.validation.contains(&row)
    }

    #[test]
    fn without_a_rule_and_copies_splits_are_those_of_the_rows() {
        let (rows, splitter) = (rows(), Splitter::default());
        let classes: Vec<usize> = rows.iter().map(|row| row % 3).collect();
        for classes in [None, Some(classes.as_slice())] {
            let split = splitter.split(&rows, 0.2, classes, 4);
            assert_eq!(split, Split::new(&rows, 0.2, classes, 4));
            let folds = splitter.outer_folds(&rows, 7, classes, 4);
            assert_eq!(folds, k_folds(&rows, 7, classes, 4));
        }
    }

    #[test]
    fn few_copies_are_moved_and_no_other_row() {
        let (rows, splitter) = (rows(), with_a_copy());
        for seed in 0..30 {
            let split = splitter.split(&rows, 0.2, None, seed);
            let plain = Split::new(&rows, 0.2, None, seed);
            assert_eq!(side(&split, 3), side(&split, 99));
            let changed = rows
                .iter()
                .filter(|&&row| side(&split, row) != side(&plain, row));
            assert!(changed.count() <= 1);
            let folds = splitter.k_folds(&rows, 5, None, seed);
            let plain = k_folds(&rows, 5, None, seed);
            for (fold, plain) in folds.iter().zip(&plain) {
                assert_eq!(side(fold, 3), side(fold, 99));
                let changed = rows
                    .iter()
                    .filter(|&&row| side(fold, row) != side(plain, row));
                assert!(changed.filter(|&&row| row != 99).count() == 0);
            }
        }
    }

    #[test]
    fn many_copies_are_drawn_as_one() {
        let rows = rows();
        let splitter = Splitter {
            copies: Some(rows.iter().map(|row| row / 5).collect()),
            ..Splitter::default()
        };
        for seed in 0..30 {
            for fold in splitter.outer_folds(&rows, 5, None, seed) {
                assert_eq!(fold.validation.len(), 20);
                assert!(
                    rows.iter()
                        .all(|&row| side(&fold, row) == side(&fold, row / 5 * 5))
                );
            }
        }
        assert_eq!(splitter.outer_folds(&rows, 50, None, 0).len(), 20);
    }

    #[test]
    fn copies_in_several_groups_are_left_out_of_training() {
        let (rows, mut splitter) = (rows(), with_a_copy());
        splitter.groups = Some(rows.iter().map(|row| row / 10).collect());
        for fold in splitter.outer_folds(&rows, 5, None, 0) {
            let trained = |row: &usize| fold.training.contains(row);
            assert!(!(side(&fold, 3) && trained(&99)));
            assert!(!(side(&fold, 99) && trained(&3)));
        }
        assert!(!splitter.uses_all_rows());
    }

    #[test]
    fn the_folds_of_the_user_are_used_as_they_are() {
        let rows = rows();
        let mut folds: Vec<Option<usize>> = rows.iter().map(|row| Some(row % 4)).collect();
        folds[0] = None;
        let splitter = Splitter {
            folds: Some(folds),
            fold_names: ["1998", "1999", "2000", "2001"]
                .map(str::to_string)
                .to_vec(),
            ..Splitter::default()
        };
        let given = splitter.outer_folds(&rows, 2, None, 0);
        assert_eq!(given.len(), 4);
        assert!(given.iter().all(|fold| fold.training.contains(&0)));
        assert!(given[1].validation.iter().all(|row| row % 4 == 1));
        assert_eq!(splitter.fold_name(&given[1]), Some("1999"));
        // Other splits keep each fold together.
        let split = splitter.split(&rows, 0.25, None, 0);
        let mut kept: Vec<usize> = split
            .validation
            .iter()
            .filter(|row| **row > 0)
            .map(|row| row % 4)
            .collect();
        kept.dedup();
        assert_eq!(kept.len(), 1);
    }

    #[test]
    fn a_single_group_is_not_divided() {
        let rows = rows();
        let splitter = Splitter {
            groups: Some(vec![0; 100]),
            ..Splitter::default()
        };
        let folds = splitter.k_folds(&rows, 5, None, 0);
        assert_eq!(folds[0].training, rows);
        assert!(splitter.outer_folds(&rows, 5, None, 0).is_empty());
    }

    #[test]
    fn given_validation_rows_are_one_side() {
        let splitter = Splitter {
            held_out: Some(rows().iter().map(|row| row % 10 == 9).collect()),
            ..Splitter::default()
        };
        let split = splitter.given_split(&rows()).unwrap();
        assert_eq!((split.training.len(), split.validation.len()), (90, 10));
        assert!(split.validation.iter().all(|row| row % 10 == 9));
        assert_eq!(splitter.given_split(&[0, 1, 2]), None);
        assert_eq!(Splitter::default().given_split(&rows()), None);
        let selected = splitter.select(&[8, 9]);
        assert_eq!(selected.held_out, Some(vec![false, true]));
    }

    #[test]
    fn selected_rows_keep_their_groups() {
        let splitter = Splitter {
            groups: Some(vec![7, 8, 9]),
            times: Some(vec![1.0, 2.0, 3.0]),
            ..Splitter::default()
        };
        let selected = splitter.select(&[0, 2]);
        assert_eq!(selected.groups, Some(vec![7, 9]));
        assert_eq!(selected.times, Some(vec![1.0, 3.0]));
    }
}
