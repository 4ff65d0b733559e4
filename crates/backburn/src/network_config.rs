//! The shape of the network for a table.

use backburn_model::{Initializer, Mlp, MlpConfig, Normalization};
use backburn_preprocessing::{Distribution, Encoder, Target};
use backburn_training::Loss;
use burn::tensor::Device;

use crate::config::Config;
use crate::error::Error;
use crate::fits_target::has_offset;

/// A network with the layers of a config, each of one unit. How networks can be trained does not depend on their
/// widths. Its weights are constant, so that it takes no random numbers from a network that another thread
/// initializes at the same time: Burn's devices have one generator for the whole process.
///
/// # Errors
///
/// A network that cannot be built.
pub(crate) fn narrow_network(config: &Config, device: &Device) -> Result<Mlp, Error> {
    let network = MlpConfig {
        inputs: 1,
        outputs: 1,
        hidden: vec![1; config.network.hidden.len()],
        embeddings: Vec::new(),
        initializer: Initializer::Constant(0.0),
        ..config.network.clone()
    };
    Ok(network.init(device)?)
}

/// The network for an encoder, a target and a number of training rows, with the settings of the config.
///
/// # Errors
///
/// A loss that does not fit the target, or a network that cannot be built.
pub fn network_config(
    config: &Config,
    encoder: &Encoder,
    target: &Target,
    rows: usize,
) -> Result<MlpConfig, Error> {
    config.check_task(target.task())?;
    let outputs = match (target, config.training.loss) {
        (Target::Regression { .. }, _) => target.distribution().map_or(1, Distribution::outputs),
        (Target::Classification { classes, .. }, Loss::BinaryCrossEntropy) => match classes.len() {
            2 => 1,
            found => {
                return Err(Error::Config(format!(
                    "training.loss: binary_cross_entropy is for two classes, and the target has {found}: \
                     use cross_entropy"
                )));
            }
        },
        (Target::Classification { classes, .. }, _) => classes.len(),
    };
    let mut network = config.network.clone();
    network.inputs = encoder.inputs();
    network.outputs = outputs;
    let levels = target.distribution().and_then(Distribution::levels);
    network.increasing = levels.is_some();
    network.offset = has_offset(encoder, target);
    network.embeddings = encoder.embeddings();
    network.validate()?;
    if network.normalization == Normalization::Batch
        && (rows == 1 || config.training.batch_size == Some(1))
    {
        let how = match rows {
            1 => "there is one training row: use \"layer\"",
            _ => "set training.batch_size, or use \"layer\"",
        };
        return Err(Error::Config(format!(
            "network.normalization: \"batch\" needs batches of at least 2 rows: {how}"
        )));
    }
    Ok(network)
}
