//! One row there and back through a network of a model.

use std::collections::HashMap;

use backburn::{Error, FeatureName, Predictions, SavedModel, Table, Target, Targets};
use backburn_training::Criterion;
use backburn_training::row_pass::{
    Aim, DifferentiatedRow, Gradient, Network, Parameter, Pass, Statistics, difference, formula,
    loss,
};

use crate::format::number;
use crate::training_settings::{criterion, training_settings};

/// One row there and back: the forward pass of a network, its loss, and the backward pass, with all numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Backpropagation {
    /// The row, such as `data row 12`.
    pub row: String,
    /// The number of networks of the model; this is the first of them.
    pub networks: usize,
    /// The names of the features that enter the first layer.
    pub inputs: Vec<String>,
    /// The names of the outputs.
    pub outputs: Vec<String>,
    /// The parameters.
    pub network: Network,
    /// The numbers of each unit.
    pub pass: Pass,
    /// The derivatives of the loss with respect to the parameters of each layer.
    pub gradients: Vec<Gradient>,
    /// The target of the row.
    pub actual: String,
    /// What this network predicts: a number, or a class.
    pub predicted: String,
    /// The probability of the true class; `None` for a number.
    pub true_class: Option<TrueClass>,
    /// The loss of the row.
    pub loss: f64,
    /// The equation of the loss with the numbers of the row.
    pub loss_formula: String,
    /// The learning rate of the update.
    pub learning_rate: f64,
    /// What the network predicts after a step of gradient descent on this row.
    pub predicted_after: String,
    /// The loss of the row after this step.
    pub loss_after: f64,
    /// The weight whose chain rule is written out: the one with the largest derivative in the first layer.
    pub selected: SelectedWeight,
}

/// The probability of the true class of a row, before and after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueClass {
    /// What outputs are divided by to calibrate probabilities; above 0. With 1, both probabilities are the same.
    pub temperature: f64,
    /// Before the step.
    pub now: ClassProbability,
    /// After the step.
    pub after: ClassProbability,
}

/// The probability of a class by a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassProbability {
    /// The softmax of the outputs, which the loss is computed from.
    pub of_outputs: f64,
    /// The softmax of the outputs divided by the temperature, as in predictions.
    pub calibrated: f64,
}

/// A weight of the first layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelectedWeight {
    /// The feature.
    pub from: usize,
    /// The unit.
    pub to: usize,
    /// The derivative of the loss by finite differences.
    pub finite_difference: f64,
}

impl Backpropagation {
    /// The pass of a row of a table through the first network of a model. `None` if the row has no target that the
    /// loss can be computed for.
    ///
    /// # Errors
    ///
    /// The table does not fit the model.
    pub fn new(
        model: &SavedModel,
        table: &Table,
        (row, name): (usize, String),
        unit: &str,
    ) -> Result<Option<Self>, Error> {
        let table = table.select(table.name(), &[row])?;
        let table = model.format.apply_to_table(&table)?;
        let Some(member) = model.network.members.first() else {
            return Ok(None);
        };
        let targets = Targets::read(&table, &model.target)?;
        let aim = aim(&targets, model);
        let criterion = has_loss_of_row(model).then(|| criterion(model));
        let (Some(aim), Some(criterion)) = (aim, criterion) else {
            return Ok(None);
        };
        let learning_rate = training_settings(model).learning_rate;
        let network = Network::of(member);
        let features = network.features_of(&model.encoder.encode(&table)?);
        let step = RowStep {
            aim,
            criterion,
            learning_rate: learning_rate.fixed().unwrap_or(0.001),
        };
        let passed = step.pass(&network, features);
        let after = step.pass(
            &step.updated(&network, &passed.gradients),
            passed.features(),
        );
        let Some(selected) = step.selected(&network, &passed) else {
            return Ok(None);
        };
        let said = |pass: &Pass| prediction(model, pass.outputs(), unit);
        let is_sound = passed.loss.is_finite() && after.loss.is_finite();
        Ok(is_sound.then(|| Self {
            row: name,
            networks: model.network.members.len(),
            inputs: input_names(model),
            outputs: output_names(model, network.outputs()),
            actual: actual(&targets, model, unit),
            predicted: said(&passed.pass),
            true_class: step.true_class(model, &passed.pass, &after.pass),
            loss: passed.loss,
            loss_formula: formula(&step.criterion, passed.pass.outputs(), aim),
            learning_rate: step.learning_rate,
            predicted_after: said(&after.pass),
            loss_after: after.loss,
            selected,
            pass: passed.pass,
            gradients: passed.gradients,
            network,
        }))
    }
}

/// The target of a row, and how a step is taken.
struct RowStep {
    aim: Aim,
    criterion: Criterion,
    learning_rate: f64,
}

/// A row that went there and back.
struct Passed {
    pass: Pass,
    gradients: Vec<Gradient>,
    loss: f64,
}

impl Passed {
    fn features(&self) -> Vec<f64> {
        self.pass.features.clone()
    }
}

impl RowStep {
    fn pass(&self, network: &Network, features: Vec<f64>) -> Passed {
        let mut pass = Pass::forward(network, features, Statistics::Running);
        let (loss, slopes) = loss(&self.criterion, pass.outputs(), self.aim);
        let gradients = pass.backward(network, slopes);
        Passed {
            pass,
            gradients,
            loss,
        }
    }

    /// The network after a step of gradient descent.
    fn updated(&self, network: &Network, gradients: &[Gradient]) -> Network {
        let mut updated = network.clone();
        for (layer, gradient) in updated.layers.iter_mut().zip(gradients) {
            let weights = layer.weight.iter_mut().zip(&gradient.weight);
            weights.for_each(|(weight, gradient)| *weight -= self.learning_rate * gradient);
            let bias = layer.bias.iter_mut().zip(&gradient.bias);
            bias.for_each(|(bias, gradient)| *bias -= self.learning_rate * gradient);
        }
        updated
    }

    /// The probability of the true class, before and after the step.
    fn true_class(&self, model: &SavedModel, now: &Pass, after: &Pass) -> Option<TrueClass> {
        let Target::Classification { temperature, .. } = &model.target else {
            return None;
        };
        let of = |pass: &Pass| ClassProbability {
            of_outputs: self.probability(pass.outputs(), 1.0),
            calibrated: self.probability(pass.outputs(), *temperature),
        };
        Some(TrueClass {
            temperature: *temperature,
            now: of(now),
            after: of(after),
        })
    }

    /// The probability of the true class, whose negative logarithm is the loss without label smoothing.
    fn probability(&self, outputs: &[f64], temperature: f64) -> f64 {
        let criterion = Criterion {
            label_smoothing: 0.0,
            ..self.criterion.clone()
        };
        let outputs: Vec<f64> = outputs.iter().map(|output| output / temperature).collect();
        let (loss, _) = loss(&criterion, &outputs, self.aim);
        (-loss).exp()
    }

    /// The weight of the first layer with the largest derivative.
    fn selected(&self, network: &Network, passed: &Passed) -> Option<SelectedWeight> {
        let (layer, gradient) = (network.layers.first()?, passed.gradients.first()?);
        let sizes = gradient.weight.iter().map(|gradient| gradient.abs());
        let (place, _) = sizes.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let row = DifferentiatedRow {
            features: &passed.pass.features,
            aim: self.aim,
            criterion: self.criterion.clone(),
            pass: &passed.pass,
        };
        let parameter = Parameter::Weight(place);
        Some(SelectedWeight {
            from: place / layer.units,
            to: place % layer.units,
            finite_difference: difference(network, &row, 0, parameter, gradient.weight[place]),
        })
    }
}

/// What the outputs are compared with; `None` for a row without a target.
fn aim(targets: &Targets, model: &SavedModel) -> Option<Aim> {
    match targets {
        Targets::Values(values) => {
            let value = model.target.scale(*values.first()?);
            value.is_finite().then_some(Aim::Value(value))
        }
        Targets::Classes(classes) => Some(Aim::Class((*classes.first()?)?)),
    }
}

/// Whether the outputs of a model are some that the loss of a row is known for.
fn has_loss_of_row(model: &SavedModel) -> bool {
    if model.target.distribution().is_some() || model.encoder.trend().is_some() {
        return false;
    }
    match (model.target.class_names(), model.config.outputs) {
        (None, outputs) => outputs == 1,
        (Some(classes), 1) => classes.len() == 2,
        (Some(classes), outputs) => classes.len() == outputs,
    }
}

/// The target of a row as it is in the table.
fn actual(targets: &Targets, model: &SavedModel, unit: &str) -> String {
    match targets {
        Targets::Values(values) => {
            let value = values.first().copied().unwrap_or(f64::NAN);
            format!("{unit}{}", number(value))
        }
        Targets::Classes(classes) => {
            let class = classes.first().copied().flatten();
            let names = model.target.class_names().unwrap_or_default();
            let name = class.and_then(|class| names.get(class));
            name.cloned().unwrap_or_default()
        }
    }
}

/// What outputs of the network mean: a number, with the bound of predictions if it is beyond, or the most probable class.
fn prediction(model: &SavedModel, outputs: &[f64], unit: &str) -> String {
    let outputs: Vec<f32> = outputs.iter().map(|&output| output as f32).collect();
    match model.target.predictions(&outputs, model.config.outputs) {
        Predictions::Values(values) => {
            let amount = |values: &[f64]| {
                let value = values.first().copied().unwrap_or(f64::NAN);
                format!("{unit}{}", number(value))
            };
            let mut unbounded = model.target.clone();
            if let Target::Regression { bounds, .. } = &mut unbounded {
                *bounds = None;
            }
            let free = unbounded.predictions(&outputs, model.config.outputs);
            let (value, free) = (amount(&values), free.values().map(amount));
            match free.filter(|free| *free != value) {
                Some(free) => format!("{free}, limited to {value}"),
                None => value,
            }
        }
        Predictions::Classes {
            classes,
            probabilities,
            ..
        } => {
            let best = (0..classes.len().min(probabilities.len()))
                .max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
            best.map_or(String::new(), |best| classes[best].clone())
        }
    }
}

/// The names of the inputs. One that several inputs have is preceded by the columns that it is computed from.
fn input_names(model: &SavedModel) -> Vec<String> {
    let features = model.encoder.feature_names();
    let mut times: HashMap<&str, usize> = HashMap::new();
    for feature in &features {
        *times.entry(&feature.name).or_default() += 1;
    }
    let name = |feature: &FeatureName| match times.get(feature.name.as_str()) {
        Some(2..) => format!("{}: {}", feature.column, feature.name),
        _ => feature.name.clone(),
    };
    features.iter().map(name).collect()
}

fn output_names(model: &SavedModel, outputs: usize) -> Vec<String> {
    match model.target.class_names() {
        Some(names) if names.len() == outputs => names.to_vec(),
        // The logit of two classes is that of the second.
        Some(names) => names.last().cloned().into_iter().collect(),
        None => vec![model.target.column().to_string()],
    }
}
