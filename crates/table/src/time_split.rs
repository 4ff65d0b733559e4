//! Splits in which later rows are predicted from earlier ones.

use std::collections::HashSet;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::split::Split;

/// Rows in time. Every training row of a split is earlier than all of its validation rows.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'a> {
    /// The rows, in ascending order.
    pub rows: &'a [usize],
    /// The time of each row of the table.
    pub times: &'a [f64],
    /// The least time between a training row and a validation row.
    pub gap: f64,
    /// The group of each row of the table. A group that has rows before and after the end of training is on
    /// one side only; its rows on the other side are left out.
    pub groups: Option<&'a [usize]>,
}

impl Timeline<'_> {
    /// The split whose validation rows are the last ones, about a share of all. Without validation rows if no
    /// row is early enough to predict them.
    pub fn last_part(&self, share: f64, seed: u64) -> Split {
        let all = Split {
            training: self.rows.to_vec(),
            validation: Vec::new(),
        };
        let wanted = (self.rows.len() as f64 * share).round();
        let sorted = self.sorted();
        let target = self.rows.len() as f64 - wanted;
        if wanted < 1.0 {
            return all;
        }
        let turns = (1.0 / share).round().clamp(2.0, 10.0) as usize;
        match nearest(&self.boundaries(&sorted), &[target]).first() {
            Some(&cut) => {
                let split = self.between(sorted[cut], None, (0, turns), seed);
                if split.validation.is_empty() || split.training.is_empty() {
                    all
                } else {
                    split
                }
            }
            None => all,
        }
    }

    /// Forward chaining: the rows are divided into `k + 1` parts in the order of time, and each part but the
    /// first is predicted from all earlier ones. Fewer splits if there are not enough different times.
    pub fn forward(&self, k: usize, seed: u64) -> Vec<Split> {
        let sorted = self.sorted();
        let boundaries = self.boundaries(&sorted);
        let k = k.min(boundaries.len());
        let part = sorted.len() as f64 / (k + 1) as f64;
        let targets: Vec<f64> = (1..=k).map(|fold| part * fold as f64).collect();
        let cuts = nearest(&boundaries, &targets);
        let split = |fold: usize| {
            let end = cuts.get(fold + 1).map(|&cut| sorted[cut]);
            self.between(sorted[cuts[fold]], end, (fold, k.max(2)), seed)
        };
        let splits = (0..cuts.len()).map(split);
        splits
            .filter(|split| !split.training.is_empty() && !split.validation.is_empty())
            .collect()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted: Vec<f64> = self.rows.iter().map(|&row| self.times[row]).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }

    /// The positions in the order of time at which validation may begin: rows of the same time are on the same
    /// side, and the first row is early enough to train on.
    fn boundaries(&self, sorted: &[f64]) -> Vec<usize> {
        let begins = |&place: &usize| {
            let (before, time) = (sorted[place - 1], sorted[place]);
            before < time && sorted[0] + self.gap <= time
        };
        (1..sorted.len()).filter(begins).collect()
    }

    /// Validates on the rows from a time on, up to the time `end` if there is one. `turn`, of several, selects
    /// which of the groups on both sides are validated.
    fn between(&self, from: f64, end: Option<f64>, turn: (usize, usize), seed: u64) -> Split {
        let select = |wanted: &dyn Fn(f64) -> bool| {
            let rows = self.rows.iter().copied();
            rows.filter(|&row| wanted(self.times[row])).collect()
        };
        let mut split = Split {
            training: select(&|time| time < from && time + self.gap <= from),
            validation: select(&|time| time >= from && end.is_none_or(|end| time < end)),
        };
        if let Some(groups) = self.groups {
            separate(&mut split, groups, turn, seed);
        }
        split
    }
}

/// Takes each group that is on both sides of a split from one of them: from training for one in `turns` of
/// these groups, and from validation for the others.
fn separate(split: &mut Split, groups: &[usize], (turn, turns): (usize, usize), seed: u64) {
    let of_training: HashSet<usize> = split.training.iter().map(|&row| groups[row]).collect();
    let mut both: Vec<usize> = split.validation.iter().map(|&row| groups[row]).collect();
    both.retain(|group| of_training.contains(group));
    both.sort_unstable();
    both.dedup();
    both.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let turns = turns.min(both.len()).max(1);
    let places = both.iter().enumerate();
    let validated = places.filter(|(place, _)| place % turns == turn % turns);
    let validated: HashSet<usize> = validated.map(|(_, group)| *group).collect();
    let both: HashSet<usize> = both.into_iter().collect();
    split
        .training
        .retain(|&row| !validated.contains(&groups[row]));
    split.validation.retain(|&row| {
        let group = groups[row];
        validated.contains(&group) || !both.contains(&group)
    });
}

/// For each of the rising `targets`, the nearest of the boundaries, each of which is used once. There are at
/// least as many boundaries as targets, or else the last targets get none.
fn nearest(boundaries: &[usize], targets: &[f64]) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut first = 0;
    for (index, target) in targets.iter().enumerate() {
        let left = targets.len() - index - 1;
        let last = boundaries.len().saturating_sub(left);
        let distance = |&place: &usize| (boundaries[place] as f64 - target).abs();
        let places = first..last;
        let Some(place) = places.min_by(|a, b| distance(a).total_cmp(&distance(b))) else {
            break;
        };
        chosen.push(boundaries[place]);
        first = place + 1;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    fn check(split: &Split, timeline: &Timeline) {
        let time = |row: &usize| timeline.times[*row];
        let last = split.training.iter().map(time).fold(f64::MIN, f64::max);
        let first = split.validation.iter().map(time).fold(f64::MAX, f64::min);
        if !split.validation.is_empty() {
            assert!(last < first && last + timeline.gap <= first);
        }
        if let Some(groups) = timeline.groups {
            for row in &split.validation {
                let same = |other: &usize| groups[*other] == groups[*row];
                assert!(!split.training.iter().any(same));
            }
        }
        for part in [&split.training, &split.validation] {
            assert!(part.is_sorted());
            assert!(part.iter().all(|row| timeline.rows.contains(row)));
        }
    }

    #[test]
    fn no_later_row_is_before_an_earlier_one_in_any_split() {
        for seed in 0..300 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let rows: Vec<usize> = (0..rng.random_range(1..120)).map(|row| row * 2).collect();
            let (times, groups) = (rng.random_range(1..60u32), rng.random_range(1..12));
            let of_row: Vec<usize> = (0..240).map(|_| rng.random_range(0..groups)).collect();
            let times: Vec<f64> = (0..240)
                .map(|_| f64::from(rng.random_range(0..times)))
                .collect();
            for groups in [None, Some(of_row.as_slice())] {
                for gap in [0.0, 1.0, 5.0] {
                    let timeline = Timeline {
                        rows: &rows,
                        times: &times,
                        gap,
                        groups,
                    };
                    check(&timeline.last_part(0.2, seed), &timeline);
                    for split in timeline.forward(4, seed) {
                        check(&split, &timeline);
                        assert!(!split.training.is_empty() && !split.validation.is_empty());
                    }
                }
            }
        }
    }

    fn timeline<'a>(rows: &'a [usize], times: &'a [f64], gap: f64) -> Timeline<'a> {
        Timeline {
            rows,
            times,
            gap,
            groups: None,
        }
    }

    #[test]
    fn each_part_is_predicted_from_all_earlier_ones() {
        let rows: Vec<usize> = (0..8).collect();
        // The last row is the first in time.
        let times: Vec<f64> = rows.iter().map(|row| ((row + 1) % 8) as f64).collect();
        let splits = timeline(&rows, &times, 0.0).forward(3, 0);
        let parts = splits.iter().map(|split| split.validation.clone());
        let expected = [vec![1, 2], vec![3, 4], vec![5, 6]];
        assert_eq!(parts.collect::<Vec<_>>(), expected);
        assert_eq!(splits[0].training, [0, 7]);
        assert_eq!(splits[2].training, [0, 1, 2, 3, 4, 7]);
        let splits = timeline(&rows, &times, 2.0).forward(3, 0);
        assert_eq!(splits[2].training, [0, 1, 2, 3, 7]);
    }

    #[test]
    fn the_last_part_validates_and_equal_times_stay_together() {
        let rows: Vec<usize> = (0..10).collect();
        let times = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0];
        let split = timeline(&rows, &times, 0.0).last_part(0.2, 0);
        assert_eq!(split.validation, [7, 8, 9]);
        // Two times can be predicted, so there are two folds at most.
        assert_eq!(timeline(&rows, &times, 0.0).forward(5, 0).len(), 2);
        let one = [4.0; 10];
        let split = timeline(&rows, &one, 0.0).last_part(0.2, 0);
        assert_eq!((split.training, split.validation), (rows, Vec::new()));
    }

    #[test]
    fn groups_that_go_on_are_on_one_side() {
        // Four groups, each with a row at every time.
        let rows: Vec<usize> = (0..40).collect();
        let times: Vec<f64> = rows.iter().map(|row| (row / 4) as f64).collect();
        let groups: Vec<usize> = rows.iter().map(|row| row % 4).collect();
        let timeline = Timeline {
            groups: Some(&groups),
            ..timeline(&rows, &times, 0.0)
        };
        let split = timeline.last_part(0.25, 0);
        check(&split, &timeline);
        assert!(!split.validation.is_empty());
        // Three of the groups train, at the first seven or eight times.
        assert!([21, 24].contains(&split.training.len()));
        assert_eq!(timeline.forward(3, 0).len(), 3);
    }
}
