//! Rows encoded for training and validation.

use backburn_preprocessing::{Distribution, Encoder, KnnFitInput, Target};
use backburn_table::Split;
use backburn_training::{Loss, TensorDataset};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::network_targets::NetworkTargets;
use crate::room::Room;
use crate::targets::Targets;
use crate::trend::with_trend;
use crate::work_memory::{Networks, Work};

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
        let work = Work::Training(Networks {
            hidden: config.network.hidden.clone(),
            members: 1,
            at_once: 1,
            training: split.training.len(),
            validation: split.validation.len(),
            folds: 0,
        });
        Self::for_work(data, split, config, device, &work)
    }

    /// Encodes the rows like [`new`](Self::new), if they and the work on them fit into memory.
    pub(crate) fn for_work(
        data: &Dataset,
        split: Split,
        config: &Config,
        device: &Device,
        work: &Work,
    ) -> Result<Self, Error> {
        let data = &*data.for_config(config)?;
        let table = data.table();
        let training = &split.training;
        let (encoder, constant_features) = fit_encoder(data, training, config)?;
        let target = fit_target(data, training, config)?;
        let encoder = with_trend(encoder, data, training, &target, config)?;
        let encoder = match config.data.impute {
            true => encoder.with_imputer(table, training),
            false => encoder,
        };
        let room = Room::new(data, &split, (config, &target), device, work)?;
        room.check(&encoder, 0)?;
        let targets = NetworkTargets::new(Targets::read(table, &target)?, &target);
        let numbers = encoder.encode(table)?;
        let (encoder, numbers) =
            with_neighbor_features(data, encoder, numbers, &targets, training, config, &room)?;
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

    /// The part of a split whose rows are training rows of this one.
    pub(crate) fn part(&self, split: &Split) -> Self {
        let rows = &self.split.training;
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
    let target = data.fit_target(training)?;
    let rows = data.rows();
    let errors = Vec::new();
    let exposures = data.offset().map(|column| table.numbers(column));
    let exposures = exposures.transpose()?;
    let target = match config.training.loss {
        Loss::Poisson => {
            let link = Distribution::Poisson { errors };
            target.with_log_link(link, table, (rows, training), exposures.as_deref())?
        }
        Loss::Gamma => {
            let link = Distribution::Gamma { errors };
            target.with_log_link(link, table, (rows, training), exposures.as_deref())?
        }
        loss => {
            let transform = config.data.target_transform;
            let target = target.with_transform(transform, table, rows, training)?;
            match loss {
                Loss::Quantile => target.with_quantiles(&config.training.quantiles),
                _ => target,
            }
        }
    };
    let target = config.scoring.decided(target)?;
    Ok(match clips(data, config) {
        true => target.with_bounds(table, training)?,
        false => target,
    })
}

/// Whether predictions are limited to the values of the training rows. A row of more exposure than all of them may
/// have a larger value, and so may a later row if the target has a trend.
pub(crate) fn clips(data: &Dataset, config: &Config) -> bool {
    config.data.clip_predictions && !config.data.trend && data.offset().is_none()
}

/// The encoder fitted on the training rows, and the columns that never vary in them.
pub(crate) fn fit_encoder(
    data: &Dataset,
    training: &[usize],
    config: &Config,
) -> Result<(Encoder, Vec<String>), Error> {
    let excluded = [vec![data.target()], data.other_roles()].concat();
    let options = config.data.encoder();
    let (table, schema) = (data.table(), data.schema());
    let (encoder, constant) = Encoder::fit(table, schema, &excluded, training, &options)?;
    Ok(match data.offset() {
        Some(column) => (encoder.with_exposure(table, column, training)?, constant),
        None => (encoder, constant),
    })
}

/// Checks that rows can be encoded and worked on before anything else is done, such as trials that take long.
///
/// # Errors
///
/// Columns that cannot be encoded, or rows that do not fit into memory.
pub(crate) fn check_room(
    data: &Dataset,
    split: &Split,
    config: &Config,
    device: &Device,
    work: &Work,
) -> Result<(), Error> {
    let data = &*data.for_config(config)?;
    let (encoder, _) = fit_encoder(data, &split.training, config)?;
    let target = data.fit_target(&split.training)?;
    let target = config.scoring.decided(target)?;
    Room::new(data, split, (config, &target), device, work)?.check(&encoder, 0)
}

fn with_neighbor_features(
    data: &Dataset,
    mut encoder: Encoder,
    mut numbers: Vec<f32>,
    targets: &NetworkTargets,
    training: &[usize],
    config: &Config,
    room: &Room,
) -> Result<(Encoder, Vec<f32>), Error> {
    let splitter = data.splitter();
    let Some((targets, outputs)) = targets.outputs().filter(|_| !splitter.has_rule()) else {
        // The nearest rows may be of the same group or later.
        return Ok((encoder, numbers));
    };
    let copies = splitter.copies.as_deref();
    let input = KnnFitInput {
        targets: &targets,
        outputs,
        training,
        copies,
        options: &config.data.encoder(),
    };
    if config.data.neighbor_features {
        let pairs = encoder.neighbor_pairs(&numbers, &input);
        // How many features there are is known only now.
        room.check(&encoder, pairs.len())?;
        (encoder, numbers) = encoder.with_knn_features_of(numbers, &input, pairs);
    }
    if config.data.knn_features == KnnFeatures::Always {
        (encoder, numbers) = encoder.with_knn_features(numbers, &input);
    }
    Ok((encoder, numbers))
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
pub(crate) fn class_weights(
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
