//! What a history says is wrong, and what cures it.
//!
//! Each rule is a few lines with its threshold in them. An illness that explains others silences
//! them, so that what is named is the cause.

use backburn_model::{Initializer, MlpConfig, Normalization};

use crate::series::{flat_stretch, median, short};
use crate::{
    EpochRecord, Finding, History, Diagnosis, LayerReport, OptimizerName, StopReason, TrainingConfig,
};

/// What is known of a run beside its history.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiagnosisContext<'a> {
    /// The network, if it is a plain one, and the settings of training: remedies then name only what
    /// is not set already.
    pub network: Option<&'a MlpConfig>,
    /// See [`network`](Self::network).
    pub training: Option<&'a TrainingConfig>,
    /// The loss on the training rows of predicting each by the rows most like it, see
    /// [`nearest_rows_loss`](crate::nearest_rows_loss).
    pub nearest_rows_loss: Option<f64>,
}

/// Looks for everything that a history can show. Healthy runs give nothing.
pub fn diagnose(history: &History, circumstances: DiagnosisContext) -> Vec<Finding> {
    if history.epochs.is_empty() {
        return Vec::new();
    }
    let run = Run {
        history,
        circumstances,
        epochs: &history.epochs,
        constant: history.start.constant_loss,
    };
    if let Some(finding) = run.target_out_of_scale() {
        return vec![finding];
    }
    // What breaks training comes first; what else shows is its doing.
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
    // Whoever stopped a run knows that it was not at its end.
    let pace = match interrupted {
        true => None,
        false => run.too_low().or_else(|| run.plateau()),
    };
    let fit = match interrupted || pace.is_some() {
        true => None,
        false => run.underfitting(),
    };
    [pace, fit, run.overfitting()]
        .into_iter()
        .flatten()
        .collect()
}

struct Run<'a> {
    history: &'a History,
    circumstances: DiagnosisContext<'a>,
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
                "the numbers to predict have a mean of {mean:.4} and a deviation of {std:.4}, and a \
                 network's outputs start near 0 ± 1"
            ),
            remedy: "standardize the target: subtract its mean and divide by its deviation"
                .to_string(),
            settings: vec!["data.target_scale=standard".to_string()],
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
        let mut settings = vec!["training.clip_norm=1.0".to_string()];
        settings.extend(self.initializer());
        settings.extend(self.normalization());
        Some(Finding {
            name: Diagnosis::ExplodingGradients,
            layer: Some(strongest.layer.clone()),
            epoch: Some(epoch.epoch),
            evidence: format!(
                "the gradient had a norm of {} at the start of epoch {}, {} of it in {}; up to 10 is \
                 usual",
                short(norm),
                epoch.epoch,
                short(strongest.first_gradient_norm),
                strongest.layer
            ),
            remedy: "clip the gradient; normalization, or smaller initial weights, keep it from \
                     growing in the first place"
                .to_string(),
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
        Some(Finding {
            name: Diagnosis::Divergence,
            layer: None,
            epoch: Some(epoch),
            evidence: format!(
                "the loss became infinite or NaN in epoch {epoch}, at a learning rate of {}",
                short(rate)
            ),
            remedy: "take smaller steps, and bound them".to_string(),
            settings: vec![
                format!("training.learning_rate={}", short(rate / 10.0)),
                "training.clip_norm=1.0".to_string(),
            ],
        })
    }

    fn vanishing(&self) -> Option<Finding> {
        let first_half = &self.epochs[..self.epochs.len().div_ceil(2)];
        let strength =
            |layer: usize| median(layers_at(first_half, layer).map(|l| l.gradient_mean_abs));
        let layers = &self.epochs[0].layers;
        let strongest = (0..layers.len()).map(strength).fold(0.0, f64::max);
        let (weakest, least) = (0..layers.len())
            .filter(|&layer| layers[layer].activation.is_some())
            .map(|layer| (layer, strength(layer)))
            .min_by(|a, b| a.1.total_cmp(&b.1))?;
        if !(strongest > 0.0 && least < 1e-4 * strongest) {
            return None;
        }
        let layer = layers[weakest].layer.clone();
        let evidence = match least > 0.0 {
            true => format!(
                "the gradient in {layer} is {} of the strongest layer's, and its weights change by {} \
                 of their size in a step",
                short(least / strongest),
                short(median(
                    layers_at(first_half, weakest).map(|l| l.update_ratio)
                ))
            ),
            false => format!("no gradient at all reaches {layer}"),
        };
        let mut settings = Vec::new();
        if let Some(network) = self.circumstances.network {
            settings.extend(self.normalization());
            let widths_repeat = network.hidden.windows(2).any(|pair| pair[0] == pair[1]);
            if !network.residual && widths_repeat {
                settings.push("network.residual=true".to_string());
            }
            if network.initializer != Initializer::Auto {
                settings.push("network.initializer=auto".to_string());
            }
        }
        Some(Finding {
            name: Diagnosis::VanishingGradients,
            layer: Some(layer),
            epoch: Some(1),
            evidence,
            remedy:
                "normalize each layer, add residual connections, and start from weights that fit \
                     the activation function; ReLU and its relatives pass more on than sigmoids"
                    .to_string(),
            settings,
        })
    }

    fn dead(&self) -> Option<Finding> {
        let (layer, share) = self.worst(self.second_half(), 0.8, |a| a.dead)?;
        // A network that does well has units to spare.
        let best = self.epochs.iter().map(loss).fold(f64::INFINITY, f64::min);
        if best < 0.15 * self.constant {
            return None;
        }
        let mut settings = vec!["network.activation=leaky_relu(0.01)".to_string()];
        let rate = self.history.start.learning_rate / 10.0;
        // Where the weights started well, it was the steps that killed the units.
        let cause = self.initializer();
        settings.push(cause.unwrap_or_else(|| format!("training.learning_rate={}", short(rate))));
        Some(Finding {
            name: Diagnosis::DeadRelus,
            layer: Some(layer.clone()),
            epoch: Some(self.epochs.len()),
            evidence: format!(
                "{:.0} % of the units in {layer} give 0 for every row, and no gradient passes them",
                share * 100.0
            ),
            remedy:
                "start from weights that fit the activation function, take smaller steps, and use \
                     a function that has a slope below zero"
                    .to_string(),
            settings,
        })
    }

    fn saturated(&self) -> Option<Finding> {
        let first_half = &self.epochs[..self.epochs.len().div_ceil(2)];
        let (layer, share) = self.worst(first_half, 0.5, |a| a.saturated)?;
        Some(Finding {
            name: Diagnosis::SaturatedUnits,
            layer: Some(layer.clone()),
            epoch: Some(1),
            evidence: format!(
                "{:.0} % of the units in {layer} are at a bound of their activation function for \
                 nearly every row, where it is flat",
                share * 100.0
            ),
            remedy: "start from smaller weights, and normalize what enters the activation function"
                .to_string(),
            settings: [self.initializer(), self.normalization()]
                .into_iter()
                .flatten()
                .collect(),
        })
    }

    fn too_high(&self) -> Option<Finding> {
        let losses: Vec<f64> = self.epochs.iter().map(|e| e.training_loss).collect();
        let steps = losses.len() - 1;
        let jump = 0.05 * self.constant;
        // With fewer steps in an epoch, chance makes its mean jump.
        const FEWEST_STEPS: usize = 10;
        let jumps = losses
            .windows(2)
            .filter(|pair| pair[1] - pair[0] > jump)
            .count();
        // Dropout raises the training loss alone.
        let validation = self.epochs.iter().filter_map(|e| e.validation_loss);
        let lowest = losses
            .iter()
            .copied()
            .chain(validation)
            .fold(f64::INFINITY, f64::min);
        let first = largest_ratio(self.epochs.first()?);
        let overshot = losses[0] > 3.0 * self.constant;
        let useless = steps >= 2
            && first > 1e-2
            && (lowest > 1.05 * self.constant || lowest > 0.97 * self.constant && overshot);
        let unsteady = jumps >= 2 && jumps * 5 >= steps && self.history.start.steps >= FEWEST_STEPS;
        if !(useless || unsteady) {
            return None;
        }
        let rate = self.history.start.learning_rate;
        let what = match useless {
            true => format!(
                "the training loss never came below {}, and predicting a constant gives {}",
                short(lowest),
                short(self.constant)
            ),
            false => format!("the training loss jumped up in {jumps} of {steps} epochs"),
        };
        Some(Finding {
            name: Diagnosis::LearningRateTooHigh,
            layer: None,
            epoch: None,
            evidence: format!(
                "{what}; the first steps at {} changed the weights by {} of their size each",
                short(rate),
                short(first)
            ),
            remedy: "take smaller steps, or have the rate found by a range test".to_string(),
            settings: vec![format!("training.learning_rate={}", short(rate / 10.0))],
        })
    }

    /// Where steps are small enough, the loss falls by as much in the second half of the way (the sum
    /// of the learning rates) as in the first.
    fn too_low(&self) -> Option<Finding> {
        let epochs = self.epochs;
        let (first, last) = (epochs.first()?, epochs.last()?);
        if epochs.len() < 5 || self.history.stop == Some(StopReason::EarlyStopping) {
            return None;
        }
        let way: f64 = epochs[1..].iter().map(|e| e.learning_rate).sum();
        let mut gone = 0.0;
        let middle = epochs[1..].iter().find(|epoch| {
            gone += epoch.learning_rate;
            gone >= way / 2.0
        })?;
        let before = (first.training_loss - middle.training_loss) / gone;
        let after =
            (middle.training_loss - last.training_loss) / (way - gone).max(f64::MIN_POSITIVE);
        let fell = first.training_loss - last.training_loss;
        let straight = before > 0.0 && (0.1..2.5).contains(&(after / before));
        let unfinished = last.training_loss > 0.25 * self.constant && fell > 0.05 * self.constant;
        let ratio = self.update_ratio();
        let crawling = fell < 0.05 * self.constant && ratio < 1e-5;
        if !(straight && unfinished && ratio < 3e-4 || crawling) {
            return None;
        }
        let rate = self.history.start.learning_rate;
        Some(Finding {
            name: Diagnosis::LearningRateTooLow,
            layer: None,
            epoch: Some(last.epoch),
            evidence: format!(
                "after {} epochs the training loss is still falling steadily, from {} to {}, and a \
                 step at {} changes the weights by {} of their size",
                epochs.len(),
                short(first.training_loss),
                short(last.training_loss),
                short(rate),
                short(ratio)
            ),
            remedy: "take larger steps, have the rate found by a range test \
                     (training.learning_rate=auto), or train for more epochs"
                .to_string(),
            settings: (rate < 1.0)
                .then(|| format!("training.learning_rate={}", short((rate * 10.0).min(1.0))))
                .into_iter()
                .collect(),
        })
    }

    fn plateau(&self) -> Option<Finding> {
        // A linear model stands still where it is as good as it can be.
        if self
            .circumstances
            .network
            .is_some_and(|network| network.hidden.is_empty())
        {
            return None;
        }
        let losses: Vec<f64> = self.epochs.iter().map(|e| e.training_loss).collect();
        let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let evidence = if losses.len() >= 5 && lowest > 0.97 * self.constant {
            format!(
                "the training loss stayed near {}, where predicting a constant is, for all {} epochs",
                short(self.constant),
                losses.len()
            )
        } else {
            let least = (losses.len() / 5).max(10);
            let (start, end) = flat_stretch(&losses, 0.01 * self.constant, least)?;
            let level = losses[start];
            let left_it = level - losses[losses.len() - 1] > 0.2 * self.constant;
            if !left_it {
                return None;
            }
            format!(
                "the training loss stood still near {} from epoch {} to {}",
                short(level),
                self.epochs[start].epoch,
                self.epochs[end].epoch
            )
        };
        Some(Finding {
            name: Diagnosis::Plateau,
            layer: None,
            epoch: None,
            evidence,
            remedy:
                "use an optimizer that adapts its steps, and weights that start apart from each \
                     other; or else the columns say nothing about the target"
                    .to_string(),
            settings: [self.optimizer(), self.initializer()]
                .into_iter()
                .flatten()
                .collect(),
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
        let place = (0..losses.len()).min_by(|&a, &b| losses[a].1.total_cmp(&losses[b].1))?;
        let (best, lowest) = losses[place];
        let tail = losses.len().div_ceil(10).min(losses.len() - place);
        let end = median(losses[losses.len() - tail..].iter().map(|(_, loss)| *loss));
        let rose = end > 1.15 * lowest && end > lowest + 0.1 * self.constant;
        let last = self.epochs.last()?;
        let fitted = last.training_loss < best.training_loss;
        if !(rose && fitted) {
            return None;
        }
        let mut settings = Vec::new();
        if let Some(network) = self.circumstances.network {
            let more = if network.dropout < 0.3 { 0.3 } else { 0.5 };
            if network.dropout < more && !network.hidden.is_empty() {
                settings.push(format!("network.dropout={more}"));
            }
        }
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
            remedy:
                "drop units at random, use fewer of them, or give more rows; the model has the \
                     weights of the best epoch in any case"
                    .to_string(),
            settings,
        })
    }

    fn underfitting(&self) -> Option<Finding> {
        let nearest = self.circumstances.nearest_rows_loss?;
        let fitted = self
            .epochs
            .iter()
            .map(|epoch| epoch.training_loss)
            .fold(f64::INFINITY, f64::min);
        if !(fitted > 1.3 * nearest && fitted > nearest + 0.1 * self.constant) {
            return None;
        }
        let mut settings = Vec::new();
        if let Some(network) = self.circumstances.network {
            if network.dropout > 0.0 {
                settings.push("network.dropout=0".to_string());
            }
            const USUAL_EPOCHS: usize = 100;
            let epochs = self.history.start.epochs;
            let widest = network.hidden.iter().copied().max().unwrap_or(0);
            settings.push(match epochs < USUAL_EPOCHS / 5 {
                true => format!("training.epochs={USUAL_EPOCHS}"),
                false => {
                    let units = if widest < 128 { 128 } else { widest * 2 };
                    format!("network.hidden=[{units}, {units}]")
                }
            });
        }
        Some(Finding {
            name: Diagnosis::Underfitting,
            layer: None,
            epoch: None,
            evidence: format!(
                "on the rows that it learned from the network has a loss of {}, and predicting each of \
                 them from the rows most like it gives {}",
                short(fitted),
                short(nearest)
            ),
            remedy: "give the network more or wider layers and less dropout, and more epochs"
                .to_string(),
            settings,
        })
    }

    fn second_half(&self) -> &[EpochRecord] {
        &self.epochs[self.epochs.len() / 2..]
    }

    /// The layer with the largest share of units, over these epochs, if that is at least so large.
    fn worst(
        &self,
        epochs: &[EpochRecord],
        least: f64,
        share: impl Fn(&crate::ActivationReport) -> f64,
    ) -> Option<(String, f64)> {
        let share = |layer: &LayerReport| layer.activation.as_ref().map_or(0.0, &share);
        let layers = epochs.first()?.layers.len();
        (0..layers)
            .map(|layer| {
                let over_epochs = median(layers_at(epochs, layer).map(&share));
                (epochs[0].layers[layer].layer.clone(), over_epochs)
            })
            .filter(|(_, share)| *share >= least)
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How much of its size a step changes the weights by, in the layer where that is most.
    fn update_ratio(&self) -> f64 {
        median(self.epochs.iter().map(largest_ratio))
    }

    fn optimizer(&self) -> Option<String> {
        let adapts = |config: &TrainingConfig| config.optimizer.name != OptimizerName::Sgd;
        let set_already = self.circumstances.training.is_some_and(adapts);
        (!set_already).then(|| "training.optimizer.name=adamw".to_string())
    }

    fn normalization(&self) -> Option<String> {
        let network = self.circumstances.network?;
        (network.normalization == Normalization::None && !network.hidden.is_empty())
            .then(|| "network.normalization=batch".to_string())
    }

    fn initializer(&self) -> Option<String> {
        let network = self.circumstances.network?;
        (network.initializer != Initializer::Auto).then(|| "network.initializer=auto".to_string())
    }
}

/// A layer in each epoch that has it.
fn layers_at(epochs: &[EpochRecord], layer: usize) -> impl Iterator<Item = &LayerReport> {
    epochs
        .iter()
        .filter_map(move |epoch| epoch.layers.get(layer))
}

/// How much of its size a step changes the weights by, in the layer where that is most.
fn largest_ratio(epoch: &EpochRecord) -> f64 {
    epoch
        .layers
        .iter()
        .map(|l| l.update_ratio)
        .fold(0.0, f64::max)
}

fn loss(epoch: &EpochRecord) -> f64 {
    epoch.validation_loss.unwrap_or(epoch.training_loss)
}
