//! The outcome of a training: printed, as JSON, and in files beside the model. `train` and `example` share
//! it.

use std::path::Path;

use backburn::baselines;
use backburn::{
    Dataset, FitRecord, FittedModel, LearningCurve, Reliability, Score, Table, Target,
    history_file, unseen_note,
};
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::ui::console::Console;
use crate::ui::words;

/// The scores on a test table.
pub struct Tested {
    pub score: Score,
    pub reliability: Option<Reliability>,
    /// The score of always predicting the mean or the most frequent class.
    pub constant: Score,
}

/// Scores a model on a test table, and stores the score in the model.
pub fn test(
    model: &mut FittedModel,
    data: &Dataset,
    test: &Table,
    console: Console,
) -> Result<Tested, Error> {
    let (predictions, unseen) = model.predictor().predict_and_count(test)?;
    if let Some(note) = unseen_note(&unseen) {
        console.paragraph("note", note);
    }
    let target = &model.model().target;
    let score = Score::of_table(&predictions, test, target)?;
    let constant = baselines::constant(data, target, test)?;
    let reliability = score.reliability(model.predictor(), test)?;
    model.set_test_score(test, &score);
    Ok(Tested {
        score,
        reliability,
        constant,
    })
}

/// Prints the scores of a model, and returns them as JSON.
pub fn show_scores(
    record: &FitRecord,
    tested: Option<&Tested>,
    data: &Dataset,
    console: Console,
) -> Map<String, Value> {
    if let Some(score) = &record.validation {
        console.entry("validation", score.line(""));
    }
    let scored = tested.map(|tested| &tested.score);
    let mut json = match scored.or(record.validation.as_ref()) {
        Some(score) => score.json(),
        None => Map::from_iter([
            ("task".to_string(), json!(data.task())),
            ("rows".to_string(), json!(0)),
        ]),
    };
    let scored_on = match (tested, &record.validation) {
        (Some(_), _) => "test",
        (None, Some(_)) => "validation",
        (None, None) => "nothing",
    };
    json.insert("scored_on".to_string(), json!(scored_on));
    if let Some(tested) = tested {
        show_test(tested, data, console);
        let constant = Value::Object(tested.constant.json());
        json.insert("baseline".to_string(), constant);
    }
    json
}

fn show_test(tested: &Tested, data: &Dataset, console: Console) {
    let Tested {
        score,
        reliability,
        constant,
    } = tested;
    console.entry("test", score.line(""));
    if let Some(reliability) = reliability {
        console.detail("trust", reliability);
    }
    if let Some(note) = score.skipped_note() {
        console.paragraph("note", note);
    }
    let name = baselines::constant_name(data.task());
    let line = format!("{} by always predicting {name}", constant.headline(""));
    console.detail("baseline", line);
    if score.error().1 >= constant.error().1 {
        let note = format!("the model is no better than always predicting {name}");
        console.paragraph("note", note);
    }
}

/// Writes the history beside the model. If that fails, prints a note: the model does not need it.
pub fn save_history(model: &FittedModel, path: &Path, console: Console) {
    // There is no history beside a pipe or a device.
    let Some(record) = model.record().filter(|_| path.is_file()) else {
        return;
    };
    match history_file::write(path, model.model(), &record.history, &record.findings) {
        Ok(path) => console.detail("history", words::path(&path)),
        Err(error) => {
            let path = history_file::path_beside(path);
            let path = path.display();
            console.paragraph("note", format!("{path}: the history is not saved: {error}"));
        }
    }
}

/// The part of the JSON about the training.
pub fn facts(
    model: &FittedModel,
    record: &FitRecord,
    curve: Option<&LearningCurve>,
    path: &Path,
) -> Map<String, Value> {
    let summary = &model.model().summary;
    let facts = [
        ("target", json!(model.model().target.column())),
        ("training_rows", json!(summary.training_rows)),
        ("validation_rows", json!(summary.validation_rows)),
        ("epochs", json!(summary.epochs)),
        ("best_epoch", json!(summary.best_epoch)),
        ("stop", json!(format!("{:?}", record.stop))),
        ("seconds", json!(record.seconds)),
        ("seed", json!(summary.seed)),
        ("device", json!(summary.device)),
        ("learning_rate", json!(record.history.start.learning_rate)),
        ("model", json!(path.display().to_string())),
        ("findings", json!(record.findings)),
        ("learning_curve", json!(curve.map(|curve| &curve.points))),
    ];
    let classes = match &model.model().target {
        Target::Regression { .. } => None,
        Target::Classification { classes, .. } => Some(("classes", json!(classes))),
    };
    facts
        .into_iter()
        .chain(classes)
        .map(|(name, value)| (name.to_string(), value))
        .collect()
}
