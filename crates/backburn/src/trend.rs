//! The trend of a target over time, which the network does not have to learn.

use backburn_preprocessing::{Encoder, Target};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::Error;

/// The encoder with the linear trend of the target over the column of the time, if the config asks for it.
///
/// # Errors
///
/// A training row has no time.
pub(crate) fn with_trend(
    encoder: Encoder,
    data: &Dataset,
    training: &[usize],
    target: &Target,
    config: &Config,
) -> Result<Encoder, Error> {
    let time = data.options().split.time.as_deref();
    match time.filter(|_| config.data.trend) {
        Some(time) => Ok(encoder.with_trend(data.table(), time, training, target)?),
        None => Ok(encoder),
    }
}
