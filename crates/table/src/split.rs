//! Splits of rows into training and validation.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The indices of rows to train on and of rows to validate on, each in ascending order.
///
/// ```
/// use backburn_table::Split;
///
/// let rows: Vec<usize> = (0..10).collect();
/// let split = Split::new(&rows, 0.2, None, 0);
/// assert_eq!((split.training.len(), split.validation.len()), (8, 2));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Rows to train on.
    pub training: Vec<usize>,
    /// Rows to validate on.
    pub validation: Vec<usize>,
}

impl Split {
    /// Selects a share of the rows for validation, at random from a seed. With `classes` (one for each
    /// of `rows`), the split is stratified: each class has the same share. At least one row of each
    /// class stays in training, whatever the share.
    pub fn new(rows: &[usize], share: f64, classes: Option<&[usize]>, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut split = Self {
            training: Vec::new(),
            validation: Vec::new(),
        };
        // Rows still to select for validation: the fractions of a row add up over the classes.
        let mut owed = 0.0;
        for mut group in groups(rows, classes) {
            group.shuffle(&mut rng);
            owed += group.len() as f64 * share;
            let taken = (owed.round() as usize).min(group.len() - 1);
            // Classes of a single row select none; the next class does not make up for all of them.
            owed = (owed - taken as f64).min(1.0);
            split.validation.extend(&group[..taken]);
            split.training.extend(&group[taken..]);
        }
        split.training.sort_unstable();
        split.validation.sort_unstable();
        split
    }
}

/// Splits rows into `k` folds at random from a seed. Each row is in the validation rows of exactly one
/// fold. With `classes` (one for each of `rows`), the folds are stratified: each class is spread evenly.
pub fn k_folds(rows: &[usize], k: usize, classes: Option<&[usize]>, seed: u64) -> Vec<Split> {
    let k = k.clamp(1, rows.len().max(1));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut folds = vec![Vec::new(); k];
    let mut next = 0;
    for mut group in groups(rows, classes) {
        group.shuffle(&mut rng);
        for row in group {
            folds[next % k].push(row);
            next += 1;
        }
    }
    folds.iter_mut().for_each(|rows| rows.sort_unstable());
    folds_of(&folds)
}

/// The folds with these validation rows: each is trained on the rows of all others.
pub fn folds_of(validation: &[Vec<usize>]) -> Vec<Split> {
    let fold = |fold: usize| {
        let others = validation.iter().enumerate();
        let others = others.filter(|(other, _)| *other != fold);
        let mut training: Vec<usize> = others.flat_map(|(_, rows)| rows).copied().collect();
        training.sort_unstable();
        Split {
            training,
            validation: validation[fold].clone(),
        }
    };
    (0..validation.len()).map(fold).collect()
}

fn groups(rows: &[usize], classes: Option<&[usize]>) -> Vec<Vec<usize>> {
    let Some(classes) = classes else {
        return match rows.is_empty() {
            true => Vec::new(),
            false => vec![rows.to_vec()],
        };
    };
    let count = classes.iter().max().map_or(0, |largest| largest + 1);
    let mut groups = vec![Vec::new(); count];
    for (&row, &class) in rows.iter().zip(classes) {
        groups[class].push(row);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_part() {
        let rows: Vec<usize> = (0..103).collect();
        let split = Split::new(&rows, 0.2, None, 7);
        assert_eq!(split.validation.len(), 21);
        let mut all = [split.training, split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
    }

    #[test]
    fn splits_are_stratified_by_class() {
        let rows: Vec<usize> = (0..100).collect();
        let classes: Vec<usize> = rows.iter().map(|row| usize::from(row % 10 == 0)).collect();
        let split = Split::new(&rows, 0.2, Some(&classes), 0);
        let rare = split.validation.iter().filter(|row| *row % 10 == 0).count();
        assert_eq!((split.validation.len(), rare), (20, 2));
    }

    #[test]
    fn a_small_class_does_not_make_up_for_classes_of_one_row() {
        let rows: Vec<usize> = (0..270).collect();
        // 60 classes of one row, one of ten, one of 200.
        let classes: Vec<usize> = rows.iter().map(|&row| row.min(60 + row / 70)).collect();
        let small = |row: &&usize| classes[**row] == 60;
        let split = Split::new(&rows, 0.1, Some(&classes), 0);
        assert_eq!(rows.iter().filter(small).count(), 10);
        assert!(split.validation.iter().filter(small).count() <= 2);
    }

    #[test]
    fn one_row_still_trains() {
        let split = Split::new(&[4], 0.9, None, 0);
        assert_eq!((split.training, split.validation), (vec![4], vec![]));
        assert!(Split::new(&[], 0.5, None, 0).training.is_empty());
    }

    #[test]
    fn folds_validate_each_row_once() {
        let rows: Vec<usize> = (0..11).collect();
        let folds = k_folds(&rows, 5, None, 0);
        let mut all: Vec<usize> = folds.iter().flat_map(|f| f.validation.clone()).collect();
        all.sort_unstable();
        assert_eq!((folds.len(), all), (5, rows));
        assert!(folds.iter().all(|fold| fold.training.len() >= 8));
    }
}
