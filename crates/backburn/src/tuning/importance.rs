//! How much each setting of a search mattered.

use serde::Serialize;

use super::range::Position;
use super::space::SearchSpace;
use super::trial::Trial;

/// The numbers of a setting are divided into this many groups of about the same size.
const GROUPS: usize = 4;

/// How much a setting mattered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingImportance {
    /// The name of the setting.
    pub setting: String,
    /// The share of the differences between trials that the setting explains, from 0 to 1: eta squared of the
    /// Kruskal–Wallis test, `(H - k + 1) / (n - k)` for `k` groups of `n` trials (M. and E. Tomczak, 2014), and 0 where
    /// it is negative. It is of the ranks of the errors on the first fold, which all trials have. Groups are the
    /// choices, or a quarter of the trials each by their numbers.
    pub share: f64,
}

/// The importance of each setting, the largest first. Settings with too few trials are left out.
pub(crate) fn importance(space: &SearchSpace, trials: &[Trial]) -> Vec<SettingImportance> {
    let setting = |name: &str| {
        let range = space.range(name)?;
        let scored = trials.iter().filter(|trial| !trial.errors.is_empty());
        let found: Vec<(Position, f64)> = scored
            .filter_map(|trial| {
                let position = range.position(trial.settings.get(name)?)?;
                Some((position, trial.error_on(1)))
            })
            .collect();
        let positions: Vec<Position> = found.iter().map(|found| found.0).collect();
        let errors: Vec<f64> = found.iter().map(|found| found.1).collect();
        Some(SettingImportance {
            setting: name.to_string(),
            share: eta_squared(&groups(&positions), &ranks(&errors))?,
        })
    };
    let mut all: Vec<SettingImportance> = space.names().filter_map(setting).collect();
    all.sort_by(|a, b| b.share.total_cmp(&a.share));
    all
}

/// The group of each position, from 0.
fn groups(positions: &[Position]) -> Vec<usize> {
    let number = |position: &Position| match position {
        Position::Number(number) => *number,
        Position::Choice(choice) => *choice as f64,
    };
    let numbers: Vec<f64> = positions.iter().map(number).collect();
    let is_choice = |position: &Position| matches!(position, Position::Choice(_));
    match positions.iter().any(is_choice) {
        true => numbers.iter().map(|number| *number as usize).collect(),
        false => {
            let ranks = ranks(&numbers);
            let group = |rank: &f64| (rank * GROUPS as f64 / (numbers.len() + 1) as f64) as usize;
            ranks.iter().map(group).collect()
        }
    }
}

/// The rank of each number, from 1; the mean rank of equal ones.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let rank = |number: &f64| {
        let below = numbers.iter().filter(|other| *other < number).count();
        let equal = numbers.iter().filter(|other| *other == number).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    numbers.iter().map(rank).collect()
}

/// Eta squared; `None` with fewer than two groups, with too few trials, or if all ranks are equal.
fn eta_squared(groups: &[usize], ranks: &[f64]) -> Option<f64> {
    let n = ranks.len() as f64;
    let mean = (n + 1.0) / 2.0;
    let squares: f64 = ranks.iter().map(|rank| (rank - mean).powi(2)).sum();
    let mut between = 0.0;
    let mut count = 0.0;
    for group in 0..=groups.iter().copied().max()? {
        let of_group = groups.iter().zip(ranks).filter(|(of, _)| **of == group);
        let of_group: Vec<f64> = of_group.map(|(_, rank)| *rank).collect();
        if !of_group.is_empty() {
            let size = of_group.len() as f64;
            let deviation = of_group.iter().sum::<f64>() / size - mean;
            between += size * deviation * deviation;
            count += 1.0;
        }
    }
    if count < 2.0 || n < 2.0 * count || squares == 0.0 {
        return None;
    }
    // With the correction for ties.
    let h = (n - 1.0) * between / squares;
    Some(((h - count + 1.0) / (n - count)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use toml::Value;

    use super::*;
    use crate::tuning::space::Values;

    #[test]
    fn the_setting_that_decides_is_first() {
        let space = SearchSpace::toml(
            "[network]\n\
             activation = { choices = [\"relu\", \"tanh\"] }\n\
             dropout = { uniform = [0, 0.9] }\n\
             [training]\n\
             learning_rate = { uniform = [0.0001, 1.0] }\n",
        );
        let trials: Vec<Trial> = (0..40)
            .map(|index| {
                let dropout = (index * 7 % 40) as f64 / 50.0;
                let settings = Values::from([
                    (
                        "network.activation".to_string(),
                        ["relu", "tanh"][index % 2].into(),
                    ),
                    ("network.dropout".to_string(), Value::Float(dropout)),
                    (
                        "training.learning_rate".to_string(),
                        Value::Float((index * 11 % 40 + 1) as f64 / 50.0),
                    ),
                ]);
                // The best is in the middle, so that the error is not correlated with the setting.
                let errors = vec![(dropout - 0.39).abs()];
                Trial {
                    errors,
                    ..Trial::new(settings)
                }
            })
            .collect();
        let importance = importance(&space.unwrap(), &trials);
        assert_eq!(importance.len(), 3);
        assert_eq!(importance[0].setting, "network.dropout");
        assert!(importance[0].share > 0.6, "{importance:?}");
        assert!(importance[1].share < 0.3, "{importance:?}");
    }

    #[test]
    fn ranks_of_equal_numbers_are_their_mean() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, f64::INFINITY]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn eta_squared_is_that_of_the_test() {
        // H = 12 / (6 * 7) * (6² / 3 + 15² / 3) - 3 * 7, which is 3.857.
        let groups = [0, 0, 0, 1, 1, 1];
        let eta = eta_squared(&groups, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert!((eta - (27.0 / 7.0 - 1.0) / 4.0).abs() < 1e-12, "{eta}");
        assert_eq!(eta_squared(&groups, &[3.5; 6]), None);
        assert_eq!(eta_squared(&[0, 0], &[1.0, 2.0]), None);
        assert_eq!(eta_squared(&[], &[]), None);
    }
}
