//! Gradient-boosted trees, as a method to compare with.

use backburn_preprocessing::{Target, Task};
use backburn_table::Split;
use backburn_training::Loss;
use burn::tensor::{Device, Tensor};
use forust_ml::objective::ObjectiveType;
use forust_ml::{GradientBooster, Matrix};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::score::Score;
use crate::scoring::Scoring;
use crate::stop_token::StopToken;
use crate::targets::Targets;
use crate::work_memory::Work;

/// A common number of trees for the learning rate below, without tuning either.
const TREES: usize = 500;
const RATE: f32 = 0.05;

/// The score of boosted trees (Friedman, "Greedy Function Approximation", 2001) on the validation rows of
/// a split. There is no time limit. With more than two classes, each class has its own trees (one against
/// the rest). The rows are encoded as `config` says, on the device.
///
/// # Errors
///
/// The rows cannot be encoded or fitted, no row of the fold can be scored, or the run was stopped.
pub fn boosted(
    data: &Dataset,
    split: &Split,
    config: &Config,
    device: &Device,
    stop: &StopToken,
) -> Result<Score, Error> {
    if split.training.is_empty() {
        return Err(Error::Failed(
            "gradient boosting: no row to fit".to_string(),
        ));
    }
    let data = data.subset(&split.training);
    // Trees are fitted to the values themselves, whatever the networks learn.
    let mut config = config.clone();
    if data.task() == Task::Regression {
        config.training.loss = Loss::Auto;
    }
    let config = &config;
    let encoded = EncodedSplit::for_work(&data, split.clone(), config, device, &Work::Boosting)?;
    let targets = Targets::read(data.table(), &encoded.target)?;
    let trees = TreeRows::new(&encoded, config.training.seed, stop);
    let outputs = trees.outputs(&encoded.target, &targets.numbers(&split.training))?;
    let by_row = (0..split.validation.len())
        .flat_map(|row| outputs.iter().map(move |outputs| outputs[row] as f32));
    let by_row: Vec<f32> = by_row.collect();
    let predictions = encoded.target.predictions(&by_row, outputs.len());
    let score = Scoring::new(&data, config).score(&predictions, &targets, &split.validation);
    score.ok_or_else(|| {
        let reason = "gradient boosting: no row of the fold can be scored";
        Error::Failed(reason.to_string())
    })
}

/// Encoded rows, column by column. Trees are fitted on the training rows and predict the validation rows.
struct TreeRows<'a> {
    training: Vec<f64>,
    validation: Vec<f64>,
    validation_rows: usize,
    /// The number of columns.
    columns: usize,
    /// The weight of each training row.
    weights: Vec<f64>,
    seed: u64,
    stop: &'a StopToken,
}

impl<'a> TreeRows<'a> {
    fn new(encoded: &EncodedSplit, seed: u64, stop: &'a StopToken) -> Self {
        let rows = encoded.split.training.len();
        let training = by_column(&encoded.training.inputs);
        let validation = encoded.validation.iter();
        Self {
            columns: training.len() / rows,
            training,
            validation: validation.flat_map(|v| by_column(&v.inputs)).collect(),
            validation_rows: encoded.split.validation.len(),
            weights: match &encoded.training.weights {
                Some(weights) => weights.to_data().iter().collect(),
                None => vec![1.0; rows],
            },
            seed,
            stop,
        }
    }

    /// What a network would output for the validation rows: one list of scaled values for regression, and
    /// a list of logits for each class. `known` has the value or the class of each training row.
    fn outputs(&self, target: &Target, known: &[f64]) -> Result<Vec<Vec<f64>>, Error> {
        let classes = match target {
            Target::Regression { .. } => {
                let scaled = known.iter().map(|&value| target.scale(value)).collect();
                return Ok(vec![self.fit_predict(ObjectiveType::SquaredLoss, scaled)?]);
            }
            Target::Classification { classes, .. } => classes.len(),
        };
        let logits = |class: usize| {
            let is_class = known.iter().map(|&c| f64::from(c == class as f64));
            self.fit_predict(ObjectiveType::LogLoss, is_class.collect())
        };
        if classes == 2 {
            return Ok(vec![vec![0.0; self.validation_rows], logits(1)?]);
        }
        let log_probabilities = (0..classes).map(|class| {
            let logits = logits(class)?.into_iter();
            Ok(logits.map(|x| -(-x).exp().ln_1p()).collect())
        });
        log_probabilities.collect()
    }

    /// Fits trees to a number for each training row, and predicts the validation rows.
    fn fit_predict(&self, objective: ObjectiveType, numbers: Vec<f64>) -> Result<Vec<f64>, Error> {
        if self.stop.is_stopped() {
            return Err(Error::Interrupted);
        }
        let training = Matrix::new(&self.training, self.weights.len(), self.columns);
        let validation = Matrix::new(&self.validation, self.validation_rows, self.columns);
        let mut trees = GradientBooster::default()
            .set_objective_type(objective)
            .set_iterations(TREES)
            .set_learning_rate(RATE)
            .set_initialize_base_score(true)
            .set_seed(self.seed);
        let failed = |error| Error::Failed(format!("gradient boosting: {error}"));
        trees
            .fit(&training, &numbers, &self.weights, None)
            .map_err(failed)?;
        Ok(trees.predict(&validation, true))
    }
}

/// The numbers of a matrix, column by column.
fn by_column(inputs: &Tensor<2>) -> Vec<f64> {
    let columns = inputs.clone().transpose().into_data();
    columns.iter::<f64>().collect()
}
