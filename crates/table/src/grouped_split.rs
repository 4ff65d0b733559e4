//! Splits in which rows with the same label stay together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::split::Split;

/// Rows with the same label, with the number of rows of each class.
#[derive(Debug, Clone, Default)]
struct Unit {
    rows: Vec<usize>,
    classes: BTreeMap<usize, f64>,
}

/// The rows that a part of a split has so far.
#[derive(Debug, Clone)]
struct Part {
    /// The share of all rows that it shall have.
    share: f64,
    rows: Vec<usize>,
    classes: BTreeMap<usize, f64>,
}

/// Selects about a share of the rows for validation, so that rows with the same label stay together.
/// `labels` and `classes` have one value for each of `rows`. With classes, each has about the same share in
/// validation, and a class that a single label has stays in training where others can be selected.
/// Nothing is selected if there is one label only.
pub fn grouped_split(
    rows: &[usize],
    labels: &[usize],
    share: f64,
    classes: Option<&[usize]>,
    seed: u64,
) -> Split {
    let units = units(rows, labels, classes);
    let wanted = (rows.len() as f64 * share).round();
    if wanted < 1.0 || units.len() < 2 {
        return Split {
            training: rows.to_vec(),
            validation: Vec::new(),
        };
    }
    let rare = classes_of_one_label(&units);
    let is_needed = |unit: &Unit| unit.classes.keys().any(|class| rare.contains(class));
    let (needed, free): (Vec<Unit>, Vec<Unit>) = match classes.is_some() {
        true => units.into_iter().partition(is_needed),
        false => (Vec::new(), units),
    };
    let (needed, free) = match free.is_empty() {
        // Each label has a class of its own.
        true => (free, needed),
        false => (needed, free),
    };
    let share = share.clamp(1e-9, 1.0 - 1e-9);
    let mut parts = [Part::new(1.0 - share), Part::new(share)];
    let totals = totals(needed.iter().chain(&free), rows.len());
    needed.iter().for_each(|unit| parts[0].add(unit));
    let order = in_order(free, seed);
    let mut chosen = assigned(&order, &mut parts, &totals);
    // The smallest unit goes to a part that got none.
    for part in [0, 1] {
        let several = chosen.len() > 1 || !needed.is_empty();
        if parts[part].rows.is_empty()
            && several
            && let Some(last) = chosen.last_mut()
        {
            *last = part;
        }
    }
    let mut split = Split {
        training: needed.into_iter().flat_map(|unit| unit.rows).collect(),
        validation: Vec::new(),
    };
    for (unit, part) in order.into_iter().zip(chosen) {
        match part {
            0 => split.training.extend(unit.rows),
            _ => split.validation.extend(unit.rows),
        }
    }
    split.training.sort_unstable();
    split.validation.sort_unstable();
    split
}

/// The validation rows of `k` folds, so that rows with the same label stay together and the folds have about
/// the same size and the same share of each class. There are at most as many folds as labels.
pub fn grouped_folds(
    rows: &[usize],
    labels: &[usize],
    k: usize,
    classes: Option<&[usize]>,
    seed: u64,
) -> Vec<Vec<usize>> {
    let units = units(rows, labels, classes);
    let k = k.clamp(1, units.len().max(1));
    let mut parts = vec![Part::new(1.0); k];
    let totals = totals(units.iter(), rows.len());
    let order = in_order(units, seed);
    assigned(&order, &mut parts, &totals);
    let folds = parts.into_iter().map(|mut part| {
        part.rows.sort_unstable();
        part.rows
    });
    folds.collect()
}

/// Moves rows so that those with the same label are in one part: that of the first of them, in the order of
/// the parts if `by_part` and of the rows otherwise. Each part is in ascending order.
pub fn together(
    parts: &[Vec<usize>],
    label: impl Fn(usize) -> usize,
    by_part: bool,
) -> Vec<Vec<usize>> {
    let of_part = |(part, rows): (usize, &Vec<usize>)| {
        let rows = rows.iter().map(move |&row| (row, part));
        rows.collect::<Vec<_>>()
    };
    let mut rows: Vec<(usize, usize)> = parts.iter().enumerate().flat_map(of_part).collect();
    if !by_part {
        rows.sort_unstable();
    }
    let mut home: HashMap<usize, usize> = HashMap::new();
    let mut moved = vec![Vec::new(); parts.len()];
    for (row, part) in rows {
        let part = *home.entry(label(row)).or_insert(part);
        moved[part].push(row);
    }
    moved.iter_mut().for_each(|rows| rows.sort_unstable());
    moved
}

/// The rows by label, in the order in which the labels appear.
fn units(rows: &[usize], labels: &[usize], classes: Option<&[usize]>) -> Vec<Unit> {
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut units: Vec<Unit> = Vec::new();
    for (index, (&row, &label)) in rows.iter().zip(labels).enumerate() {
        let place = *places.entry(label).or_insert(units.len());
        if place == units.len() {
            units.push(Unit::default());
        }
        let class = classes.and_then(|classes| classes.get(index).copied());
        let unit = &mut units[place];
        unit.rows.push(row);
        *unit.classes.entry(class.unwrap_or(0)).or_insert(0.0) += 1.0;
    }
    units
}

/// The classes that a single unit has.
fn classes_of_one_label(units: &[Unit]) -> HashSet<usize> {
    let mut labels: HashMap<usize, usize> = HashMap::new();
    for class in units.iter().flat_map(|unit| unit.classes.keys()) {
        *labels.entry(*class).or_insert(0) += 1;
    }
    let rare = labels.into_iter().filter(|(_, labels)| *labels == 1);
    rare.map(|(class, _)| class).collect()
}

/// The classes of units with their numbers of rows.
fn all_classes<'a>(units: impl IntoIterator<Item = &'a Unit>) -> BTreeMap<usize, f64> {
    let mut all = BTreeMap::new();
    for unit in units {
        for (&class, rows) in &unit.classes {
            *all.entry(class).or_insert(0.0) += rows;
        }
    }
    all
}

/// The number of rows of each class and of all rows.
struct Totals {
    classes: BTreeMap<usize, f64>,
    rows: f64,
}

fn totals<'a>(units: impl IntoIterator<Item = &'a Unit>, rows: usize) -> Totals {
    Totals {
        classes: all_classes(units),
        rows: rows as f64,
    }
}

/// The largest units first, those of the same size in random order.
fn in_order(mut units: Vec<Unit>, seed: u64) -> Vec<Unit> {
    units.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    units.sort_by_key(|unit| Reverse(unit.rows.len()));
    units
}

/// Adds each unit to the part that then differs least from its share of the rows and of each class. Returns
/// the part of each unit.
fn assigned(units: &[Unit], parts: &mut [Part], totals: &Totals) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(units.len());
    for unit in units {
        let costs = parts.iter().map(|part| part.cost(unit, totals));
        let least = costs.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        let part = least.map_or(0, |(part, _)| part);
        parts[part].add(unit);
        chosen.push(part);
    }
    chosen
}

impl Part {
    fn new(share: f64) -> Self {
        Self {
            share,
            rows: Vec::new(),
            classes: BTreeMap::new(),
        }
    }

    fn add(&mut self, unit: &Unit) {
        self.rows.extend(&unit.rows);
        for (&class, rows) in &unit.classes {
            *self.classes.entry(class).or_insert(0.0) += rows;
        }
    }

    /// How much a unit adds to the sum of the squared shares of this part, relative to what it shall have.
    fn cost(&self, unit: &Unit, totals: &Totals) -> f64 {
        let added = |before: f64, more: f64, total: f64| {
            (2.0 * before * more + more * more) / (total * total).max(1.0)
        };
        let of_class = |(class, more): (&usize, &f64)| {
            let of = |classes: &BTreeMap<usize, f64>| classes.get(class).copied().unwrap_or(0.0);
            added(of(&self.classes), *more, of(&totals.classes))
        };
        let classes: f64 = unit.classes.iter().map(of_class).sum();
        let rows = added(self.rows.len() as f64, unit.rows.len() as f64, totals.rows);
        (classes + rows) / self.share
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::split::folds_of;

    /// Rows with labels and classes, drawn at random.
    fn drawn(seed: u64) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rows: Vec<usize> = (0..rng.random_range(2..200)).map(|row| row * 3).collect();
        let labels = rng.random_range(1..40);
        let classes = rng.random_range(1..5);
        let mut draw = |below: usize| rows.iter().map(|_| rng.random_range(0..below)).collect();
        let (labels, classes) = (draw(labels), draw(classes));
        (rows, labels, classes)
    }

    fn labels_of(part: &[usize], rows: &[usize], labels: &[usize]) -> Vec<usize> {
        let place = |row: &usize| rows.binary_search(row).unwrap();
        let mut found: Vec<usize> = part.iter().map(|row| labels[place(row)]).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn check(split: &Split, rows: &[usize], labels: &[usize]) {
        let mut all = [split.training.as_slice(), &split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        let training = labels_of(&split.training, rows, labels);
        let validation = labels_of(&split.validation, rows, labels);
        assert!(validation.iter().all(|label| !training.contains(label)));
    }

    #[test]
    fn no_label_is_on_both_sides_of_any_split() {
        for seed in 0..300 {
            let (rows, labels, classes) = drawn(seed);
            let several = labels.iter().any(|label| *label != labels[0]);
            for classes in [None, Some(classes.as_slice())] {
                for share in [0.1, 0.2, 0.5, 0.9] {
                    let split = grouped_split(&rows, &labels, share, classes, seed);
                    check(&split, &rows, &labels);
                    assert!(!split.training.is_empty());
                    if several && rows.len() as f64 * share >= 1.0 {
                        assert!(!split.validation.is_empty(), "{seed} {share}");
                    }
                }
                let folds = folds_of(&grouped_folds(&rows, &labels, 5, classes, seed));
                let mut left_out = Vec::new();
                for fold in &folds {
                    check(fold, &rows, &labels);
                    assert!(!fold.validation.is_empty());
                    left_out.extend(fold.validation.clone());
                }
                left_out.sort_unstable();
                assert_eq!(left_out, rows);
            }
        }
    }

    #[test]
    fn folds_have_about_the_same_size_and_classes() {
        let rows: Vec<usize> = (0..600).collect();
        let labels: Vec<usize> = rows.iter().map(|row| row / 6).collect();
        let classes: Vec<usize> = labels
            .iter()
            .map(|label| usize::from(label % 4 == 0))
            .collect();
        for fold in grouped_folds(&rows, &labels, 5, Some(&classes), 0) {
            let rare = fold.iter().filter(|&&row| classes[row] == 1).count();
            assert_eq!((fold.len(), rare), (120, 30));
        }
        let split = grouped_split(&rows, &labels, 0.2, Some(&classes), 0);
        let rare = split.validation.iter().filter(|&&row| classes[row] == 1);
        assert!((108..=132).contains(&split.validation.len()));
        assert!((24..=36).contains(&rare.count()));
    }

    #[test]
    fn a_class_of_one_label_stays_in_training() {
        let rows: Vec<usize> = (0..40).collect();
        let labels: Vec<usize> = rows.iter().map(|row| row / 4).collect();
        let classes: Vec<usize> = labels
            .iter()
            .map(|label| usize::from(*label == 7))
            .collect();
        for seed in 0..20 {
            let split = grouped_split(&rows, &labels, 0.3, Some(&classes), seed);
            assert!(split.validation.iter().all(|row| labels[*row] != 7));
            assert!(!split.validation.is_empty());
        }
    }

    #[test]
    fn rows_are_moved_to_the_first_of_their_label() {
        let parts = [vec![1, 4], vec![0, 3], vec![2, 5]];
        let label = |row: usize| if row == 5 { 1 } else { row };
        assert_eq!(
            together(&parts, label, false),
            [vec![1, 4, 5], vec![0, 3], vec![2]]
        );
        let label = |row: usize| if row == 4 { 0 } else { row };
        assert_eq!(
            together(&parts, label, true),
            [vec![0, 1, 4], vec![3], vec![2, 5]]
        );
        assert_eq!(together(&parts, |row| row, false), parts);
    }
}
