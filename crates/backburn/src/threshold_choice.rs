//! The choice of the decision threshold.

use backburn_preprocessing::{Decision, Predictions, Target};
use backburn_training::metrics::{BinaryRows, Metric, RowWeights, ThresholdScore};

use crate::scoring::Scoring;
use crate::targets::Targets;
use crate::trade_off::{TradeOff, TradeOffPoint};

/// The thresholds that are shown beside the chosen one.
const SHOWN: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Chooses the decision threshold of the positive class, if the target has one and the metric depends on the
/// predicted classes. It is the best one on these rows, which the networks were not trained on. `outputs` are
/// theirs, `width` numbers for each. The target is calibrated, so that its probabilities are those of the model.
pub(crate) fn with_threshold(
    target: Target,
    (outputs, width): (&[f32], usize),
    targets: &Targets,
    rows: &[usize],
    scoring: &Scoring,
) -> (Target, Option<TradeOff>) {
    let chosen = scoring.metric().and_then(|metric| {
        let predictions = target.predictions(outputs, width);
        choose(&predictions, targets, rows, metric, scoring.weights())
    });
    let Some((decision, trade_off)) = chosen else {
        return (target, None);
    };
    (target.with_decision(Some(decision)), Some(trade_off))
}

/// The best threshold for predictions for some rows of a table, one for each of `rows`.
fn choose(
    predictions: &Predictions,
    targets: &Targets,
    rows: &[usize],
    metric: Metric,
    weights: Option<&[f64]>,
) -> Option<(Decision, TradeOff)> {
    let (
        Predictions::Classes {
            classes,
            probabilities,
            decision: Some(decision),
        },
        Targets::Classes(of_row),
    ) = (predictions, targets)
    else {
        return None;
    };
    let positive = decision.positive.filter(|_| classes.len() == 2)?;
    let (mut known, mut actual, mut of_rows) = (Vec::new(), Vec::new(), Vec::new());
    for (&row, probabilities) in rows.iter().zip(probabilities.chunks_exact(2)) {
        if let Some(class) = of_row[row] {
            known.push(probabilities[positive]);
            actual.push(class == positive);
            of_rows.push(weights.map_or(1.0, |weights| weights[row]));
        }
    }
    let binary = BinaryRows {
        probabilities: &known,
        actual: &actual,
        weights: RowWeights(weights.map(|_| of_rows.as_slice())),
        costs: binary_costs(&decision.costs, positive)?,
    };
    let best = binary.best(metric)?;
    let mut points: Vec<TradeOffPoint> = SHOWN
        .iter()
        .filter_map(|&threshold| binary.at(threshold, metric))
        .chain([best])
        .map(point)
        .collect();
    points.sort_by(|a, b| a.threshold.total_cmp(&b.threshold));
    points.dedup_by_key(|point| point.threshold);
    let trade_off = TradeOff {
        positive: classes[positive].clone(),
        metric: metric.to_string(),
        threshold: best.threshold,
        points,
    };
    let decision = Decision {
        threshold: Some(best.threshold),
        ..decision.clone()
    };
    Some((decision, trade_off))
}

fn point(score: ThresholdScore) -> TradeOffPoint {
    TradeOffPoint {
        threshold: score.threshold,
        score: score.score,
        positive: score.positive,
        precision: score.precision,
        recall: score.recall,
    }
}

/// The costs with the negative class first; 0 without costs.
fn binary_costs(costs: &[Vec<f64>], positive: usize) -> Option<[[f64; 2]; 2]> {
    if costs.is_empty() {
        return Some([[0.0; 2]; 2]);
    }
    let negative = 1 - positive;
    let cost = |actual: usize, predicted: usize| costs.get(actual)?.get(predicted).copied();
    Some([
        [cost(negative, negative)?, cost(negative, positive)?],
        [cost(positive, negative)?, cost(positive, positive)?],
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Predictions for four rows with these probabilities of the second class.
    fn predictions(second: [f64; 4], positive: Option<usize>) -> Predictions {
        Predictions::Classes {
            classes: vec!["no".to_string(), "yes".to_string()],
            probabilities: second.iter().flat_map(|p| [1.0 - p, *p]).collect(),
            decision: Some(Decision {
                positive,
                threshold: None,
                costs: vec![vec![0.0, 1.0], vec![10.0, 0.0]],
            }),
        }
    }

    #[test]
    fn the_threshold_is_best_on_the_known_rows() {
        // The target of the second row is not known.
        let targets = Targets::Classes(vec![Some(1), None, Some(0), Some(1), Some(0)]);
        let rows = [0, 1, 3, 4];
        let known = predictions([0.9, 0.8, 0.3, 0.1], Some(1));
        let chosen = choose(&known, &targets, &rows, Metric::Cost, None);
        let (decision, trade_off) = chosen.unwrap();
        assert!((decision.threshold.unwrap() - 0.2).abs() < 1e-12);
        assert_eq!(trade_off.positive, "yes");
        // The chosen one and those that are always shown.
        assert!(trade_off.points.len() >= SHOWN.len());
        let is_chosen = |p: &&TradeOffPoint| p.threshold == trade_off.threshold;
        let chosen = trade_off.points.iter().find(is_chosen).unwrap();
        assert_eq!((chosen.score, chosen.recall), (0.0, Some(1.0)));
    }

    #[test]
    fn without_a_positive_class_or_a_decision_nothing_is_chosen() {
        let targets = Targets::Classes(vec![Some(1), Some(0), Some(1), Some(0)]);
        let rows = [0, 1, 2, 3];
        let with = |positive| predictions([0.9, 0.8, 0.3, 0.1], positive);
        let choose = |positive, metric| choose(&with(positive), &targets, &rows, metric, None);
        assert!(choose(None, Metric::F1).is_none());
        assert!(choose(Some(1), Metric::Auc).is_none());
        assert!(choose(Some(0), Metric::F1).is_some());
    }
}
