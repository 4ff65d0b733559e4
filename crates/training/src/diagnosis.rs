//! Finds problems in the history of a training run.
//!
//! Each rule is a method of `Run` with its thresholds in it. A problem that explains others hides
//! them, so that only the cause is reported.

use crate::diagnosis_context::DiagnosisContext;
use crate::remedies::{Remedies, Remedy};
use crate::series::{flat_range, median, short};
use crate::{ActivationReport, Diagnosis, EpochRecord, Finding, History, LayerReport, StopReason};

/// Finds the problems that a history shows. The result is empty for a healthy run.
///
/// ```
/// use backburn_model::MlpConfig;
/// use backburn_training::{
///     DiagnosisContext, History, TensorDataset, TrainingConfig, diagnose, fit,
/// };
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[0.], [1.], [2.], [3.]], &device);
/// let rows = TensorDataset::regression(x.clone(), x * 1000.0);
/// let mlp = MlpConfig::new(1, 1).with_hidden([8]).init(&device)?;
/// let config = TrainingConfig { epochs: 5, ..TrainingConfig::default() };
/// let mut history = History::default();
/// fit(mlp, &rows, None, &config, &mut history)?;
/// let findings = diagnose(&history, DiagnosisContext::default());
/// assert_eq!(findings[0].name.to_string(), "target out of scale");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diagnose(history: &History, context: DiagnosisContext) -> Vec<Finding> {
    if history.epochs.is_empty() {
        return Vec::new();
    }
    let run = Run {
        history,
        context,
        epochs: &history.epochs,
        constant: history.start.constant_loss,
    };
    if let Some(finding) = run.target_out_of_scale() {
        return vec![finding];
    }
    // Problems that break training come first, since they cause others.
    let interrupted = history.stop == Some(StopReason::Interrupted);
    let saturated = run.saturated();
    let from_the_start = saturated
        .as_ref()
        .is_some_and(|_| run.worst(&run.epochs[..1], 0.5, |a| a.saturated).is_some());
    if from_the_start {
        return saturated.into_iter().collect();
    }
    let broken = run
        .exploding()
        .or_else(|| run.divergence())
        .or_else(|| run.too_high());
    if let Some(finding) = broken {
        return vec![finding];
    }
    let units: Vec<Finding> = [run.dead(), saturated].into_iter().flatten().collect();
    if !units.is_empty() {
        return units;
    }
    if let Some(finding) = run.vanishing() {
        return vec![finding];
    }
    // Where the validation loss rises, a higher rate, more units or more epochs would raise it further.
    if let Some(finding) = run.overfitting() {
        return vec![finding];
    }
    // An interrupted run is not expected to have converged.
    if interrupted {
        return Vec::new();
    }
    let pace = run.too_low().or_else(|| run.plateau());
    pace.or_else(|| run.underfitting()).into_iter().collect()
}

/// A history, and what the rules need of it.
struct Run<'a> {
    history: &'a History,
    context: DiagnosisContext<'a>,
    epochs: &'a [EpochRecord],
    constant: f64,
}

impl Run<'_> {
    fn target_out_of_scale(&self) -> Option<Finding> {
        let (mean, std) = self.history.start.target?;
        let fits = mean.abs() <= 10.0 && (0.01..=10.0).contains(&std);
        (!fits && std > 0.0).then(|| Finding {
            name: Diagnosis::TargetOutOfScale,
            layer: None,
            epoch: None,
            evidence: format!(
                "the target has a mean of {mean:.4} and a standard deviation of {std:.4}, and the \
                 outputs of an untrained network are near 0 ± 1"
            ),
            remedy:
                "standardize the target: subtract its mean and divide by its standard deviation"
                    .to_string(),
            settings: vec!["data.target_transform=standard".to_string()],
        })
    }

    fn exploding(&self) -> Option<Finding> {
        let scale = self
            .history
            .start
            .target
            .map_or(1.0, |(mean, std)| mean.hypot(std).max(1.0));
        let total = |epoch: &EpochRecord| {
            let squares = epoch.layers.iter().map(|l| l.first_gradient_norm.powi(2));
            squares.sum::<f64>().sqrt()
        };
        let (epoch, norm) = self
            .epochs
            .iter()
            .map(|epoch| (epoch, total(epoch)))
            .find(|(_, norm)| norm.is_finite() && *norm > 200.0 * scale)?;
        let strongest = epoch
            .layers
            .iter()
            .max_by(|a, b| a.first_gradient_norm.total_cmp(&b.first_gradient_norm))?;
        let Remedy { text, settings } = self.remedies().exploding();
        Some(Finding {
            name: Diagnosis::ExplodingGradients,
            layer: Some(strongest.layer.clone()),
            epoch: Some(epoch.epoch),
            evidence: format!(
                "the gradient had a norm of {} at the start of epoch {}, and of {} in {} alone; up \
                 to 10 is usual",
                short(norm),
                epoch.epoch,
                short(strongest.first_gradient_norm),
                strongest.layer
            ),
            remedy: text,
            settings,
        })
    }

    fn divergence(&self) -> Option<Finding> {
        let diverged = self
            .epochs
            .iter()
            .find(|epoch| !loss(epoch).is_finite() || !epoch.training_loss.is_finite());
        if diverged.is_none() && self.history.stop != Some(StopReason::Diverged) {
            return None;
        }
        let epoch = diverged.map_or(self.epochs.len(), |epoch| epoch.epoch);
        let rate = self.history.start.learning_rate;
        let Remedy { text, settings } = self.remedies().divergence();
        Some(Finding {
            name: Diagnosis::Divergence,
            layer: None,
            epoch: Some(epoch),
            evidence: format!(
                "the loss became infinite or NaN in epoch {epoch}, at a learning rate of {}",
                short(rate)
            ),
            remedy: text,
            settings,
        })
    }

    fn vanishing(&self) -> Option<Finding> {
        let first_half = &self.epochs[..self.epochs.len().div_ceil(2)];
        let strength =
            |layer: usize| median(layers_at(first_half, layer).map(|l| l.gradient_mean_abs));
        let layers = &self.epochs[0].layers;
        let strongest = (0..layers.len()).map(strength).fold(0.0, f64::max);
        let (weakest, smallest) = (0..layers.len())
            .filter(|&layer| layers[layer].activation.is_some())
            .map(|layer| (layer, strength(layer)))
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        if !(strongest > 0.0 && smallest < 1e-4 * strongest) {
            return None;
        }
        let layer = layers[weakest].layer.clone();
        let evidence = match smallest > 0.0 {
            true => format!(
                "the gradient in {layer} is {} times that of the layer with the largest gradient, and \
                 a step changes its weights by {} of their norm",
                short(smallest / strongest),
                short(median(
                    layers_at(first_half, weakest).map(|l| l.update_ratio)
                ))
            ),
            false => format!("the gradient in {layer} is 0"),
        };
        let Remedy { text, settings } = self.remedies().vanishing();
        Some(Finding {
            name: Diagnosis::VanishingGradients,
            layer: Some(layer),
            epoch: Some(1),
            evidence,
            remedy: text,
            settings,
        })
    }

    fn dead(&self) -> Option<Finding> {
        let (layer, share) = self.worst(self.second_half(), 0.8, |a| a.dead)?;
        // A network with a low loss does not need all of its units.
        let best = self.epochs.iter().map(loss).fold(f64::INFINITY, f64::min);
        if best < 0.15 * self.constant {
            return None;
        }
        let Remedy { text, settings } = self.remedies().dead();
        Some(Finding {
            name: Diagnosis::DeadRelus,
            layer: Some(layer.clone()),
            epoch: Some(self.epochs.len()),
            evidence: format!(
                "{:.0} % of the units in {layer} output 0 for every row, and their gradient is 0",
                share * 100.0
            ),
            remedy: text,
            settings,
        })
    }

    fn saturated(&self) -> Option<Finding> {
        let first_half = &self.epochs[..self.epochs.len().div_ceil(2)];
        let (layer, share) = self.worst(first_half, 0.5, |a| a.saturated)?;
        let Remedy { text, settings } = self.remedies().saturated();
        Some(Finding {
            name: Diagnosis::SaturatedUnits,
            layer: Some(layer.clone()),
            epoch: Some(1),
            evidence: format!(
                "{:.0} % of the units in {layer} are at a bound of their activation function for \
                 nearly every row, where it is flat",
                share * 100.0
            ),
            remedy: text,
            settings,
        })
    }

    fn too_high(&self) -> Option<Finding> {
        let first = largest_ratio(self.epochs.first()?);
        let what = self.never_useful(first).or_else(|| self.unsteady())?;
        let rate = self.history.start.learning_rate;
        let Remedy { text, settings } = self.remedies().rate_too_high();
        Some(Finding {
            name: Diagnosis::LearningRateTooHigh,
            layer: None,
            epoch: None,
            evidence: format!(
                "{what}; each of the first steps at a learning rate of {} changed the weights by {} of \
                 their norm",
                short(rate),
                short(first)
            ),
            remedy: text,
            settings,
        })
    }

    /// Evidence that the network was never better than a constant prediction, after first steps that
    /// changed the weights by `first` of their norm.
    fn never_useful(&self, first: f64) -> Option<String> {
        let training = self.epochs.iter().map(|e| e.training_loss);
        // The validation loss too, since dropout raises the training loss only.
        let validation = self.epochs.iter().filter_map(|e| e.validation_loss);
        let lowest = training.chain(validation).fold(f64::INFINITY, f64::min);
        let overshot = self.epochs.first()?.training_loss > 3.0 * self.constant;
        let high = lowest > 1.05 * self.constant || lowest > 0.97 * self.constant && overshot;
        (self.epochs.len() > 2 && first > 1e-2 && high).then(|| {
            format!(
                "the training loss was never lower than {}, and that of a constant prediction is {}",
                short(lowest),
                short(self.constant)
            )
        })
    }

    /// Evidence that the training loss often rises from one epoch to the next.
    fn unsteady(&self) -> Option<String> {
        // With fewer steps in an epoch its mean loss jumps by chance.
        const MIN_STEPS: usize = 10;
        let jump = 0.05 * self.constant;
        let pairs = self.epochs.windows(2);
        let steps = pairs.len();
        let jumps = pairs
            .filter(|pair| pair[1].training_loss - pair[0].training_loss > jump)
            .count();
        let often = jumps >= 2 && jumps * 5 >= steps;
        (often && self.history.start.steps >= MIN_STEPS)
            .then(|| format!("the training loss rose sharply in {jumps} of {steps} epochs"))
    }

    /// If steps are too small, the loss falls as much in the second half of the path (the sum of the
    /// learning rates) as in the first half.
    fn too_low(&self) -> Option<Finding> {
        let epochs = self.epochs;
        let (first, last) = (epochs.first()?, epochs.last()?);
        if epochs.len() < 5 || self.history.stop == Some(StopReason::EarlyStopping) {
            return None;
        }
        let path: f64 = epochs[1..].iter().map(|e| e.learning_rate).sum();
        let mut gone = 0.0;
        let middle = epochs[1..].iter().find(|epoch| {
            gone += epoch.learning_rate;
            gone >= path / 2.0
        })?;
        let before = (first.training_loss - middle.training_loss) / gone;
        let after =
            (middle.training_loss - last.training_loss) / (path - gone).max(f64::MIN_POSITIVE);
        let fell = first.training_loss - last.training_loss;
        let straight = before > 0.0 && (0.1..2.5).contains(&(after / before));
        let unfinished = last.training_loss > 0.25 * self.constant && fell > 0.05 * self.constant;
        let ratio = self.update_ratio();
        let crawling = fell < 0.05 * self.constant && ratio < 1e-5;
        if !(straight && unfinished && ratio < 3e-4 || crawling) {
            return None;
        }
        let rate = self.history.start.learning_rate;
        let Remedy { text, settings } = self.remedies().rate_too_low();
        Some(Finding {
            name: Diagnosis::LearningRateTooLow,
            layer: None,
            epoch: Some(last.epoch),
            evidence: format!(
                "after {} epochs the training loss still falls steadily, from {} to {}, and a step \
                 at a learning rate of {} changes the weights by {} of their norm",
                epochs.len(),
                short(first.training_loss),
                short(last.training_loss),
                short(rate),
                short(ratio)
            ),
            remedy: text,
            settings,
        })
    }

    fn plateau(&self) -> Option<Finding> {
        // A linear model reaches its optimum and stays there.
        if self
            .context
            .network
            .is_some_and(|network| network.hidden.is_empty())
        {
            return None;
        }
        let losses: Vec<f64> = self.epochs.iter().map(|e| e.training_loss).collect();
        let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let evidence = if losses.len() >= 5 && lowest > 0.97 * self.constant {
            format!(
                "the training loss stayed near {}, that of a constant prediction, for all {} epochs",
                short(self.constant),
                losses.len()
            )
        } else {
            let min_length = (losses.len() / 5).max(10);
            let (start, end) = flat_range(&losses, 0.01 * self.constant, min_length)?;
            let level = losses[start];
            let left_it = level - losses[losses.len() - 1] > 0.2 * self.constant;
            if !left_it {
                return None;
            }
            format!(
                "the training loss stayed near {} from epoch {} to {}",
                short(level),
                self.epochs[start].epoch,
                self.epochs[end].epoch
            )
        };
        let Remedy { text, settings } = self.remedies().plateau();
        Some(Finding {
            name: Diagnosis::Plateau,
            layer: None,
            epoch: None,
            evidence,
            remedy: text,
            settings,
        })
    }

    fn overfitting(&self) -> Option<Finding> {
        if self.history.start.validation_rows < 20 {
            return None;
        }
        let losses: Vec<(&EpochRecord, f64)> = self
            .epochs
            .iter()
            .filter_map(|e| Some((e, e.validation_loss?)))
            .collect();
        let lowest_at = (0..losses.len()).min_by(|&a, &b| losses[a].1.total_cmp(&losses[b].1))?;
        let (best, lowest) = losses[lowest_at];
        let tail = losses.len().div_ceil(10).min(losses.len() - lowest_at);
        let end = median(losses[losses.len() - tail..].iter().map(|(_, loss)| *loss));
        let rose = end > 1.15 * lowest && end > lowest + 0.1 * self.constant;
        let last = self.epochs.last()?;
        let fitted = last.training_loss < best.training_loss;
        if !(rose && fitted) {
            return None;
        }
        let Remedy { text, settings } = self.remedies().overfitting();
        Some(Finding {
            name: Diagnosis::Overfitting,
            layer: None,
            epoch: Some(best.epoch),
            evidence: format!(
                "the validation loss was lowest in epoch {}, {}, and rose to {}, while the training \
                 loss fell from {} to {}",
                best.epoch,
                short(lowest),
                short(end),
                short(best.training_loss),
                short(last.training_loss)
            ),
            remedy: text,
            settings,
        })
    }

    fn underfitting(&self) -> Option<Finding> {
        let nearest = self.context.nearest_rows_loss?;
        let fitted = self
            .epochs
            .iter()
            .map(|epoch| epoch.training_loss)
            .fold(f64::INFINITY, f64::min);
        if !(fitted > 1.3 * nearest && fitted > nearest + 0.1 * self.constant) {
            return None;
        }
        let Remedy { text, settings } = self.remedies().underfitting();
        Some(Finding {
            name: Diagnosis::Underfitting,
            layer: None,
            epoch: None,
            evidence: format!(
                "the training loss is {}, and that of a nearest-neighbor prediction for the same rows \
                 is {}",
                short(fitted),
                short(nearest)
            ),
            remedy: text,
            settings,
        })
    }

    fn second_half(&self) -> &[EpochRecord] {
        &self.epochs[self.epochs.len() / 2..]
    }

    /// The layer with the largest share of units, as the median over these epochs, if it is at least
    /// `min_share`.
    fn worst(
        &self,
        epochs: &[EpochRecord],
        min_share: f64,
        share: impl Fn(&ActivationReport) -> f64,
    ) -> Option<(String, f64)> {
        let share = |layer: &LayerReport| layer.activation.as_ref().map_or(0.0, &share);
        let layers = epochs.first()?.layers.len();
        (0..layers)
            .map(|layer| {
                let over_epochs = median(layers_at(epochs, layer).map(&share));
                (epochs[0].layers[layer].layer.clone(), over_epochs)
            })
            .filter(|(_, share)| *share >= min_share)
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The median over the epochs of the largest update ratio of a layer.
    fn update_ratio(&self) -> f64 {
        median(self.epochs.iter().map(largest_ratio))
    }

    fn remedies(&self) -> Remedies<'_> {
        Remedies {
            context: self.context,
            start: &self.history.start,
        }
    }
}

/// The reports of a layer in all epochs.
fn layers_at(epochs: &[EpochRecord], layer: usize) -> impl Iterator<Item = &LayerReport> {
    epochs
        .iter()
        .filter_map(move |epoch| epoch.layers.get(layer))
}

/// The largest update ratio of a layer; see [`LayerReport::update_ratio`].
fn largest_ratio(epoch: &EpochRecord) -> f64 {
    epoch
        .layers
        .iter()
        .map(|l| l.update_ratio)
        .fold(0.0, f64::max)
}

/// The validation loss, or the training loss if there is none.
fn loss(epoch: &EpochRecord) -> f64 {
    epoch.validation_loss.unwrap_or(epoch.training_loss)
}

#[cfg(test)]
mod tests;
