//! Findings in the table and the validation score. They are added to the findings in the history.

use backburn_preprocessing::{Target, TargetTransform};
use backburn_training::{Diagnosis, Finding, Loss};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::explaining_columns::{TrainingTargets, explaining_columns};
use crate::score::{Metrics, Score};
use crate::text::{count, shown};

/// The findings of the training rows and of the score on the validation rows.
pub(crate) fn diagnose(
    data: &Dataset,
    encoded: &EncodedSplit,
    validation: Option<&Score>,
    config: &Config,
) -> Result<Vec<Finding>, Error> {
    let rows = &encoded.split.training;
    diagnose_rows(data, (&encoded.target, rows), validation, config)
}

/// The findings of some training rows with their target.
pub(crate) fn diagnose_rows(
    data: &Dataset,
    (target, rows): (&Target, &[usize]),
    validation: Option<&Score>,
    config: &Config,
) -> Result<Vec<Finding>, Error> {
    let targets = TrainingTargets::new(data, target, rows)?;
    let mut findings = Vec::new();
    findings.extend(heavy_tail(&targets, target, config));
    findings.extend(leakage(data, &targets, rows)?);
    if let (TrainingTargets::Classes { counts, names, .. }, Some(score)) = (&targets, validation) {
        findings.extend(imbalance(names, counts, score, config));
    }
    Ok(findings)
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
    let findings = explaining.map(|(name, explained)| {
        // A column that is named as a feature cannot be ignored, too.
        let is_named = data.options().features.contains(&name);
        let leave_out = match is_named {
            true => "leave it out of the features",
            false => "leave it out",
        };
        let setting = match name.starts_with('"') {
            true => format!("columns.\"{name}\"=ignored"),
            false => format!("columns.{name}=ignored"),
        };
        Finding {
            name: Diagnosis::Leakage,
            layer: None,
            epoch: None,
            evidence: format!(
                "column `{}` alone explains {:.1} % {what}",
                shown(&name),
                explained * 100.0
            ),
            remedy: format!(
                "if this column is not known yet when you make predictions, {leave_out}"
            ),
            settings: match is_named {
                true => Vec::new(),
                false => vec![setting],
            },
        }
    });
    Ok(findings.collect())
}

/// The setting that learns the logarithm of the target.
const LOG: &str = "data.target_transform=log";
/// What to do about outliers of the target, and the setting that does it.
const HUBER: (&str, &str) = (
    "use a loss that grows linearly with large errors, and not with their square",
    "training.loss=huber",
);

/// Replaces the logarithm of the target as a remedy, for a fit that chose its transform by trials: there, the
/// logarithm was no better.
pub(crate) fn without_logarithm(findings: &mut [Finding]) {
    let has_log = |finding: &&mut Finding| finding.settings == [LOG];
    for finding in findings.iter_mut().filter(has_log) {
        let (remedy, setting) = HUBER;
        finding.remedy = remedy.to_string();
        finding.settings = vec![setting.to_string()];
    }
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
            LOG,
        ),
        false => HUBER,
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
    let of_class = score.confusion.by_actual();
    let recall = |class: usize| {
        let right = score.confusion.get(class, class);
        (of_class[class] >= MIN_ROWS).then(|| right as f64 / of_class[class] as f64)
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
    use backburn_training::metrics::{ClassificationScore, ConfusionMatrix};

    use super::*;
    use crate::dataset_options::DatasetOptions;

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
            distribution: None,
            errors: Vec::new(),
            error_scale: None,
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

    #[test]
    fn the_logarithm_is_no_remedy_where_it_was_tried() {
        let targets = TrainingTargets::Values(vec![1.0, 50.0]);
        let target = numbers(TargetTransform::Standard);
        let mut findings = vec![heavy_tail(&targets, &target, &Config::default()).unwrap()];
        assert_eq!(findings[0].settings, ["data.target_transform=log"]);
        without_logarithm(&mut findings);
        assert_eq!(findings[0].settings, ["training.loss=huber"]);
        assert!(findings[0].remedy.contains("linearly"), "{findings:?}");
    }

    #[test]
    fn a_leak_among_named_features_is_not_to_be_ignored_as_well() {
        let mut csv = "twice,noise,value\n".to_string();
        for row in 0..100 {
            let (value, noise) = (row * 37 % 101, row * 71 % 97);
            csv += &format!("{}.25,{noise},{value}.5\n", 2 * value);
        }
        let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
        let options = DatasetOptions {
            features: vec!["twice".to_string(), "noise".to_string()],
            ..DatasetOptions::default()
        };
        let found = leaks(&Dataset::new(table, "value", &options).unwrap());
        assert!(found[0].settings.is_empty(), "{found:?}");
        assert!(found[0].remedy.ends_with("leave it out of the features"));
    }

    /// What is found where the validation rows have this confusion matrix.
    fn imbalanced(
        counts: [usize; 2],
        confusion: [[usize; 2]; 2],
        config: &Config,
    ) -> Option<Finding> {
        let rows: usize = confusion.iter().flatten().sum();
        let right = confusion[0][0] + confusion[1][1];
        let mut matrix = ConfusionMatrix::new(2);
        for (actual, row) in confusion.iter().enumerate() {
            for (predicted, &rows) in row.iter().enumerate() {
                (0..rows).for_each(|_| matrix.add(actual, predicted));
            }
        }
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
                confusion: matrix,
            }),
            standard_errors: Default::default(),
            units: None,
            chosen: None,
            weighted: false,
            distribution: None,
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
