//! A penalty that holds parameters near their old values.

/// A quadratic penalty on the distance of each parameter from an old value, `½ Σ stiffness · (parameter − center)²`,
/// which is added to the mean loss of a batch. With the Fisher information as its stiffness it is elastic weight
/// consolidation (Kirkpatrick and others, "Overcoming catastrophic forgetting in neural networks", 2017).
///
/// ```
/// use backburn_training::Anchor;
///
/// let anchor = Anchor { center: vec![1.0, 2.0], stiffness: vec![10.0, 0.0] };
/// assert_eq!(anchor.gradient(&[1.5, 9.0]), [5.0, 0.0]);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Anchor {
    /// The old values, in the order of [`FusedMlp::parameters`](backburn_fused::FusedMlp::parameters).
    pub center: Vec<f32>,
    /// How strongly each parameter is held; at least 0.
    pub stiffness: Vec<f32>,
}

impl Anchor {
    /// The gradient of the penalty at these parameters, `stiffness · (parameter − center)`.
    pub fn gradient(&self, parameters: &[f32]) -> Vec<f32> {
        let center = self.center.iter().zip(&self.stiffness);
        let all = parameters.iter().zip(center);
        all.map(|(parameter, (center, stiffness))| stiffness * (parameter - center))
            .collect()
    }

    /// Whether there is a value and a stiffness for each of this number of parameters.
    pub(crate) fn fits(&self, parameters: usize) -> bool {
        self.center.len() == parameters && self.stiffness.len() == parameters
    }
}
