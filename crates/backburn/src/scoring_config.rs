//! The settings of scores and decisions.

use std::collections::BTreeMap;

use backburn_preprocessing::{Decision, Target, Task};
use backburn_table::nearest_name;
use backburn_training::metrics::Metric;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::text::shown;

/// The costs of predictions by the true class, then by the predicted class. A pair that is missing costs 0.
pub type Costs = BTreeMap<String, BTreeMap<String, f64>>;

/// The metric that chooses, and how probabilities become a class.
///
/// ```
/// use backburn::{Config, Metric, Preset};
///
/// let mut config = Config::preset(Preset::Fast);
/// config.scoring.metric = Some(Metric::F1);
/// config.scoring.positive = Some("yes".to_string());
/// config.validate()?;
/// # Ok::<(), backburn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoringConfig {
    /// The metric that selects the best epoch and the settings, and that is shown first. `None` is the
    /// validation loss. The loss that training minimizes is another setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// The positive one of two classes. If the metric depends on the predicted classes, the decision threshold
    /// of this class is chosen for the metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// The costs of predictions. Without a threshold, the class with the lowest expected cost is predicted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub costs: Costs,
}

impl ScoringConfig {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The metric: the one that is set, or the cost if there are costs.
    pub fn metric(&self) -> Option<Metric> {
        let cost = (!self.costs.is_empty()).then_some(Metric::Cost);
        self.metric.or(cost)
    }

    /// Checks what can be checked without a table.
    ///
    /// # Errors
    ///
    /// The metric `cost` without costs, or a cost that is not a finite number.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.metric == Some(Metric::Cost) && self.costs.is_empty() {
            let reason =
                "scoring.metric: cost needs a cost matrix: pass --cost FILE, or set scoring.costs";
            return Err(Error::Config(reason.to_string()));
        }
        let mut costs = self.costs.iter().flat_map(|(actual, costs)| {
            let costs = costs.iter();
            costs.map(move |(predicted, cost)| (actual, predicted, cost))
        });
        match costs.find(|(.., cost)| !cost.is_finite()) {
            Some((actual, predicted, _)) => Err(Error::Config(format!(
                "scoring.costs.{actual}.{predicted}: must be a finite number"
            ))),
            None => Ok(()),
        }
    }

    /// Checks that the settings are for a task.
    ///
    /// # Errors
    ///
    /// A metric of the other task, or a positive class or costs for numbers.
    pub(crate) fn check_task(&self, task: Task) -> Result<(), Error> {
        let of_classes = task == Task::Classification;
        if let Some(metric) = self.metric
            && metric.is_for_classes() != of_classes
        {
            let (is_for, target) = match of_classes {
                true => ("numbers", "a class"),
                false => ("classes", "numeric"),
            };
            return Err(Error::Config(format!(
                "scoring.metric: {metric} is for {is_for}, and the target is {target}"
            )));
        }
        let setting = match (&self.positive, self.costs.is_empty()) {
            (Some(_), _) => "positive",
            (None, false) => "costs",
            (None, true) => return Ok(()),
        };
        match of_classes {
            true => Ok(()),
            false => Err(Error::Config(format!(
                "scoring.{setting}: this setting is only for classification, and the target is numeric"
            ))),
        }
    }

    /// A target with the decision that the settings ask for, before a threshold is chosen.
    ///
    /// # Errors
    ///
    /// The same as for [`decision`](Self::decision).
    pub(crate) fn decided(&self, target: Target) -> Result<Target, Error> {
        let decision = match target.class_names() {
            Some(classes) => self.decision(classes)?,
            None => None,
        };
        Ok(target.with_decision(decision))
    }

    /// The decision that the settings ask for, before a threshold is chosen.
    ///
    /// # Errors
    ///
    /// A class that the target does not have, or a positive class of more than two.
    pub(crate) fn decision(&self, classes: &[String]) -> Result<Option<Decision>, Error> {
        if self.positive.is_none() && self.costs.is_empty() {
            return Ok(None);
        }
        let positive = self.positive.as_deref();
        let positive = positive.map(|name| index_of("scoring.positive", name, classes));
        let positive = positive.transpose()?;
        if positive.is_some() && classes.len() != 2 {
            return Err(Error::Config(format!(
                "scoring.positive: only one of two classes can be the positive one, and the target has {}",
                classes.len()
            )));
        }
        let mut costs = Vec::new();
        if !self.costs.is_empty() {
            costs = vec![vec![0.0; classes.len()]; classes.len()];
        }
        for (actual, of_actual) in &self.costs {
            let actual = index_of("scoring.costs", actual, classes)?;
            for (predicted, cost) in of_actual {
                costs[actual][index_of("scoring.costs", predicted, classes)?] = *cost;
            }
        }
        Ok(Some(Decision {
            positive,
            threshold: None,
            costs,
        }))
    }
}

/// The index of a class; `setting` is where its name stands.
pub(crate) fn index_of(setting: &str, name: &str, classes: &[String]) -> Result<usize, Error> {
    const MOST: usize = 20;
    let found = classes.iter().position(|class| class == name);
    found.ok_or_else(|| {
        let known = classes.iter().take(MOST).map(|class| shown(class));
        let mut known = known.collect::<Vec<_>>().join(", ");
        if classes.len() > MOST {
            known += ", …";
        }
        let meant = match nearest_name(name, classes.iter().map(String::as_str)) {
            Some(meant) => format!(" (did you mean `{}`?)", shown(&meant)),
            None => String::new(),
        };
        let name = shown(name);
        Error::Config(format!(
            "{setting}: the target does not have the class `{name}`{meant}; its classes are {known}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        vec!["no".to_string(), "yes".to_string()]
    }

    #[test]
    fn classes_are_found_by_name() {
        let mut scoring = ScoringConfig::default();
        assert!(scoring.is_default());
        assert_eq!(scoring.decision(&classes()).unwrap(), None);
        scoring.positive = Some("yes".to_string());
        let of_no = BTreeMap::from([("yes".to_string(), 2.5)]);
        scoring.costs.insert("no".to_string(), of_no);
        let decision = scoring.decision(&classes()).unwrap().unwrap();
        assert_eq!(decision.positive, Some(1));
        assert_eq!(decision.costs, [[0.0, 2.5], [0.0, 0.0]]);
        assert_eq!(scoring.metric(), Some(Metric::Cost));
        scoring.positive = Some("yess".to_string());
        let error = scoring.decision(&classes()).unwrap_err().to_string();
        assert!(error.contains("did you mean `yes`?"), "{error}");
        assert!(error.contains("its classes are no, yes"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let with = |metric| ScoringConfig {
            metric: Some(metric),
            ..ScoringConfig::default()
        };
        assert!(with(Metric::Cost).validate().is_err());
        assert!(with(Metric::F1).validate().is_ok());
        let error = with(Metric::F1).check_task(Task::Regression).unwrap_err();
        let expected = "scoring.metric: f1 is for classes, and the target is numeric";
        assert_eq!(error.to_string(), expected);
        assert!(with(Metric::Mae).check_task(Task::Regression).is_ok());
        assert!(with(Metric::Mae).check_task(Task::Classification).is_err());
        let positive = ScoringConfig {
            positive: Some("a".to_string()),
            ..ScoringConfig::default()
        };
        assert!(positive.check_task(Task::Regression).is_err());
        let three = ["a", "b", "c"].map(str::to_string);
        let error = positive.decision(&three).unwrap_err().to_string();
        assert!(error.contains("only one of two classes"), "{error}");
    }
}
