//! Which rows train, and which validate.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The indices of rows to train on and of rows to validate on, each in rising order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on.
    pub training: Vec<usize>,
    /// Rows to validate on.
    pub validation: Vec<usize>,
}

impl Split {
    /// Sets a share of the rows aside for validation, at random from a seed. With `classes` (one
    /// for each of `rows`), each class gives its share. Whatever the share, at least one row
    /// trains.
    pub fn new(rows: &[usize], share: f64, classes: Option<&[usize]>, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut split = Self {
            training: Vec::new(),
            validation: Vec::new(),
        };
        // What the share owes each class in whole rows; the fractions add up along the classes.
        let mut owed = 0.0;
        for mut group in groups(rows, classes) {
            group.shuffle(&mut rng);
            owed += group.len() as f64 * share;
            let taken = (owed.round() as usize).min(group.len() - 1);
            // What classes of a single row cannot give is not all taken from the next one.
            owed = (owed - taken as f64).min(1.0);
            split.validation.extend(&group[..taken]);
            split.training.extend(&group[taken..]);
        }
        split.training.sort_unstable();
        split.validation.sort_unstable();
        split
    }
}

/// Splits rows `k` ways at random from a seed, each row validating once. With `classes` (one for
/// each of `rows`), each class is spread evenly.
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
    (0..k)
        .map(|fold| {
            let mut training: Vec<usize> = folds
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != fold)
                .flat_map(|(_, rows)| rows.iter().copied())
                .collect();
            let mut validation = folds[fold].clone();
            training.sort_unstable();
            validation.sort_unstable();
            Split {
                training,
                validation,
            }
        })
        .collect()
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
    fn every_row_is_on_one_side() {
        let rows: Vec<usize> = (0..103).collect();
        let split = Split::new(&rows, 0.2, None, 7);
        assert_eq!(split.validation.len(), 21);
        let mut all = [split.training, split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
    }

    #[test]
    fn classes_are_split_alike() {
        let rows: Vec<usize> = (0..100).collect();
        let classes: Vec<usize> = rows.iter().map(|row| usize::from(row % 10 == 0)).collect();
        let split = Split::new(&rows, 0.2, Some(&classes), 0);
        let rare = split.validation.iter().filter(|row| *row % 10 == 0).count();
        assert_eq!((split.validation.len(), rare), (20, 2));
    }

    #[test]
    fn a_small_class_does_not_give_for_those_of_one_row() {
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
