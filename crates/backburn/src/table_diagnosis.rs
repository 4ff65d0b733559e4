//! Findings in the table and the validation score. They are added to the findings in the history.

use std::borrow::Cow;
use std::collections::HashMap;

use backburn_preprocessing::{Target, TargetTransform};
use backburn_table::ColumnKind;
use backburn_training::{Diagnosis, Finding, Loss};
use rayon::prelude::*;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::score::{Metrics, Score};
use crate::targets::Targets;
use crate::text::{count, shown};

/// The findings of the training rows and of the score on the validation rows.
pub(crate) fn diagnose(
    data: &Dataset,
    encoded: &EncodedSplit,
    validation: Option<&Score>,
    config: &Config,
) -> Result<Vec<Finding>, Error> {
    let rows = &encoded.split.training;
    let targets = TrainingTargets::new(data, &encoded.target, rows)?;
    let mut findings = Vec::new();
    findings.extend(heavy_tail(&targets, &encoded.target, config));
    findings.extend(leakage(data, &targets, rows)?);
    if let (TrainingTargets::Classes { counts, names, .. }, Some(score)) = (&targets, validation) {
        findings.extend(imbalance(names, counts, score, config));
    }
    Ok(findings)
}

/// The targets of the training rows.
enum TrainingTargets {
    Values(Vec<f64>),
    Classes {
        of_row: Vec<usize>,
        counts: Vec<usize>,
        names: Vec<String>,
    },
}

impl TrainingTargets {
    fn new(data: &Dataset, target: &Target, rows: &[usize]) -> Result<Self, Error> {
        let names = match target {
            Target::Classification { classes, .. } => classes.clone(),
            Target::Regression { .. } => Vec::new(),
        };
        Ok(match Targets::read(data.table(), target)? {
            Targets::Values(values) => Self::Values(rows.iter().map(|&row| values[row]).collect()),
            Targets::Classes(all) => {
                let of_row: Vec<usize> = rows.iter().filter_map(|&row| all[row]).collect();
                let mut counts = vec![0; names.len()];
                for &class in &of_row {
                    counts[class] += 1;
                }
                Self::Classes {
                    of_row,
                    counts,
                    names,
                }
            }
        })
    }

    /// The targets of some of the rows.
    fn at(&self, positions: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(positions.iter().map(|&at| values[at]).collect()),
            Self::Classes {
                of_row,
                counts,
                names,
            } => Self::Classes {
                of_row: positions.iter().map(|&at| of_row[at]).collect(),
                counts: counts.clone(),
                names: names.clone(),
            },
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Classes { of_row, .. } => of_row.len(),
        }
    }

    /// How much of the target is explained by knowing which group each row is in: the share of the
    /// variance, or of the rows that the groups' commonest classes get right.
    fn explained_by(&self, groups: &[usize], number_of_groups: usize) -> f64 {
        match self {
            Self::Values(values) => {
                let count = values.len() as f64;
                let mean = values.iter().sum::<f64>() / count;
                let total: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
                let mut sums = vec![(0.0, 0.0); number_of_groups];
                for (&group, value) in groups.iter().zip(values) {
                    sums[group].0 += value - mean;
                    sums[group].1 += 1.0;
                }
                let between = sums
                    .iter()
                    .filter(|(_, n)| *n > 0.0)
                    .map(|(sum, n)| sum * sum / n);
                between.sum::<f64>() / total
            }
            Self::Classes { of_row, counts, .. } => {
                let mut of_group = vec![vec![0usize; counts.len()]; number_of_groups];
                for (&group, &class) in groups.iter().zip(of_row) {
                    of_group[group][class] += 1;
                }
                let right: usize = of_group
                    .iter()
                    .filter_map(|counts| counts.iter().max())
                    .sum();
                right as f64 / of_row.len() as f64
            }
        }
    }
}

/// Single columns that almost determine the target (target leakage).
fn leakage(
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Vec<Finding>, Error> {
    let what = match targets {
        TrainingTargets::Values(_) => "of the differences in the target",
        TrainingTargets::Classes { .. } => "of the rows' classes",
    };
    let explaining = explaining_columns(data, targets, rows)?.into_iter();
    let findings = explaining.map(|(name, explained)| Finding {
        name: Diagnosis::Leakage,
        layer: None,
        epoch: None,
        evidence: format!(
            "column `{}` alone explains {:.1} % {what}",
            shown(&name),
            explained * 100.0
        ),
        remedy: "if this column is not known yet when you make predictions, leave it out"
            .to_string(),
        settings: vec![match name.starts_with('"') {
            true => format!("columns.\"{name}\"=ignored"),
            false => format!("columns.{name}=ignored"),
        }],
    });
    Ok(findings.collect())
}

/// The columns that alone explain nearly all of the target of the rows to learn from, with the share that
/// each explains.
pub(crate) fn explained_alone(data: &Dataset) -> Result<Vec<(String, f64)>, Error> {
    let rows = data.rows();
    let target = Target::fit(data.table(), data.target(), data.task(), rows, rows)?;
    let targets = TrainingTargets::new(data, &target, rows)?;
    explaining_columns(data, &targets, rows)
}

fn explaining_columns(
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Vec<(String, f64)>, Error> {
    const MIN_ROWS: usize = 50;
    const MAX_CLASSES: usize = 100;
    /// The share that is nearly all of the target.
    const NEARLY_ALL: f64 = 0.99;
    let features: Vec<&str> = data.features().collect();
    let constant_share = match targets {
        TrainingTargets::Values(_) => 0.0,
        TrainingTargets::Classes { counts, .. } => {
            *counts.iter().max().unwrap_or(&0) as f64 / targets.rows() as f64
        }
    };
    let many =
        matches!(targets, TrainingTargets::Classes { counts, .. } if counts.len() > MAX_CLASSES);
    if rows.len() < MIN_ROWS || features.len() < 2 || constant_share > 0.95 || many {
        return Ok(Vec::new());
    }
    let likely = likely_columns(&features, data, targets, rows)?;
    let explained: Vec<Option<f64>> = likely
        .par_iter()
        .map(|name| share_explained(name, data, targets, rows))
        .collect::<Result<_, Error>>()?;
    let explaining = likely.iter().zip(explained);
    let explaining = explaining.filter_map(|(name, share)| Some(((*name).to_string(), share?)));
    Ok(explaining
        .filter(|(_, share)| *share > NEARLY_ALL)
        .collect())
}

/// The columns that may explain nearly all of the target: of many rows, those that explain most of it in
/// evenly spaced ones.
fn likely_columns<'a>(
    features: &[&'a str],
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Vec<&'a str>, Error> {
    const SAMPLE: usize = 50_000;
    const MOST: f64 = 0.9;
    if rows.len() < 2 * SAMPLE {
        return Ok(features.to_vec());
    }
    let positions: Vec<usize> = (0..rows.len()).step_by(rows.len() / SAMPLE).collect();
    let sampled: Vec<usize> = positions.iter().map(|&at| rows[at]).collect();
    let sample = data.select(&sampled)?;
    let targets = targets.at(&positions);
    let likely: Vec<bool> = features
        .par_iter()
        .map(|name| {
            let share = share_explained(name, &sample, &targets, sample.rows())?;
            // A column with too many groups for the sample may have few for all rows.
            Ok(share.is_none_or(|share| share > MOST))
        })
        .collect::<Result<_, Error>>()?;
    let likely = features.iter().zip(likely);
    Ok(likely
        .filter_map(|(name, is_likely)| is_likely.then_some(*name))
        .collect())
}

/// The share of the target that a column explains alone; `None` if its values make one group, or too many.
fn share_explained(
    name: &str,
    data: &Dataset,
    targets: &TrainingTargets,
    rows: &[usize],
) -> Result<Option<f64>, Error> {
    const ROWS_IN_A_GROUP: usize = 5;
    let max_groups = rows.len() / ROWS_IN_A_GROUP;
    let kind = data.schema().column(name).map(|column| column.kind);
    let cells: Vec<_> = data.table().column(name)?.cells().collect();
    let groups = match kind {
        Some(ColumnKind::Numeric | ColumnKind::Date) => {
            let number = |row: usize| match kind {
                Some(ColumnKind::Date) => cells[row].date(),
                _ => cells[row].number(),
            };
            let numbers: Vec<Option<f64>> = rows.iter().map(|&row| number(row)).collect();
            ranked(&numbers, max_groups.clamp(1, 100))
        }
        _ => {
            let mut group_of: HashMap<Option<Cow<str>>, usize> = HashMap::new();
            let mut group = |row: usize| {
                let next = group_of.len();
                *group_of.entry(cells[row].category()).or_insert(next)
            };
            rows.iter().map(|&row| group(row)).collect()
        }
    };
    let number_of_groups = groups.iter().max().map_or(0, |last| last + 1);
    if number_of_groups < 2 || number_of_groups > max_groups + 1 {
        return Ok(None);
    }
    Ok(Some(targets.explained_by(&groups, number_of_groups)))
}

/// Groups of equal size by rank. Equal numbers are in the same group, and missing ones in group 0.
fn ranked(numbers: &[Option<f64>], groups: usize) -> Vec<usize> {
    let known = numbers.iter().enumerate();
    let mut order: Vec<(f64, usize)> = known
        .filter_map(|(row, number)| Some(((*number)?, row)))
        .collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut of_row = vec![0; numbers.len()];
    let mut group = 0;
    let mut last = None;
    for (rank, &(number, row)) in order.iter().enumerate() {
        let due = 1 + rank * groups / order.len();
        if due > group && last != Some(number) {
            group = due;
        }
        last = Some(number);
        of_row[row] = group;
    }
    of_row
}

/// Outliers of the target that make up most of a squared error.
fn heavy_tail(targets: &TrainingTargets, target: &Target, config: &Config) -> Option<Finding> {
    let (TrainingTargets::Values(values), Target::Regression { scale, .. }) = (targets, target)
    else {
        return None;
    };
    let squared = matches!(config.training.loss, Loss::Auto | Loss::MeanSquaredError);
    if !squared || *scale == TargetTransform::None {
        return None;
    }
    let furthest = values
        .iter()
        .map(|&value| target.scale(value).abs())
        .fold(0.0, f64::max);
    if furthest <= 20.0 {
        return None;
    }
    let positive = values.iter().all(|&value| value > 0.0);
    let (remedy, setting) = match positive && *scale == TargetTransform::Standard {
        true => (
            "learn the logarithm of the target, so that errors are relative",
            "data.target_transform=log",
        ),
        false => (
            "use a loss that grows linearly with large errors, and not with their square",
            "training.loss=huber",
        ),
    };
    Some(Finding {
        name: Diagnosis::TargetOutOfScale,
        layer: None,
        epoch: None,
        evidence: format!(
            "some values of the target are {furthest:.0} standard deviations from its mean: a few rows make up \
             most of the squared error"
        ),
        remedy: remedy.to_string(),
        settings: vec![setting.to_string()],
    })
}

/// A rare class with a low recall, where the accuracy is much higher.
fn imbalance(
    names: &[String],
    counts: &[usize],
    validation: &Score,
    config: &Config,
) -> Option<Finding> {
    const RARE: f64 = 0.25;
    const MIN_ROWS: usize = 5;
    let Metrics::Classification(score) = &validation.metrics else {
        return None;
    };
    let rows: usize = counts.iter().sum();
    let recall = |class: usize| {
        let of_class: usize = score.confusion[class].iter().sum();
        (of_class >= MIN_ROWS).then(|| score.confusion[class][class] as f64 / of_class as f64)
    };
    let (class, recall) = (0..names.len())
        .filter(|&class| (counts[class] as f64) < RARE.min(0.5 / names.len() as f64) * rows as f64)
        .filter_map(|class| Some((class, recall(class)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    if recall >= 0.5 || score.accuracy - recall < 0.3 {
        return None;
    }
    let (remedy, settings) = match config.data.balance_classes {
        false => (
            "balance the classes: the recall of this class rises, but the accuracy falls, and \
             probabilities no longer match the class frequencies",
            vec!["data.balance_classes=true".to_string()],
        ),
        true => ("collect more rows of that class", Vec::new()),
    };
    Some(Finding {
        name: Diagnosis::ClassImbalance,
        layer: None,
        epoch: None,
        evidence: format!(
            "class `{}` has {} of {rows}, and its recall on the validation rows is {:.0} %, while the \
             accuracy is {:.0} %",
            shown(&names[class]),
            count(counts[class], "row"),
            recall * 100.0,
            score.accuracy * 100.0
        ),
        remedy: remedy.to_string(),
        settings,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};
    use backburn_training::metrics::ClassificationScore;

    use super::*;

    #[test]
    fn groups_by_rank_keep_equal_numbers_together() {
        let numbers = [3.0, 1.0, 1.0, 1.0, 2.0, 4.0].map(Some);
        assert_eq!(ranked(&numbers, 3), [3, 1, 1, 1, 2, 3]);
        assert_eq!(ranked(&[None, Some(1.0)], 1), [0, 1]);
    }

    fn dataset(csv: String, target: &str) -> Dataset {
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        Dataset::new(table, target, &Default::default()).unwrap()
    }

    /// The findings of leakage where all rows are trained on.
    fn leaks(data: &Dataset) -> Vec<Finding> {
        let rows = data.rows();
        let target = Target::fit(data.table(), data.target(), data.task(), rows, rows).unwrap();
        let targets = TrainingTargets::new(data, &target, rows).unwrap();
        leakage(data, &targets, rows).unwrap()
    }

    #[test]
    fn a_column_that_tells_the_value_is_a_leak() {
        let csv = |rows: usize| {
            let mut csv = "twice,noise,value\n".to_string();
            for row in 0..rows {
                let (value, noise) = (row * 37 % 101, row * 71 % 97);
                csv += &format!("{}.25,{noise},{value}.5\n", 2 * value);
            }
            csv
        };
        let found = leaks(&dataset(csv(100), "value"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].name, Diagnosis::Leakage);
        assert!(found[0].evidence.starts_with("column `twice` alone"));
        assert_eq!(found[0].settings, ["columns.twice=ignored"]);
        // Few rows prove nothing.
        assert!(leaks(&dataset(csv(40), "value")).is_empty());
    }

    #[test]
    fn a_leak_among_many_rows_is_found() {
        let mut csv = "twice,noise,key,value\n".to_string();
        for row in 0..120_000 {
            let (value, noise) = (row * 37 % 1009, row * 71 % 997);
            csv += &format!("{}.25,{noise},k{},{value}.5\n", 2 * value, row % 20_000);
        }
        let found = leaks(&dataset(csv, "value"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].evidence.starts_with("column `twice` alone"));
    }

    #[test]
    fn a_column_that_tells_the_class_is_a_leak() {
        let mut csv = "mark,noise,kind\n".to_string();
        for row in 0..100 {
            let kind = row * 37 % 101 % 3;
            let (mark, name) = (["p", "q", "r"][kind], ["a", "b", "c"][kind]);
            csv += &format!("{mark},{},{name}\n", row * 71 % 97);
        }
        let found = leaks(&dataset(csv, "kind"));
        assert_eq!(found.len(), 1, "{found:?}");
        let evidence = "column `mark` alone explains 100.0 % of the rows' classes";
        assert_eq!(found[0].evidence, evidence);
    }

    #[test]
    fn a_column_alone_is_no_leak() {
        let mut csv = "twice,value\n".to_string();
        for row in 0..100 {
            csv += &format!("{}.25,{row}.5\n", 2 * row);
        }
        assert!(leaks(&dataset(csv, "value")).is_empty());
    }

    fn numbers(scale: TargetTransform) -> Target {
        Target::Regression {
            column: "y".to_string(),
            scale,
            mean: 0.0,
            std: 1.0,
            bounds: None,
            at_bounds: None,
            errors: Vec::new(),
        }
    }

    #[test]
    fn outliers_of_the_target_are_found_where_errors_are_squared() {
        let settings = |values: &[f64], scale: TargetTransform, config: &Config| {
            let targets = TrainingTargets::Values(values.to_vec());
            let found = heavy_tail(&targets, &numbers(scale), config)?;
            assert_eq!(found.name, Diagnosis::TargetOutOfScale);
            assert!(found.evidence.contains("50 standard deviations"));
            Some(found.settings)
        };
        let standard = TargetTransform::Standard;
        let mut config = Config::default();
        let log = vec!["data.target_transform=log".to_string()];
        assert_eq!(settings(&[1.0, 50.0], standard, &config), Some(log));
        let huber = Some(vec!["training.loss=huber".to_string()]);
        assert_eq!(settings(&[-1.0, 50.0], standard, &config), huber);
        assert_eq!(settings(&[1.0, 20.0], standard, &config), None);
        // The target as it is has no deviation to compare with.
        assert_eq!(settings(&[1.0, 50.0], TargetTransform::None, &config), None);
        config.training.loss = Loss::Huber;
        assert_eq!(settings(&[1.0, 50.0], standard, &config), None);
    }

    /// What is found where the validation rows have this confusion matrix.
    fn imbalanced(
        counts: [usize; 2],
        confusion: [[usize; 2]; 2],
        config: &Config,
    ) -> Option<Finding> {
        let rows: usize = confusion.iter().flatten().sum();
        let right = confusion[0][0] + confusion[1][1];
        let score = Score {
            rows,
            skipped: 0,
            unknown_classes: Default::default(),
            metrics: Metrics::Classification(ClassificationScore {
                accuracy: right as f64 / rows as f64,
                log_loss: 0.1,
                macro_f1: 0.5,
                auc: None,
                calibration_error: 0.0,
                confusion: confusion.map(|row| row.to_vec()).to_vec(),
            }),
        };
        let names = ["common".to_string(), "rare".to_string()];
        imbalance(&names, &counts, &score, config)
    }

    #[test]
    fn a_rare_class_that_is_missed_is_found() {
        let mut config = Config::default();
        let missed = [[94, 0], [5, 1]];
        let found = imbalanced([950, 50], missed, &config).unwrap();
        assert_eq!(found.name, Diagnosis::ClassImbalance);
        let evidence =
            "class `rare` has 50 rows of 1000, and its recall on the validation rows is 17 %";
        assert!(found.evidence.starts_with(evidence), "{}", found.evidence);
        assert_eq!(found.settings, ["data.balance_classes=true"]);
        config.data.balance_classes = true;
        let balanced = imbalanced([950, 50], missed, &config).unwrap();
        assert_eq!(balanced.remedy, "collect more rows of that class");
    }

    #[test]
    fn classes_that_are_found_or_not_rare_are_not_told_of() {
        let config = Config::default();
        let missed = [[94, 0], [5, 1]];
        // It is found.
        assert_eq!(imbalanced([950, 50], [[94, 0], [2, 4]], &config), None);
        // It is not rare.
        assert_eq!(imbalanced([600, 400], missed, &config), None);
        // Too few rows validate.
        assert_eq!(imbalanced([950, 50], [[94, 0], [4, 0]], &config), None);
        // Nothing else is right either.
        assert_eq!(imbalanced([950, 50], [[2, 92], [5, 1]], &config), None);
    }
}
