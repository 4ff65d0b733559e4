//! The outcome of a fit as JSON.

use std::path::Path;

use backburn_preprocessing::Target;
use serde_json::{Map, Value, json};

use crate::fitted_model::FittedModel;
use crate::learning_curve::LearningCurve;
use crate::reliability::Reliability;
use crate::test_result::TestResult;

impl FittedModel {
    /// The scores as the JSON object that `trainer train --json` prints: those of the test, or of the
    /// validation rows if there is no test.
    pub fn scores_json(&self, tested: Option<&TestResult>) -> Map<String, Value> {
        let record = self.record();
        let validation = record.and_then(|record| record.validation.as_ref());
        let scored = tested.map(|tested| &tested.score);
        let mut json = match scored.or(validation) {
            Some(score) => score.json(),
            None => Map::from_iter([
                ("task".to_string(), json!(self.model().target.task())),
                ("rows".to_string(), json!(0)),
            ]),
        };
        let scored_on = match (tested, validation) {
            (Some(_), _) => "test",
            (None, Some(_)) => "validation",
            (None, None) => "nothing",
        };
        json.insert("scored_on".to_string(), json!(scored_on));
        let of_validation = record.and_then(|record| record.constant.as_ref());
        let constant = match tested {
            Some(tested) => Some(&tested.constant),
            None => of_validation,
        };
        if let Some(constant) = constant {
            let constant = Value::Object(constant.json());
            json.insert("baseline".to_string(), constant);
        }
        if let Some(tested) = tested {
            let no_better = tested.no_better_note().is_some();
            let of_test = [
                ("unlike_training", json!(tested.unlike_training)),
                ("skipped", json!(tested.score.skipped)),
                ("no_better_than_baseline", json!(no_better)),
            ];
            json.extend(of_test.map(|(name, value)| (name.to_string(), value)));
            json.extend(tested.reliability.as_ref().map(Reliability::json));
        }
        json
    }

    /// The part about the training of the JSON object that `trainer train --json` prints. `path` is the
    /// model's file. Empty for a model that was loaded.
    pub fn facts_json(&self, path: &Path, curve: Option<&LearningCurve>) -> Map<String, Value> {
        let Some(record) = self.record() else {
            return Map::new();
        };
        let model = self.model();
        let summary = &model.summary;
        let facts = [
            ("target", json!(model.target.column())),
            ("training_rows", json!(summary.training_rows)),
            ("validation_rows", json!(summary.validation_rows)),
            ("epochs", json!(summary.epochs)),
            ("best_epoch", json!(summary.best_epoch)),
            ("stop", json!(record.stop)),
            ("seconds", json!(record.seconds)),
            ("seed", json!(summary.seed)),
            ("device", json!(summary.device)),
            ("learning_rate", json!(record.history.start.learning_rate)),
            ("model", json!(path.display().to_string())),
            ("findings", json!(record.findings)),
            ("learning_curve", json!(curve.map(|curve| &curve.points))),
        ];
        let classes = match &model.target {
            Target::Regression { .. } => None,
            Target::Classification { classes, .. } => Some(("classes", json!(classes))),
        };
        let trade_off = summary.trade_off.as_ref();
        let trade_off = trade_off.map(|trade_off| ("threshold", json!(trade_off)));
        facts
            .into_iter()
            .chain(classes)
            .chain(trade_off)
            .map(|(name, value)| (name.to_string(), value))
            .collect()
    }
}
