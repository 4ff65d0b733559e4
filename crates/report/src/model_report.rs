//! The parts of a report that a model and its explanation fill.

use std::collections::BTreeMap;
use std::path::Path;

use backburn::baselines::constant_of_task;
use backburn::text::{
    count, escaped, file_name, integer, layer_widths, mean_and_deviation, number, path_name, shown,
};
use backburn::{
    Error, Forgetting, History, Metric, Predictions, SavedModel, Table, Target, TargetTransform,
    Targets, Task, history_file,
};
use backburn_explain::Explanation;
use burn::module::Module;

use crate::backpropagation::Backpropagation;
use crate::distribution::Distribution;
use crate::evaluation::{Evaluation, Outcome};
use crate::loss_surface::loss_surface;
use crate::report::Report;
use crate::training_rows::training_rows_note;

/// The largest number of classes that are named.
const CLASSES: usize = 12;

/// The rows that a model is explained and evaluated with.
#[derive(Debug, Clone)]
pub struct EvaluatedRows<'a> {
    /// The rows. Their numbers in the report are those of the table that they were selected from.
    pub table: &'a Table,
    /// A description of the rows, such as `732 rows of test.csv`.
    pub description: String,
}

impl EvaluatedRows<'_> {
    /// The number of a row in the file, from 1.
    fn number(&self, row: usize) -> usize {
        self.table.row_number(row)
    }
}

impl Report {
    /// A report of a model alone: what it was trained on, its network and its settings. `unit` is written
    /// before amounts of the target.
    pub fn of_model_alone(model: &SavedModel, unit: &str) -> Self {
        let column = model.target.column();
        let ignored = model.schema.columns.iter().filter_map(|c| {
            let reason = escaped(c.reason.as_ref()?);
            Some(format!("Column {} ignored: {reason}.", shown(&c.name)))
        });
        Self {
            title: format!("What predicts {}", shown(column)),
            target: shown(column),
            unit: unit.to_string(),
            facts: facts(model),
            networks: model.network.members.len(),
            notes: ignored.collect(),
            scores: stored_scores(model),
            forgetting: Forgetting::of(model).filter(|scores| scores.tasks.len() > 1),
            score_name: score_name(model).to_string(),
            settings: model.summary.settings.clone(),
            ..Self::default()
        }
    }

    /// A report of a model, its explanation and its evaluation. The other parts are empty. `unit` is
    /// written before amounts of the target.
    ///
    /// # Errors
    ///
    /// Rows that do not fit the model.
    pub fn of_model(
        model: &SavedModel,
        explanation: &Explanation,
        rows: &EvaluatedRows,
        unit: &str,
    ) -> Result<Self, Error> {
        let predictions = &explanation.predictions;
        Self::of_predictions(model, explanation, (rows, predictions), unit)
    }

    /// The same with other predictions for the rows, which are evaluated.
    pub(crate) fn of_predictions(
        model: &SavedModel,
        explanation: &Explanation,
        (rows, predictions): (&EvaluatedRows, &Predictions),
        unit: &str,
    ) -> Result<Self, Error> {
        let explained = explanation.rows.iter();
        let evaluation = evaluation(model, predictions, rows)?;
        let backpropagation = match evaluation.as_ref().and_then(Evaluation::worst) {
            None => None,
            Some(place) => backpropagation(model, rows, place, unit)?,
        };
        let surface = evaluation.as_ref().map(|_| loss_surface(model, rows.table));
        Ok(Self {
            distributions: Distribution::of_model(model, rows.table, &explanation.importance),
            backpropagation,
            loss_surface: surface.transpose()?,
            evaluation,
            importance: Some((explanation.measure, explanation.importance.clone())),
            dependence: explanation.dependence.clone(),
            rows: explained
                .map(|row| (format!("data row {}", rows.number(row.row)), row.clone()))
                .collect(),
            ..Self::of_model_alone(model, unit)
        })
    }

    /// Adds the history of the training run. The epochs among the facts are then those of the history.
    pub(crate) fn add_history(&mut self, history: History, model: &SavedModel) {
        let epochs = epochs(model, Some(&history));
        let mut facts = self.facts.iter_mut();
        if let Some((_, fact)) = facts.find(|(name, _)| name == "epochs") {
            *fact = epochs;
        }
        self.history = Some(history);
    }

    /// Adds the history of the training run and its findings, which are beside the model's file.
    ///
    /// # Errors
    ///
    /// There is no history of this model. The report then shows no training.
    pub fn add_history_beside(&mut self, file: &Path, model: &SavedModel) -> Result<(), String> {
        let beside = history_file::path_beside(file);
        let read = history_file::read(&beside, model);
        let (history, findings) = read.map_err(|reason| {
            let beside = path_name(&beside);
            format!("{beside}: {reason}: the report shows no training")
        })?;
        self.add_history(history, model);
        self.findings = Some(findings);
        Ok(())
    }
}

/// The name of the main metric of a model.
fn score_name(model: &SavedModel) -> &'static str {
    let asked = model.summary.metric.as_deref();
    let asked = asked.and_then(|name| name.parse::<Metric>().ok());
    match (asked, model.target.task()) {
        (Some(metric), _) => metric.title(),
        (None, Task::Regression) => "RMSE",
        (None, Task::Classification) => "accuracy",
    }
}

/// The row with the given number in its table, there and back.
fn backpropagation(
    model: &SavedModel,
    rows: &EvaluatedRows,
    number: usize,
    unit: &str,
) -> Result<Option<Backpropagation>, Error> {
    match (0..rows.table.rows()).find(|&row| rows.number(row) == number) {
        None => Ok(None),
        Some(row) => {
            let name = format!("Data row {number}");
            Backpropagation::new(model, rows.table, (row, name), unit)
        }
    }
}

/// The epochs of a model, and which one is best. With several networks it says which network that is.
fn epochs(model: &SavedModel, history: Option<&History>) -> String {
    let summary = &model.summary;
    let networks = model.network.members.len();
    let recorded = history.and_then(|history| history.epochs.last());
    let best = history.and_then(|history| {
        let mut epochs = history.epochs.iter().rev();
        epochs.find(|epoch| epoch.best && epoch.validation_loss.is_some())
    });
    let saved = format!("{}, the best is {}", summary.epochs, summary.best_epoch);
    match (recorded, best) {
        (None, _) if networks > 1 => format!("{saved}, of the first of {networks} networks"),
        (None, _) => saved,
        (Some(last), best) => {
            let of_curves = match best {
                Some(best) => format!("{}, the best is {}", last.epoch, best.epoch),
                None => last.epoch.to_string(),
            };
            match () {
                () if networks > 1 => {
                    format!(
                        "{of_curves}, for the network whose curves are shown (one of {networks})"
                    )
                }
                () if of_curves == saved || best.is_none() => saved,
                () => format!(
                    "{of_curves}, of the network whose curves are shown; the saved network was then trained for {} epochs",
                    summary.epochs
                ),
            }
        }
    }
}

/// The scores that a model file holds, each with the rows that it was measured on.
fn stored_scores(model: &SavedModel) -> Vec<(String, String)> {
    let summary = &model.summary;
    let mut scores = Vec::new();
    if let Some(test) = &summary.test {
        let rows = format!("test, {}", count(test.rows, "row"));
        scores.push((rows, in_words(model, &test.scores, &BTreeMap::new())));
    }
    if !summary.validation.is_empty() {
        let rows = count(summary.validation_rows, "row");
        let words = in_words(model, &summary.validation, &summary.validation_errors);
        scores.push((format!("validation, {rows}"), words));
    }
    let main = score_name(model);
    let mut constant = summary.validation_constant.iter();
    if let Some((_, score)) = constant.find(|(name, _)| score_title(name) == main) {
        let name = constant_of_task(model.target.task());
        let words = format!("{main} {}", number(*score));
        scores.push((format!("always {name} (validation)"), words));
    }
    scores
}

/// The title of a score, such as `RMSE` or `log loss`.
fn score_title(name: &str) -> String {
    let metric = name.parse::<Metric>().ok();
    let title = metric.map(|metric| metric.title().to_string());
    title.unwrap_or_else(|| shown(&name.replace('_', " ")))
}

/// Scores in one line, that of the main metric first, each with its standard error if it is known.
fn in_words(
    model: &SavedModel,
    scores: &BTreeMap<String, f64>,
    errors: &BTreeMap<String, f64>,
) -> String {
    let main = score_name(model);
    let scores = scores.iter();
    let mut words: Vec<(bool, String)> = scores
        .map(|(name, value)| {
            let title = score_title(name);
            let value = match errors.get(name) {
                Some(error) => mean_and_deviation(*value, *error),
                None => number(*value),
            };
            (title != main, format!("{title} {value}"))
        })
        .collect();
    // The sort is stable.
    words.sort_by_key(|(is_other, _)| *is_other);
    let words: Vec<String> = words.into_iter().map(|(_, words)| words).collect();
    words.join(", ")
}

/// Facts about the data and the network, with their names.
fn facts(model: &SavedModel) -> Vec<(String, String)> {
    let summary = &model.summary;
    let column = model.target.column();
    let (training, validation) = (
        integer(summary.training_rows),
        integer(summary.validation_rows),
    );
    let rows = match model.network.members.len() {
        1 => format!("{training} for training, {validation} for validation"),
        _ => {
            let scored = match summary.validation_rows == summary.training_rows {
                true => "all",
                false => &validation,
            };
            format!(
                "{training} for training; the validation score is of {scored} of them, each predicted by networks \
                 that were not trained on it"
            )
        }
    };
    let target = match &model.target {
        Target::Regression { .. } => ("target transform", target_transform(&model.target)),
        Target::Classification { classes, .. } => {
            let names: Vec<String> = classes
                .iter()
                .take(CLASSES)
                .map(|name| shown(name))
                .collect();
            let more = if classes.len() > CLASSES { ", …" } else { "" };
            ("classes", format!("{}{more}", names.join(", ")))
        }
    };
    let parameters = count(model.network.num_params(), "parameter");
    let mut facts = vec![
        ("table", file_name(&summary.table)),
        ("rows", rows),
        (
            "target",
            format!("{} ({})", shown(column), model.target.task()),
        ),
        target,
    ];
    facts.extend(decision(&model.target).map(|decision| ("decision", decision)));
    facts.extend(quantiles(&model.target).map(|quantiles| ("quantiles", quantiles)));
    facts.extend([
        ("columns used", integer(model.encoder.columns.len())),
        ("network", format!("{}, {parameters}", layers(model))),
        ("epochs", epochs(model, None)),
        (
            "seed and device",
            format!("{}, {}", summary.seed, shown(&summary.device)),
        ),
    ]);
    facts.extend(training_rows_note(model).map(|note| ("privacy", note)));
    facts
        .into_iter()
        .map(|(name, fact)| (name.to_string(), fact))
        .collect()
}

/// The predictions beside the true values, for rows that have them.
fn evaluation(
    model: &SavedModel,
    predictions: &Predictions,
    rows: &EvaluatedRows,
) -> Result<Option<Evaluation>, Error> {
    if rows.table.column(model.target.column()).is_err() {
        return Ok(None);
    }
    let targets = Targets::read(rows.table, &model.target)?;
    let mut row_numbers = Vec::new();
    let outcome = match (&targets, predictions) {
        (Targets::Values(values), Predictions::Values(all)) => {
            let known = || (0..values.len()).filter(|&row| values[row].is_finite());
            row_numbers.extend(known().map(|row| rows.number(row)));
            Outcome::Values {
                predicted: known().map(|row| all[row]).collect(),
                actual: known().map(|row| values[row]).collect(),
            }
        }
        (
            Targets::Classes(of_row),
            Predictions::Classes {
                classes,
                probabilities: all,
                ..
            },
        ) => {
            let decided = predictions.class_indices().unwrap_or_default();
            let known = || {
                let rows = of_row.iter().enumerate();
                rows.filter_map(|(row, class)| Some((row, (*class)?)))
            };
            row_numbers.extend(known().map(|(row, _)| rows.number(row)));
            let width = classes.len();
            let probabilities = known().flat_map(|(row, _)| &all[row * width..(row + 1) * width]);
            Outcome::Classes {
                classes: classes.iter().map(|name| shown(name)).collect(),
                probabilities: probabilities.copied().collect(),
                predicted: known().map(|(row, _)| decided[row]).collect(),
                actual: known().map(|(_, class)| class).collect(),
            }
        }
        _ => return Ok(None),
    };
    let mut description = rows.description.clone();
    if row_numbers.len() < rows.table.rows() {
        let (known, target) = (integer(row_numbers.len()), shown(model.target.column()));
        description += &format!("; {known} of them have a value of {target}");
    }
    Ok((!row_numbers.is_empty()).then_some(Evaluation {
        rows: description,
        row_numbers,
        outcome,
    }))
}

/// The networks of a model by their layers: `8 networks, each 20 → 128 → 1 (silu)`.
pub fn layers(model: &SavedModel) -> String {
    layers_to(model, model.config.outputs)
}

/// The same with this number of outputs.
pub(crate) fn layers_to(model: &SavedModel, outputs: usize) -> String {
    let widths = model.config.widths();
    let mut shapes: Vec<(String, usize)> = Vec::new();
    for network in &model.network.members {
        let mut layers = vec![widths[0]];
        layers.extend(network.hidden_units());
        layers.push(outputs);
        let layers = layer_widths(&layers);
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

/// How a numeric target is transformed for the network; empty for classes.
pub fn target_transform(target: &Target) -> String {
    let Target::Regression {
        scale, mean, std, ..
    } = target
    else {
        return String::new();
    };
    let distribution = target.distribution();
    if let Some(name) = distribution.filter(|d| d.has_log_link()).map(|d| d.name()) {
        return format!("log link ({name}), mean {}", number(mean.exp()));
    }
    let of = match scale {
        TargetTransform::Standard | TargetTransform::Auto => "",
        TargetTransform::Log => "of the logarithm: ",
        TargetTransform::None => return "none".to_string(),
    };
    format!(
        "{of}mean {}, standard deviation {}",
        number(*mean),
        number(*std)
    )
}

/// The quantiles that a model predicts.
fn quantiles(target: &Target) -> Option<String> {
    let levels = target.distribution()?.levels()?;
    let levels: Vec<String> = levels.iter().map(f64::to_string).collect();
    let levels = levels.join(", ");
    Some(format!("{levels}; the charts are of the median"))
}

/// How the predicted class is decided, if it is not the most likely one.
pub fn decision(target: &Target) -> Option<String> {
    let (decision, classes) = (target.decision()?, target.class_names()?);
    match (decision.positive, decision.threshold) {
        (Some(positive), Some(threshold)) => Some(format!(
            "{} if its probability is at least {}",
            shown(classes.get(positive)?),
            number(threshold)
        )),
        _ if decision.decides() => Some("the class with the lowest expected cost".to_string()),
        _ => None,
    }
}
