//! The finding that a trend goes on beyond the range of the training targets, and predictions do not follow it.

use backburn_preprocessing::Distribution;
use backburn_training::{Diagnosis, Finding};

use crate::beyond_range::BeyondRange;
use crate::dataset::Dataset;
use crate::model_file::SavedModel;
use crate::text::{column_option, count, integer, number, shown};

/// The setting that learns the difference from the trend.
const TREND: &str = "data.trend=true";

/// The findings with that of a trend as the first one. It is the cause of a score that is no better than that of a constant,
/// and of a validation loss that rises, so these findings are left out.
pub(crate) fn with_trend_finding(
    mut findings: Vec<Finding>,
    found: Option<&BeyondRange>,
    model: &SavedModel,
    data: &Dataset,
) -> Vec<Finding> {
    let time = data.options().split.time.as_deref();
    // A trend that was learned goes on.
    let Some((found, time)) = found.zip(time).filter(|_| model.encoder.trend().is_none()) else {
        return findings;
    };
    findings.retain(|finding| {
        use Diagnosis::{NoBetterThanConstant, Overfitting, Underfitting};
        let name = finding.name;
        !matches!(name, NoBetterThanConstant | Overfitting | Underfitting)
    });
    let (remedy, settings) = remedy(time, model, data);
    let finding = Finding {
        name: Diagnosis::TrendBeyondRange,
        layer: None,
        epoch: None,
        evidence: evidence(found, time),
        remedy,
        settings,
    };
    findings.insert(0, finding);
    findings
}

fn evidence(found: &BeyondRange, time: &str) -> String {
    let (rises, above, low, greatest) = match found.rises {
        true => ("rises", "above", "low", "greatest"),
        false => ("falls", "below", "high", "smallest"),
    };
    format!(
        "the target {rises} with the time `{}`: in {} of {} that are later than all training rows, it is {above} the \
         {greatest} value of training, {}; {} {} at this value, and all are on average {} too {low}",
        shown(time),
        integer(found.beyond),
        count(found.rows, "row"),
        number(found.bound),
        count(found.at_bound, "prediction"),
        if found.at_bound == 1 { "is" } else { "are" },
        number(found.error)
    )
}

/// What to do, and the setting that does it where it is possible.
fn remedy(time: &str, model: &SavedModel, data: &Dataset) -> (String, Vec<String>) {
    let learn =
        "learn the difference from the linear trend over time, which goes on in predictions";
    let options = data.options();
    if let Some(name) = model.target.distribution().map(Distribution::name) {
        let remedy = format!(
            "{learn}: --set {TREND}, without training.loss={name}; or divide the target by a trend in the table"
        );
        return (remedy, Vec::new());
    }
    if !options.other_targets.is_empty() {
        let remedy = format!("train this target alone, and {learn}: --set {TREND}");
        return (remedy, Vec::new());
    }
    if !options.other_roles().contains(&time) {
        let remedy = format!(
            "{learn}: --set {TREND} with {}, and without options that make this column a feature",
            column_option("--time", time)
        );
        return (remedy, Vec::new());
    }
    (learn.to_string(), vec![TREND.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_has_the_rows_and_the_predictions() {
        let mut found = BeyondRange {
            rises: true,
            bound: 80.0,
            rows: 100,
            beyond: 70,
            at_bound: 64,
            error: 12.5,
        };
        let text = evidence(&found, "day");
        assert!(
            text.starts_with("the target rises with the time `day`: in 70 of 100 rows"),
            "{text}"
        );
        assert!(
            text.contains("above the greatest value of training, 80.00; 64 predictions are at"),
            "{text}"
        );
        assert!(text.ends_with("on average 12.50 too low"), "{text}");
        found.rises = false;
        let text = evidence(&found, "day");
        assert!(
            text.contains("falls") && text.ends_with("too high"),
            "{text}"
        );
    }
}
