//! Problems of a training run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A problem of a training run, with its evidence and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The problem.
    pub name: Diagnosis,
    /// The layer with the problem, named as in [`LayerReport`](crate::LayerReport); `None` if the
    /// problem is not of one layer.
    pub layer: Option<String>,
    /// The epoch with the problem; `None` if it is not of one epoch.
    pub epoch: Option<usize>,
    /// The evidence, with numbers, as a sentence.
    pub evidence: String,
    /// What to do, as a sentence.
    pub remedy: String,
    /// The remedy as settings, `KEY=VALUE`; empty if no setting helps.
    pub settings: Vec<String>,
}

/// The problems that are looked for. [`diagnose`](crate::diagnose) finds those that a history shows;
/// the last six need the table or the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Diagnosis {
    /// The target values are far from the range of an untrained network's outputs.
    TargetOutOfScale,
    /// The gradient grows without bound on its way through the layers.
    ExplodingGradients,
    /// The loss became infinite or NaN.
    Divergence,
    /// The gradient of a layer is almost 0.
    VanishingGradients,
    /// Most units of a layer output 0 for every row.
    DeadRelus,
    /// Most units of a layer are at a bound of their activation function.
    SaturatedUnits,
    /// The loss jumps up and down, or stays above that of a constant prediction.
    LearningRateTooHigh,
    /// The loss still falls steadily when training ends.
    LearningRateTooLow,
    /// The loss does not change for many epochs.
    Plateau,
    /// The validation loss rises while the training loss falls.
    Overfitting,
    /// The training loss is higher than that of a nearest-neighbor prediction.
    Underfitting,
    /// A column almost determines the target.
    Leakage,
    /// A rare class has a low recall.
    ClassImbalance,
    /// More rows would improve the model much.
    TooLittleData,
    /// On rows that were not trained on, the model is no better than a constant prediction.
    NoBetterThanConstant,
    /// After learning new rows, the model predicts rows like the old ones worse than before.
    Forgetting,
    /// The target goes on rising or falling beyond the range of the training rows, and predictions do not.
    TrendBeyondRange,
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
            Self::NoBetterThanConstant => "no better than a constant",
            Self::Forgetting => "forgetting",
            Self::TrendBeyondRange => "trend beyond the range of training",
        })
    }
}
