//! Rows encoded for training and validation.

use backburn_preprocessing::{Encoder, KnnFitInput, KnnTargetEncoder, Target};
use backburn_table::Split;
use backburn_training::{LearningRate, TensorDataset};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::memory::room_for_training;
use crate::network_targets::NetworkTargets;
use crate::targets::Targets;

/// Tensors of training and validation rows, with the encoder and the target that made them.
pub struct EncodedSplit {
    /// The encoder of rows, fitted on the training rows.
    pub encoder: Encoder,
    /// The transform between targets and outputs, fitted on the training rows.
    pub target: Target,
    /// The training rows.
    pub training: TensorDataset,
    /// The validation rows, if any.
    pub validation: Option<TensorDataset>,
    /// The row indices of both parts.
    pub split: Split,
    /// Columns that never vary in the training rows.
    pub constant_features: Vec<String>,
}

impl EncodedSplit {
    /// Fits the encoder and the target on the training rows, and encodes both parts.
    ///
    /// # Errors
    ///
    /// Columns that cannot be encoded, or rows that do not fit into memory.
    pub fn new(
        data: &Dataset,
        split: Split,
        config: &Config,
        device: &Device,
    ) -> Result<Self, Error> {
        let data = &*data.for_config(config)?;
        let table = data.table();
        let training = &split.training;
        let excluded: Vec<&str> = [Some(data.target()), data.weight()]
            .into_iter()
            .flatten()
            .collect();
        let options = config.data.encoder();
        let (encoder, constant_features) =
            Encoder::fit(table, data.schema(), &excluded, training, &options)?;
        let encoder = match config.data.impute {
            true => encoder.with_imputer(table, training),
            false => encoder,
        };
        let target = fit_target(data, training, config)?;
        let targets = NetworkTargets::new(Targets::read(table, &target)?, &target);
        check_memory(data, &encoder, &targets, training.len(), config)?;
        let numbers = encoder.encode(table)?;
        let (encoder, numbers) =
            with_neighbor_features(encoder, numbers, &targets, training, config);
        let width = encoder.width();
        let examples = tensors(data, (numbers, width), targets, &target, config, device)?;
        let validation = (!split.validation.is_empty()).then(|| examples.select(&split.validation));
        Ok(Self {
            training: examples.select(&split.training),
            validation,
            encoder,
            target,
            split,
            constant_features,
        })
    }

    /// The part of a split whose rows are in `rows`, the training rows in ascending order.
    pub(crate) fn part(&self, split: &Split, rows: &[usize]) -> Self {
        let select = |part: &[usize]| {
            let positions = part.iter().filter_map(|row| rows.binary_search(row).ok());
            self.training.select(&positions.collect::<Vec<_>>())
        };
        Self {
            encoder: self.encoder.clone(),
            target: self.target.clone(),
            training: select(&split.training),
            validation: (!split.validation.is_empty()).then(|| select(&split.validation)),
            split: split.clone(),
            constant_features: self.constant_features.clone(),
        }
    }
}

/// The target fitted on the training rows, with its transform and bounds.
pub(crate) fn fit_target(
    data: &Dataset,
    training: &[usize],
    config: &Config,
) -> Result<Target, Error> {
    let table = data.table();
    let target = Target::fit(table, data.target(), data.task(), data.rows(), training)?
        .with_transform(config.data.target_transform, table, data.rows(), training)?;
    Ok(match config.data.clip_predictions {
        true => target.with_bounds(table, training)?,
        false => target,
    })
}

fn check_memory(
    data: &Dataset,
    encoder: &Encoder,
    targets: &NetworkTargets,
    training_rows: usize,
    config: &Config,
) -> Result<(), Error> {
    // Networks that are not trained over arrays are trained one after the other.
    let fused = config.training.fused && config.training.learning_rate != LearningRate::Auto;
    let networks = match fused {
        true => config.ensemble.members.count(),
        false => 1,
    };
    let mut width = encoder.width();
    if config.data.knn_features == KnnFeatures::Always {
        let bins = config.data.bins.of(training_rows);
        width += KnnTargetEncoder::max_width(targets.width(), bins);
    }
    let table = data.table();
    room_for_training(table.name(), table.rows(), width, networks)
}

fn with_neighbor_features(
    mut encoder: Encoder,
    mut numbers: Vec<f32>,
    targets: &NetworkTargets,
    training: &[usize],
    config: &Config,
) -> (Encoder, Vec<f32>) {
    let Some((targets, outputs)) = targets.outputs() else {
        return (encoder, numbers);
    };
    let input = KnnFitInput {
        targets: &targets,
        outputs,
        training,
        options: &config.data.encoder(),
    };
    if config.data.neighbor_features {
        (encoder, numbers) = encoder.with_neighbor_features(numbers, &input);
    }
    if config.data.knn_features == KnnFeatures::Always {
        (encoder, numbers) = encoder.with_knn_features(numbers, &input);
    }
    (encoder, numbers)
}

/// Tensors of every row of the table. Only those of [`Dataset::rows`] are valid.
fn tensors(
    data: &Dataset,
    (numbers, width): (Vec<f32>, usize),
    targets: NetworkTargets,
    target: &Target,
    config: &Config,
    device: &Device,
) -> Result<TensorDataset, Error> {
    let rows = numbers.len() / width;
    let inputs = Tensor::from_data(TensorData::new(numbers, [rows, width]), device);
    let mut weights = data.weights().map(<[f64]>::to_vec);
    let examples = match (targets, target) {
        (NetworkTargets::Values(values), _) => {
            let values = Tensor::from_data(TensorData::new(values, [rows, 1]), device);
            TensorDataset::regression(inputs, values)
        }
        (NetworkTargets::Classes(of_row, _), target) => {
            if let Target::Classification { classes, .. } = target
                && let Some(of_class) = class_weights(data, classes, config)?
            {
                let weights = weights.get_or_insert_with(|| vec![1.0; rows]);
                for (weight, class) in weights.iter_mut().zip(&of_row) {
                    *weight *= class.map_or(0.0, |class| of_class[class]);
                }
            }
            let indices: Vec<i64> = of_row.iter().map(|c| c.unwrap_or(0) as i64).collect();
            let indices = TensorData::new(indices, [rows]);
            TensorDataset::classification(inputs, Tensor::<1, Int>::from_data(indices, device))
        }
    };
    let Some(weights) = weights else {
        return Ok(examples);
    };
    let sum = data.rows().iter().map(|&row| weights[row]).sum::<f64>();
    let mean = sum / data.rows().len() as f64;
    let weights: Vec<f32> = weights.into_iter().map(|w| (w / mean) as f32).collect();
    Ok(examples.with_weights(Tensor::from_data(TensorData::new(weights, [rows]), device)))
}

/// The weight of the rows of each class, if the weights differ.
fn class_weights(
    data: &Dataset,
    classes: &[String],
    config: &Config,
) -> Result<Option<Vec<f64>>, Error> {
    let unknown = config
        .class_weights
        .keys()
        .find(|name| !classes.contains(name));
    if let Some(unknown) = unknown {
        let known = classes.join(", ");
        let message = format!(
            "class_weights.{unknown}: the target does not have this class; its classes are {known}"
        );
        return Err(Error::Config(message));
    }
    if config.class_weights.is_empty() && !config.data.balance_classes {
        return Ok(None);
    }
    let mut counts = vec![0usize; classes.len()];
    for &class in data.classes().unwrap_or_default() {
        counts[class] += 1;
    }
    let weights = classes.iter().zip(counts).map(|(name, rows)| {
        let balance = match config.data.balance_classes {
            true => data.rows().len() as f64 / (classes.len() * rows.max(1)) as f64,
            false => 1.0,
        };
        balance * config.class_weights.get(name).copied().unwrap_or(1.0)
    });
    Ok(Some(weights.collect()))
}
