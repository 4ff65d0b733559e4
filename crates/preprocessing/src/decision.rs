//! How the probabilities of classes become a predicted class.

use serde::{Deserialize, Serialize};

/// How the probabilities of classes become a predicted class: by a threshold of the positive one of two
/// classes, by the lowest expected cost, or by default the most likely class.
///
/// ```
/// use backburn_preprocessing::Decision;
///
/// let mut decision = Decision { positive: Some(1), ..Decision::default() };
/// assert_eq!(decision.class(&[0.7, 0.3]), 0);
/// decision.threshold = Some(0.25);
/// assert_eq!(decision.class(&[0.7, 0.3]), 1);
/// let costs = vec![vec![0.0, 1.0], vec![10.0, 0.0]];
/// let decision = Decision { costs, ..Decision::default() };
/// assert_eq!(decision.class(&[0.8, 0.2]), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Decision {
    /// The index of the positive class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive: Option<usize>,
    /// The positive class of two is predicted if its probability is at least this, and the other one
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The costs `[true class][predicted class]`. Without a threshold, the class with the lowest expected
    /// cost is predicted. Empty if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Vec<f64>>,
}

impl Decision {
    /// Whether another class than the most likely one may be predicted.
    pub fn decides(&self) -> bool {
        self.threshold.is_some() || !self.costs.is_empty()
    }

    /// The predicted class of a row, by the probability of each class. Of several classes that are as good, it
    /// is the first.
    pub fn class(&self, probabilities: &[f64]) -> usize {
        match (self.positive, self.threshold, probabilities) {
            (Some(positive @ 0..=1), Some(threshold), [_, _]) => {
                match probabilities[positive] >= threshold {
                    true => positive,
                    false => 1 - positive,
                }
            }
            _ if self.costs.len() == probabilities.len() => self.cheapest(probabilities),
            _ => first_best(probabilities.iter().copied()),
        }
    }

    /// The class with the lowest expected cost.
    fn cheapest(&self, probabilities: &[f64]) -> usize {
        let cost = |predicted: usize| -> f64 {
            let of_class = self.costs.iter().zip(probabilities);
            of_class
                .map(|(costs, p)| p * costs.get(predicted).copied().unwrap_or_default())
                .sum()
        };
        first_best((0..probabilities.len()).map(|class| -cost(class)))
    }

    /// Why it is not valid for a number of classes, if it is not.
    pub(crate) fn problem(&self, classes: usize) -> Option<&'static str> {
        if self.positive.is_some_and(|class| class >= classes) {
            return Some("the positive class is not one of the classes");
        }
        let is_used = self.positive.is_some() && classes == 2;
        if let Some(threshold) = self.threshold
            && !(is_used && threshold.is_finite() && threshold >= 0.0)
        {
            return Some(
                "the decision threshold is not a number of at least 0 for one of two classes",
            );
        }
        let costs = &self.costs;
        let complete = costs.len() == classes && costs.iter().all(|c| c.len() == classes);
        let finite = costs.iter().flatten().all(|cost| cost.is_finite());
        let fits = costs.is_empty() || (complete && finite);
        (!fits).then_some("the costs are not a number for each pair of classes")
    }
}

/// The index of the largest number, the first one if several are equal.
pub(crate) fn first_best(numbers: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (index, number) in numbers.enumerate() {
        if index == 0 || number > best.1 {
            best = (index, number);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_likely_class_is_the_default() {
        let decision = Decision::default();
        assert!(!decision.decides());
        assert_eq!(decision.class(&[0.25, 0.25, 0.5]), 2);
        // The first of equally probable classes.
        assert_eq!(decision.class(&[0.4, 0.4, 0.2]), 0);
        assert_eq!(decision.class(&[f64::NAN, 0.9]), 0);
        assert_eq!(decision.class(&[]), 0);
    }

    #[test]
    fn a_probability_at_the_threshold_is_positive() {
        for positive in [0, 1] {
            let decision = Decision {
                positive: Some(positive),
                threshold: Some(0.75),
                costs: Vec::new(),
            };
            let mut probabilities = [0.25, 0.25];
            probabilities[positive] = 0.75;
            assert_eq!(decision.class(&probabilities), positive);
            probabilities = [0.26, 0.26];
            probabilities[positive] = 0.74;
            assert_eq!(decision.class(&probabilities), 1 - positive);
        }
    }

    #[test]
    fn costs_of_many_classes_decide() {
        let costs = vec![
            vec![0.0, 1.0, 1.0],
            vec![1.0, 0.0, 1.0],
            vec![20.0, 20.0, 0.0],
        ];
        let decision = Decision {
            costs,
            ..Decision::default()
        };
        assert_eq!(decision.class(&[0.6, 0.39, 0.01]), 0);
        assert_eq!(decision.class(&[0.6, 0.3, 0.1]), 2);
        assert_eq!(decision.problem(3), None);
        assert!(decision.problem(2).is_some());
    }

    #[test]
    fn what_cannot_decide_is_a_problem() {
        let with = |positive, threshold| Decision {
            positive,
            threshold,
            costs: Vec::new(),
        };
        assert_eq!(with(Some(1), Some(0.3)).problem(2), None);
        for decision in [
            with(Some(2), None),
            with(None, Some(0.3)),
            with(Some(1), Some(f64::NAN)),
            with(Some(1), Some(-0.1)),
        ] {
            assert!(decision.problem(2).is_some(), "{decision:?}");
        }
        assert!(with(Some(1), Some(0.3)).problem(3).is_some());
    }
}
