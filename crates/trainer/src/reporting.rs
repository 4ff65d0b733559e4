//! What goes into a report.

use backburn_report::{Evaluation, LearningCurve, Outcome, Report, quoted};
use backburn_tabular::{Predictions, SavedModel, Table, Target, TargetScale};
use backburn_training::{Finding, History};
use burn::module::Module;

use crate::config::RunConfig;
use crate::console::{count, escaped, number, program, shown};
use crate::data::Understood;
use crate::error::Error;
use crate::explaining::Explained;
use crate::resume;
use crate::score::Truth;

/// The parts that a model and the rows that explain it fill; the others are left empty. `numbers` are
/// the rows' indices in the file, if those are others.
pub fn of_model(
    model: &SavedModel,
    explained: &Explained,
    evaluated: &Table,
    numbers: Option<&[usize]>,
    what_rows: String,
    unit: &str,
) -> Result<Report, Error> {
    let summary = &model.summary;
    let column = model.target.column();
    let task = model.target.task();
    let mut facts = vec![
        ("table".to_string(), shown(&summary.table)),
        (
            "rows".to_string(),
            format!(
                "{} to learn from, {} to choose the best epoch",
                number_of(summary.training_rows),
                number_of(summary.validation_rows)
            ),
        ),
        ("target".to_string(), format!("{} ({task})", shown(column))),
    ];
    match &model.target {
        Target::Regression { .. } => {
            facts.push(("target scale".to_string(), scale_in_words(&model.target)));
        }
        Target::Classification { classes, .. } => {
            let names: Vec<String> = classes.iter().take(12).map(|name| shown(name)).collect();
            let more = if classes.len() > 12 { ", …" } else { "" };
            facts.push(("classes".to_string(), format!("{}{more}", names.join(", "))));
        }
    }
    facts.extend([
        (
            "columns used".to_string(),
            number_of(model.encoder.columns.len()),
        ),
        (
            "network".to_string(),
            format!(
                "{}, {}",
                layers(model),
                count(model.network.num_params(), "parameter")
            ),
        ),
        (
            "epochs".to_string(),
            format!("{}, the best is {}", summary.epochs, summary.best_epoch),
        ),
        (
            "seed and device".to_string(),
            format!("{}, {}", summary.seed, shown(&summary.device)),
        ),
    ]);
    let notes = model.schema.columns.iter().filter_map(|c| {
        Some(format!(
            "Column {} ignored: {}.",
            shown(&c.name),
            escaped(c.reason.as_ref()?)
        ))
    });
    Ok(Report {
        title: format!("What predicts {}", shown(column)),
        target: shown(column),
        unit: unit.to_string(),
        facts,
        notes: notes.collect(),
        score_name: match task {
            backburn_tabular::Task::Regression => "RMSE".to_string(),
            backburn_tabular::Task::Classification => "accuracy".to_string(),
        },
        evaluation: evaluation(model, explained, (evaluated, numbers), what_rows)?,
        importance: Some((explained.measure, explained.importance.clone())),
        dependence: explained.dependence.clone(),
        rows: explained.rows.clone(),
        settings: summary.settings.clone(),
        ..Report::default()
    })
}

/// What there is to say of a training run that gave no model.
pub fn of_no_model(
    history: &History,
    findings: &[Finding],
    understood: &Understood,
    config: &RunConfig,
) -> Report {
    let target = shown(&understood.target);
    Report {
        title: format!("What could not be learned of {target}"),
        facts: vec![
            ("rows".to_string(), number_of(understood.rows.len())),
            ("columns".to_string(), understood.columns_in_words()),
            (
                "target".to_string(),
                format!("{target} ({})", understood.task),
            ),
            (
                "model".to_string(),
                "none: the loss became infinite or NaN before an epoch was finished".to_string(),
            ),
        ],
        target,
        notes: understood.notes.clone(),
        history: Some(history.clone()),
        findings: Some(findings.to_vec()),
        settings: config.to_toml(),
        command: command(),
        ..Report::default()
    }
}

/// The predictions for rows whose truth is known, if there are any.
fn evaluation(
    model: &SavedModel,
    explained: &Explained,
    (table, numbers): (&Table, Option<&[usize]>),
    rows: String,
) -> Result<Option<Evaluation>, Error> {
    if table.column(model.target.column()).is_err() {
        return Ok(None);
    }
    let truth = Truth::of(table, &model.target)?;
    let place = |row: usize| numbers.map_or(row, |numbers| numbers[row]) + 1;
    let mut places = Vec::new();
    let outcome = match (&truth, &explained.predictions) {
        (Truth::Values(values), Predictions::Values(all)) => {
            let known = || (0..values.len()).filter(|&row| values[row].is_finite());
            places.extend(known().map(place));
            Outcome::Values {
                predicted: known().map(|row| all[row]).collect(),
                actual: known().map(|row| values[row]).collect(),
            }
        }
        (
            Truth::Classes(of_row),
            Predictions::Classes {
                classes,
                probabilities: all,
            },
        ) => {
            let known = || {
                of_row
                    .iter()
                    .enumerate()
                    .filter_map(|(row, c)| Some((row, (*c)?)))
            };
            places.extend(known().map(|(row, _)| place(row)));
            let width = classes.len();
            let probabilities = known().flat_map(|(row, _)| &all[row * width..(row + 1) * width]);
            Outcome::Classes {
                classes: classes.iter().map(|name| shown(name)).collect(),
                probabilities: probabilities.copied().collect(),
                actual: known().map(|(_, class)| class).collect(),
            }
        }
        _ => return Ok(None),
    };
    Ok((!places.is_empty()).then_some(Evaluation {
        rows,
        places,
        outcome,
    }))
}

/// The networks of a model by their layers.
pub fn layers(model: &SavedModel) -> String {
    let widths = model.config.widths();
    let mut shapes: Vec<(String, usize)> = Vec::new();
    for network in &model.network.members {
        let mut layers = vec![widths[0]];
        layers.extend(network.hidden_units());
        layers.push(model.config.outputs);
        let layers: Vec<String> = layers.iter().map(usize::to_string).collect();
        let layers = layers.join(" → ");
        match shapes.iter_mut().find(|(shape, _)| *shape == layers) {
            Some((_, networks)) => *networks += 1,
            None => shapes.push((layers, 1)),
        }
    }
    let activation = &model.config.activation;
    match shapes.as_slice() {
        [(layers, 1)] => format!("{layers} ({activation})"),
        [(layers, networks)] => format!("{networks} networks, each {layers} ({activation})"),
        _ => {
            let shapes = shapes.iter();
            let shapes = shapes.map(|(layers, networks)| format!("{networks} of {layers}"));
            let networks = model.network.members.len();
            let shapes = shapes.collect::<Vec<_>>().join(", ");
            format!("{networks} networks, {shapes} ({activation})")
        }
    }
}

/// How a target that is a number is scaled for the network.
pub fn scale_in_words(target: &Target) -> String {
    let Target::Regression {
        scale, mean, std, ..
    } = target
    else {
        return String::new();
    };
    let of = match scale {
        TargetScale::Standard | TargetScale::Auto => "",
        TargetScale::Log => "of the logarithm: ",
        TargetScale::None => return "as it is".to_string(),
    };
    format!("{of}mean {}, deviation {}", number(*mean), number(*std))
}

/// The command that this process is; of a run that goes on, the one that began it.
pub fn command() -> String {
    let arguments: Vec<String> = resume::said().iter().map(|word| quoted(word)).collect();
    format!("{} {}", program(), arguments.join(" "))
        .trim_end()
        .to_string()
}

/// The notes and the curve that only training knows.
pub fn add_training(report: &mut Report, notes: &[String], curve: Option<LearningCurve>) {
    if !notes.is_empty() {
        report.notes = notes.to_vec();
    }
    report.learning_curve = curve;
}

fn number_of(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => crate::console::number(number as f64),
    }
}
