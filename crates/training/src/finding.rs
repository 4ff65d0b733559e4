//! What can be wrong with a training run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something wrong, with what shows it and what cures it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub name: Diagnosis,
    /// The layer that shows it, if it is one, named as in [`LayerReport`](crate::LayerReport).
    pub layer: Option<String>,
    /// The epoch that shows it, if it is one.
    pub epoch: Option<usize>,
    /// What shows it, with figures; a sentence.
    pub evidence: String,
    /// What to do; a sentence.
    pub remedy: String,
    /// The same as settings, `KEY=VALUE`, where settings do it.
    pub settings: Vec<String>,
}

/// Everything that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Diagnosis {
    /// The numbers to predict are far from where a network's outputs start.
    TargetOutOfScale,
    /// The gradient grows out of all proportion on its way through the layers.
    ExplodingGradients,
    /// The loss became infinite or not a number.
    Divergence,
    /// Hardly any gradient reaches some layer.
    VanishingGradients,
    /// Most units of a layer give 0 for every row.
    DeadRelus,
    /// Most units of a layer are at a bound of their activation function.
    SaturatedUnits,
    /// The loss jumps up and down, or stays above that of a constant.
    LearningRateTooHigh,
    /// The loss still falls in a straight line when training ends.
    LearningRateTooLow,
    /// The loss stands still for long.
    Plateau,
    /// The validation loss rises while the training loss falls.
    Overfitting,
    /// The network has not taken what the training rows tell.
    Underfitting,
    /// A column all but gives the target away.
    Leakage,
    /// A rare class is hardly recognized.
    ClassImbalance,
    /// More rows would make the model much better.
    TooLittleData,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TargetOutOfScale => "target out of scale",
            Self::ExplodingGradients => "exploding gradients",
            Self::Divergence => "divergence",
            Self::VanishingGradients => "vanishing gradients",
            Self::DeadRelus => "dead ReLUs",
            Self::SaturatedUnits => "saturated units",
            Self::LearningRateTooHigh => "learning rate too high",
            Self::LearningRateTooLow => "learning rate too low",
            Self::Plateau => "plateau",
            Self::Overfitting => "overfitting",
            Self::Underfitting => "underfitting",
            Self::Leakage => "leakage",
            Self::ClassImbalance => "class imbalance",
            Self::TooLittleData => "too little data",
        })
    }
}
