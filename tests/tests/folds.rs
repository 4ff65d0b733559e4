//! Folds: each row validates once, trains in all other folds, and classes are spread evenly.

use std::collections::BTreeSet;

use backburn_table::{Split, k_folds};
use proptest::prelude::*;

/// Rows of a table, some of which are left out, with a class for each.
fn rows_and_classes() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let row = (1..4usize, 0..5usize);
    proptest::collection::vec(row, 1..120).prop_map(|steps| -> (Vec<usize>, Vec<usize>) {
        let mut next = 0;
        let row = |(step, class): (usize, usize)| {
            next += step;
            (next, class)
        };
        steps.into_iter().map(row).unzip()
    })
}

/// How many of the rows are of a class.
fn of_class(validation: &[usize], rows: &[usize], classes: &[usize], class: usize) -> usize {
    let validation: BTreeSet<usize> = validation.iter().copied().collect();
    let both = rows.iter().zip(classes);
    both.filter(|(row, of)| **of == class && validation.contains(*row))
        .count()
}

/// The least and the most of some counts.
fn range(counts: impl Iterator<Item = usize>) -> (usize, usize) {
    counts.fold((usize::MAX, 0), |(least, most), count| {
        (least.min(count), most.max(count))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_row_validates_once_and_classes_are_spread(
        (rows, classes) in rows_and_classes(),
        k in 1..12usize,
        stratified: bool,
        seed: u64,
    ) {
        let given = stratified.then_some(classes.as_slice());
        let folds = k_folds(&rows, k, given, seed);
        prop_assert_eq!(folds.len(), k.min(rows.len()));
        prop_assert_eq!(&k_folds(&rows, k, given, seed), &folds, "one seed, one answer");

        let mut validated: Vec<usize> = Vec::new();
        for fold in &folds {
            prop_assert!(!fold.validation.is_empty());
            prop_assert!(fold.validation.is_sorted() && fold.training.is_sorted());
            let mut all = [fold.training.as_slice(), &fold.validation].concat();
            all.sort_unstable();
            prop_assert_eq!(&all, &rows, "a row is on one side");
            validated.extend(&fold.validation);
        }
        validated.sort_unstable();
        prop_assert_eq!(&validated, &rows, "each row validates once");

        let (least, most) = range(folds.iter().map(|fold| fold.validation.len()));
        prop_assert!(most - least <= 1, "folds of {least} to {most} rows");
        if stratified {
            for class in 0..5 {
                let count = |fold: &Split| of_class(&fold.validation, &rows, &classes, class);
                let (least, most) = range(folds.iter().map(count));
                prop_assert!(most - least <= 1, "{least} to {most} rows of class {class}");
            }
        }
    }
}

#[test]
fn a_rare_class_is_in_as_many_folds_as_it_has_rows() {
    let rows: Vec<usize> = (0..100).collect();
    let classes: Vec<usize> = rows.iter().map(|row| usize::from(*row >= 97)).collect();
    for seed in 0..20 {
        let folds = k_folds(&rows, 5, Some(&classes), seed);
        let rare: Vec<usize> = folds
            .iter()
            .map(|fold| of_class(&fold.validation, &rows, &classes, 1))
            .collect();
        assert_eq!(rare.iter().sum::<usize>(), 3, "{rare:?}");
        assert!(rare.iter().all(|count| *count <= 1), "{rare:?}");
    }
}

#[test]
fn seeds_shuffle_and_odd_numbers_of_folds_are_bounded() {
    let rows: Vec<usize> = (0..50).collect();
    assert_ne!(k_folds(&rows, 5, None, 0), k_folds(&rows, 5, None, 1));
    // One fold leaves nothing to train on, and none is taken for one.
    for k in [0, 1] {
        let folds = k_folds(&rows, k, None, 0);
        assert_eq!(folds.len(), 1);
        assert_eq!(folds[0].validation, rows);
        assert!(folds[0].training.is_empty());
    }
    assert_eq!(k_folds(&rows, 1000, None, 0).len(), 50);
    let nothing = k_folds(&[], 5, None, 0);
    assert!(nothing.iter().all(|fold| fold.validation.is_empty()));
}
