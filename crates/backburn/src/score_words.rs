//! The scores of a fit in words.

use crate::constant::constant_line;
use crate::fitted_model::FittedModel;
use crate::test_result::TestResult;
use crate::warning::Warning;

impl FittedModel {
    /// The scores of the fit in lines with short headings: `validation` and `test`, with what belongs to each below
    /// it.
    pub fn scores_in_words(&self, tested: Option<&TestResult>) -> Vec<(&'static str, String)> {
        self.scores_of_target(tested, false)
    }

    /// The same for the model of a target, which may be one of several.
    pub(crate) fn scores_of_target(
        &self,
        tested: Option<&TestResult>,
        several_targets: bool,
    ) -> Vec<(&'static str, String)> {
        let record = self.record();
        let mut lines = Vec::new();
        match record.and_then(|record| record.validation.as_ref()) {
            Some(score) => {
                lines.push(("validation", score.line("")));
                lines.extend(score.few_rows_note().map(|note| ("note", note)));
            }
            None if tested.is_none() => {
                let note = Warning::NotScored { several_targets };
                lines.push(("note", note.to_string()));
            }
            None => {}
        }
        if let Some(constant) = record.and_then(|record| record.constant.as_ref()) {
            lines.push(("baseline", constant_line(constant, "")));
        }
        if let Some(trade_off) = &self.model().summary.trade_off {
            let headings = ["threshold"].into_iter().chain(std::iter::repeat(""));
            lines.extend(headings.zip(trade_off.lines()));
        }
        if let Some(tested) = tested {
            lines.push(("test", tested.score.line("")));
            if let Some(reliability) = &tested.reliability {
                lines.push((reliability.heading(), reliability.to_string()));
            }
            lines.push(("baseline", constant_line(&tested.constant, "")));
            lines.extend(tested.no_better_note().map(|note| ("note", note)));
        }
        lines
    }
}
