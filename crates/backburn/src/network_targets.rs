//! The targets as the network learns them.

use std::borrow::Cow;

use backburn_preprocessing::{KnnTargetEncoder, Target};

use crate::targets::Targets;

/// The outputs that the network is trained to give, row by row.
pub(crate) enum NetworkTargets {
    /// Transformed numbers.
    Values(Vec<f32>),
    /// Indices of classes, and the number of classes.
    Classes(Vec<Option<usize>>, usize),
}

impl NetworkTargets {
    pub fn new(targets: Targets, target: &Target) -> Self {
        let classes = match target {
            Target::Classification { classes, .. } => classes.len(),
            Target::Regression { .. } => 0,
        };
        match targets {
            Targets::Values(values) => {
                let values = values.into_iter();
                Self::Values(values.map(|value| target.scale(value) as f32).collect())
            }
            Targets::Classes(of_row) => Self::Classes(of_row, classes),
        }
    }

    /// The targets as `rows * width` numbers, and the width. Two classes are one indicator of the second
    /// class; more classes are one-hot. `None` if there are too many outputs for
    /// neighbor features.
    pub fn outputs(&self) -> Option<(Cow<'_, [f32]>, usize)> {
        match self {
            Self::Values(values) => Some((Cow::Borrowed(values), 1)),
            Self::Classes(of_row, classes) => {
                let (first, width) = match classes {
                    2 => (1, 1),
                    _ => (0, *classes),
                };
                let is = |class: Option<usize>| {
                    (first..*classes).map(move |c| f32::from(class == Some(c)))
                };
                let numbers = || of_row.iter().flat_map(|&class| is(class)).collect();
                (width <= KnnTargetEncoder::MAX_OUTPUTS).then(|| (Cow::Owned(numbers()), width))
            }
        }
    }
}
