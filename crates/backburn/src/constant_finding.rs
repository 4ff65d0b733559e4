//! Findings that follow from comparing the score of a model with that of a constant.

use std::collections::HashSet;

use backburn_table::{ColumnKind, ColumnSchema};
use backburn_training::{Diagnosis, Finding};

use crate::constant::{QUANTILES, constant_name};
use crate::dataset::Dataset;
use crate::distribution_score::DistributionScore;
use crate::score::{Metrics, Score, metric_name};
use crate::text::{count, mean_and_deviation, number, shown};

/// With fewer rows to score, it is not known whether a model is better than a constant.
const MIN_ROWS: usize = 5;

/// The findings of a run in the light of its score on rows that were not trained on.
///
/// A model that is no better than a constant has learned nothing that holds for other rows. That is said first, and
/// in place of findings that follow from it, such as overfitting. Problems that keep a network from learning at all
/// are its cause, and stay alone. A model that has learned its task perfectly has nothing to improve; there, a column
/// that tells the target is the only finding that stays.
pub(crate) fn with_comparison(
    mut findings: Vec<Finding>,
    score: &Score,
    constant: &Score,
    data: &Dataset,
) -> Vec<Finding> {
    if is_perfect(score, constant) {
        findings.retain(|finding| finding.name == Diagnosis::Leakage);
        return findings;
    }
    if score.rows < MIN_ROWS || !is_no_better(score, constant) {
        return findings;
    }
    let is_effect = |finding: &Finding| match finding.name {
        Diagnosis::Overfitting | Diagnosis::Underfitting => true,
        // No setting of the run is known to cause it.
        Diagnosis::Plateau => finding.settings.is_empty(),
        _ => false,
    };
    let is_of_table = |finding: &Finding| {
        use Diagnosis::{ClassImbalance, Leakage};
        matches!(finding.name, ClassImbalance | Leakage)
    };
    if findings.iter().all(|f| is_effect(f) || is_of_table(f)) {
        findings.retain(is_of_table);
        findings.insert(0, no_better(score, constant, data));
    }
    findings
}

/// Whether the score is no better than that of a constant by more than its standard error. A model that is better by one
/// of the metrics has learned something: large errors of a few rows hide in the RMSE that the others are predicted well,
/// and where a class is rare, the order of the rows (AUC) is learned before the most likely class changes.
pub(crate) fn is_no_better(score: &Score, constant: &Score) -> bool {
    let error = |name: &str| score.standard_error(name).unwrap_or(0.0);
    match distributions(score, constant) {
        // A quantile is far from the mean, as it should be.
        Some((DistributionScore::Quantiles(_), (name, of_model), of_constant)) => {
            return of_model + error(name) >= of_constant;
        }
        Some((_, (name, of_model), of_constant)) if of_model + 2.0 * error(name) < of_constant => {
            return false;
        }
        None if matches!(score.distribution, Some(DistributionScore::Quantiles(_))) => {
            return false;
        }
        _ => {}
    }
    match (&score.metrics, &constant.metrics) {
        (Metrics::Regression(of_model), Metrics::Regression(of_constant)) => {
            // R² with the constant in place of the mean of the scored rows.
            let gain = 1.0 - (of_model.rmse / of_constant.rmse).powi(2);
            let mae_is_better = of_model.mae + 2.0 * error("mae") < of_constant.mae;
            of_constant.rmse > 0.0 && gain - error("r2") <= 0.0 && !mae_is_better
        }
        (Metrics::Classification(of_model), Metrics::Classification(of_constant)) => {
            // Where one class is frequent, useful probabilities may not change the most likely class.
            let ranks = |auc: f64| auc - 2.0 * error("auc") > 0.5;
            of_model.accuracy - error("accuracy") <= of_constant.accuracy
                && of_model.log_loss + error("log_loss") >= of_constant.log_loss
                && !of_model.auc.is_some_and(ranks)
        }
        _ => false,
    }
}

/// The score of the distribution that a model predicts, its main metric, and that of a constant.
fn distributions<'a>(
    score: &'a Score,
    constant: &Score,
) -> Option<(&'a DistributionScore, (&'static str, f64), f64)> {
    let distribution = score.distribution.as_ref()?;
    let (_, of_constant) = constant.distribution.as_ref()?.main();
    Some((distribution, distribution.main(), of_constant))
}

/// Whether the model is worse than the constant by the main metric, or as bad.
pub(crate) fn is_worse(score: &Score, constant: &Score) -> bool {
    match distributions(score, constant) {
        Some((DistributionScore::Quantiles(_), (_, of_model), of_constant)) => {
            of_model >= of_constant
        }
        _ => score.error().1 >= constant.error().1,
    }
}

/// What a constant predicts that a model is compared with.
pub(crate) fn compared_with(constant: &Score) -> &'static str {
    match constant.distribution {
        Some(DistributionScore::Quantiles(_)) => QUANTILES,
        _ => constant_name(constant),
    }
}

/// Whether hardly any error is left.
fn is_perfect(score: &Score, constant: &Score) -> bool {
    match (&score.metrics, &constant.metrics) {
        (Metrics::Regression(of_model), Metrics::Regression(of_constant)) => {
            const SHARE: f64 = 0.02;
            of_model.rmse <= SHARE * of_constant.rmse
        }
        (Metrics::Classification(of_model), Metrics::Classification(of_constant)) => {
            const SHARE: f64 = 0.05;
            of_model.accuracy == 1.0 && of_model.log_loss <= SHARE * of_constant.log_loss
        }
        _ => false,
    }
}

fn no_better(score: &Score, constant: &Score, data: &Dataset) -> Finding {
    let with_error = |name: &str, value: f64, scale: f64| match score.standard_error(name) {
        Some(error) => mean_and_deviation(value * scale, error * scale),
        None => number(value * scale),
    };
    let evidence = match (&score.metrics, &constant.metrics) {
        (Metrics::Regression(of_model), Metrics::Regression(of_constant)) => {
            let (metric, of_model, of_constant) = match distributions(score, constant) {
                Some((_, (metric, of_model), of_constant)) => (metric, of_model, of_constant),
                None => ("rmse", of_model.rmse, of_constant.rmse),
            };
            format!(
                "on {} that it was not trained on, the {} of the model is {}, and that of always predicting {} is {}",
                count(score.rows, "row"),
                metric_name(metric),
                with_error(metric, of_model, 1.0),
                compared_with(constant),
                number(of_constant)
            )
        }
        (Metrics::Classification(of_model), Metrics::Classification(of_constant)) => format!(
            "on {} that it was not trained on, the accuracy of the model is {} % and its log loss {}, and \
             always predicting the most frequent class has an accuracy of {} %, and the class frequencies a log loss of {}",
            count(score.rows, "row"),
            with_error("accuracy", of_model.accuracy, 100.0),
            with_error("log_loss", of_model.log_loss, 1.0),
            number(of_constant.accuracy * 100.0),
            number(of_constant.log_loss)
        ),
        _ => String::new(),
    };
    Finding {
        name: Diagnosis::NoBetterThanConstant,
        layer: None,
        epoch: None,
        evidence,
        remedy: causes(data),
        settings: Vec::new(),
    }
}

/// What may be the cause, the most likely one first.
fn causes(data: &Dataset) -> String {
    const FEW_ROWS: usize = 200;
    const NAMES: usize = 4;
    // A column without different values does not help, and who leaves one out knows it.
    let may_help = |column: &&ColumnSchema| {
        let reason = column.reason.as_deref();
        column.kind == ColumnKind::Ignored
            && !matches!(
                reason,
                Some("by request" | "it never varies" | "it has no values")
            )
    };
    let ignored = data.inputs().filter(may_help);
    let mut ignored: Vec<String> = ignored.map(|c| format!("`{}`", shown(&c.name))).collect();
    let mut causes = Vec::new();
    if !ignored.is_empty() {
        if ignored.len() > NAMES {
            ignored.truncate(NAMES);
            ignored.push("…".to_string());
        }
        causes.push(format!(
            "check whether a column that is not used helps to predict the target ({}; --categorical, \
             --numeric or --date uses it)",
            ignored.join(", ")
        ));
    }
    let (rows, what) = match &data.splitter().copies {
        Some(copies) => {
            let different: HashSet<usize> = data.rows().iter().map(|&row| copies[row]).collect();
            (different.len(), "different row")
        }
        None => (data.rows().len(), "row"),
    };
    if rows < FEW_ROWS {
        causes.push(format!(
            "collect more rows: {} may be too few to learn from",
            count(rows, what)
        ));
    }
    causes.push("add columns: those that are used may say nothing about the target".to_string());
    causes.join("; ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_preprocessing::Predictions;
    use backburn_table::{ReadOptions, Table};
    use backburn_training::metrics::QuantileScore;

    use super::*;
    use crate::targets::Targets;

    /// A dataset of numbers with a column that is not used, and one that could not be.
    fn dataset() -> Dataset {
        dataset_of(0..50)
    }

    /// The same with these rows.
    fn dataset_of(rows: impl Iterator<Item = usize>) -> Dataset {
        let mut csv = "key,unit,x,y\n".to_string();
        for row in rows {
            csv += &format!(
                "name {row} of {},m,{},{}.5\n",
                row * 7,
                row * 37 % 41,
                row * 3
            );
        }
        let table = Table::from_reader("t", std::io::Cursor::new(csv), &ReadOptions::default());
        Dataset::new(table.unwrap(), "y", &Default::default()).unwrap()
    }

    fn values(predicted: &[f64]) -> Score {
        let truth = Targets::Values((0..predicted.len()).map(|row| row as f64).collect());
        let rows: Vec<usize> = (0..predicted.len()).collect();
        let predictions = Predictions::Values(predicted.to_vec());
        let score = Score::of_rows(&predictions, &truth, &rows).unwrap();
        score.with_standard_errors(&predictions, &truth, &rows, (None, None))
    }

    /// The score of these probabilities of the class that is true.
    fn classes(of_true: &[f64]) -> Score {
        let truth: Vec<Option<usize>> = (0..of_true.len()).map(|row| Some(row % 2)).collect();
        let probabilities = of_true.iter().enumerate().flat_map(|(row, &p)| {
            let even = row % 2 == 0;
            if even { [p, 1.0 - p] } else { [1.0 - p, p] }
        });
        let predictions = Predictions::Classes {
            classes: vec!["a".to_string(), "b".to_string()],
            probabilities: probabilities.collect(),
            decision: None,
        };
        let rows: Vec<usize> = (0..of_true.len()).collect();
        let truth = Targets::Classes(truth);
        let score = Score::of_rows(&predictions, &truth, &rows).unwrap();
        score.with_standard_errors(&predictions, &truth, &rows, (None, None))
    }

    fn finding(name: Diagnosis) -> Finding {
        Finding {
            name,
            layer: None,
            epoch: None,
            evidence: "evidence".to_string(),
            remedy: "remedy".to_string(),
            settings: Vec::new(),
        }
    }

    /// The names of what is left of some findings.
    fn names(found: &[Diagnosis], score: &Score, constant: &Score) -> Vec<Diagnosis> {
        let findings = found.iter().copied().map(finding).collect();
        let findings = with_comparison(findings, score, constant, &dataset());
        findings.iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn a_model_that_is_no_better_than_a_constant_is_not_said_to_overfit() {
        use Diagnosis::{Divergence, Leakage, NoBetterThanConstant, Overfitting, Underfitting};
        let constant = values(&[4.5; 10]);
        let worse = values(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
        let found = [Overfitting, Underfitting, Leakage];
        assert_eq!(
            names(&found, &worse, &constant),
            [NoBetterThanConstant, Leakage]
        );
        assert_eq!(names(&[], &worse, &constant), [NoBetterThanConstant]);
        // What breaks training is the cause.
        assert_eq!(names(&[Divergence], &worse, &constant), [Divergence]);
        let better = values(&[0.5, 0.5, 2.5, 2.5, 4.5, 4.5, 6.5, 6.5, 8.5, 8.5]);
        assert_eq!(names(&[Overfitting], &better, &constant), [Overfitting]);
        // Few rows tell nothing.
        let few = values(&[3.0, 2.0, 1.0, 0.0]);
        assert!(names(&[], &few, &values(&[1.5; 4])).is_empty());
    }

    #[test]
    fn classes_are_compared_by_accuracy_and_log_loss() {
        let constant = classes(&[0.5; 10]);
        let chance = classes(&[0.6, 0.4, 0.3, 0.7, 0.6, 0.2, 0.8, 0.4, 0.5, 0.4]);
        assert!(is_no_better(&chance, &constant));
        assert!(!is_no_better(&classes(&[0.8; 10]), &constant));
    }

    #[test]
    fn a_task_that_is_learned_perfectly_has_no_finding() {
        use Diagnosis::{Leakage, LearningRateTooLow, Overfitting};
        let found = [Overfitting, LearningRateTooLow, Leakage];
        let constant = values(&[4.5; 10]);
        let right: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(names(&found, &values(&right), &constant), [Leakage]);
        let certain = classes(&[0.999; 10]);
        assert_eq!(names(&found, &certain, &classes(&[0.5; 10])), [Leakage]);
        // Right, but not certain.
        let found = [Overfitting];
        let unsure = classes(&[0.7; 10]);
        assert_eq!(names(&found, &unsure, &classes(&[0.5; 10])), found);
    }

    #[test]
    fn likely_causes_are_named() {
        let worse = values(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]);
        let findings = with_comparison(Vec::new(), &worse, &values(&[4.5; 10]), &dataset());
        let Finding {
            evidence, remedy, ..
        } = &findings[0];
        assert!(evidence.starts_with("on 10 rows that"), "{evidence}");
        assert!(
            evidence.ends_with("always predicting the mean is 2.8723"),
            "{evidence}"
        );
        assert!(remedy.starts_with("check whether a column"), "{remedy}");
        assert!(remedy.contains("(`key`;"), "{remedy}");
        assert!(remedy.contains("50 rows may be too few"), "{remedy}");
        let five_times = dataset_of((0..300).map(|row| row % 60));
        let causes = causes(&five_times);
        assert!(
            causes.contains("60 different rows may be too few"),
            "{causes}"
        );
    }

    #[test]
    fn distributions_are_compared_by_their_own_metric() {
        let near = values(&[4.6, 4.4, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 4.7]);
        let mean = values(&[4.5; 10]);
        let with = |score: &Score, distribution: DistributionScore, error: f64| {
            let mut score = score.clone();
            let name = distribution.main().0.to_string();
            score.standard_errors.insert(name, error);
            score.distribution = Some(distribution);
            score
        };
        let pinball = |mean_pinball_loss| {
            DistributionScore::Quantiles(QuantileScore {
                mean_pinball_loss,
                coverage: Vec::new(),
            })
        };
        // The median of a skewed target is no better than the mean, and the quantiles may be.
        for (loss, no_better, worse) in
            [(0.5, false, false), (0.95, true, false), (1.1, true, true)]
        {
            let score = with(&near, pinball(loss), 0.1);
            let constant = with(&mean, pinball(1.0), 0.1);
            assert_eq!(is_no_better(&score, &constant), no_better, "{loss}");
            assert_eq!(is_worse(&score, &constant), worse, "{loss}");
        }
        let score = with(&near, pinball(1.1), 0.1);
        let constant = with(&mean, pinball(1.0), 0.1);
        let findings = with_comparison(Vec::new(), &score, &constant, &dataset());
        let evidence = &findings[0].evidence;
        assert!(
            evidence.ends_with(
                "the mean pinball loss of the model is 1.1000 ± 0.1000, and that of always predicting the quantiles of \
                 the training rows is 1.0000"
            ),
            "{evidence}"
        );
        // The RMSE does not see that small counts are predicted well.
        let deviance = DistributionScore::PoissonDeviance;
        let constant = with(&mean, deviance(1.0), 0.1);
        assert!(!is_no_better(&with(&near, deviance(0.7), 0.1), &constant));
        assert!(is_no_better(&with(&near, deviance(0.9), 0.1), &constant));
    }

    #[test]
    fn without_standard_errors_the_scores_alone_decide() {
        let constant = values(&[4.5; 10]);
        let mut score = values(&[4.6, 4.4, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 4.5, 4.7]);
        assert!(is_no_better(&score, &constant));
        score.standard_errors = BTreeMap::new();
        assert_eq!(
            is_no_better(&score, &constant),
            score.error().1 >= constant.error().1
        );
    }
}
