//! Measures dead and saturated units.

use crate::float_sum::{floats, sum};
use crate::layer_report::{ActivationReport, HiddenActivation};

impl ActivationReport {
    /// The statistics of a layer's outputs.
    pub(crate) fn new(hidden: &HiddenActivation) -> Self {
        let [rows, units] = hidden.outputs.dims();
        let data = hidden.outputs.to_data();
        let outputs = floats(&data);
        let count = outputs.len().max(1) as f64;
        let mean = sum(&outputs, |x| x) / count;
        let variance = sum(&outputs, |x| (x - mean as f32) * (x - mean as f32)) / count;
        let bounds = hidden.function.bounds().map(|(low, high)| {
            let margin = (high - low) * 0.025;
            ((low + margin) as f32, (high - margin) as f32)
        });
        let mut zeros = vec![0usize; units];
        let mut at_a_bound = vec![0usize; units];
        for row in outputs.chunks_exact(units.max(1)) {
            match bounds {
                Some((low, high)) => {
                    for (count, &x) in at_a_bound.iter_mut().zip(row) {
                        *count += usize::from(x <= low || x >= high);
                    }
                }
                None => {
                    for (count, &x) in zeros.iter_mut().zip(row) {
                        *count += usize::from(x == 0.0);
                    }
                }
            }
        }
        let share = |counts: &[usize], min_count: f64| {
            let units_there = counts.iter().filter(|&&c| c as f64 >= min_count).count();
            units_there as f64 / units.max(1) as f64
        };
        Self {
            mean,
            std: variance.sqrt(),
            dead: match hidden.function.can_die() {
                true => share(&zeros, rows as f64),
                false => 0.0,
            },
            saturated: match bounds {
                Some(_) => share(&at_a_bound, 0.95 * rows as f64),
                None => 0.0,
            },
        }
    }
}
