//! The report on a search for settings.

use backburn::text::{mean_and_deviation, shown};
use backburn::{Dataset, Error, FittedModel, NestedScores, Tuned};

use crate::report::Report;
use crate::training_report::{Scores, TrainingReportOptions};

impl Report {
    /// The report on a search and on the model that was trained with the best settings. `command` is the command that
    /// was given.
    ///
    /// # Errors
    ///
    /// As for [`of_training`](Self::of_training).
    pub fn of_tuning(
        model: &FittedModel,
        tuned: &Tuned,
        data: &Dataset,
        command: &str,
    ) -> Result<Self, Error> {
        let mut scores = Scores::default();
        if let Some(nested) = &tuned.nested {
            let folds = nested.tuned.len();
            for (what, of) in [
                ("settings of the search", &nested.tuned),
                ("starting settings", &nested.start),
            ] {
                let (mean, deviation) = NestedScores::mean_error(of);
                let error = mean_and_deviation(mean, deviation);
                let text = format!("{} {error}", tuned.study.measure);
                scores.push(format!("{what}, {folds} outer folds"), text);
            }
        }
        let options = TrainingReportOptions {
            scores,
            command,
            ..TrainingReportOptions::default()
        };
        let mut report = Self::of_training(model, data, None, options)?;
        report.title = format!("The best settings to predict {}", shown(data.target()));
        report.tuning = Some((tuned.study.clone(), tuned.nested.clone()));
        Ok(report)
    }
}
