//! About how much memory training takes at its peak, to refuse what does not fit before it begins.
//!
//! Counted are all arrays that grow with the rows, the parameters or the outputs. `benchmarks/peak_memory.py` and
//! the tests of the command line compare the figures with what is taken.

use std::num::NonZero;
use std::thread;

use backburn_model::MlpConfig;

use crate::evaluate::forward_rows;
use crate::fused::{parts, validation_rows};
use crate::{OptimizerName, TrainingConfig};

/// What of a network decides how much memory its training takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkSize {
    /// Numbers in an encoded row.
    pub columns: usize,
    /// Numbers that enter the first layer.
    pub features: usize,
    /// Weights and biases.
    pub parameters: usize,
    /// Outputs of all layers together.
    pub units: usize,
    /// Inputs or outputs of the widest layer.
    pub widest: usize,
    /// Outputs of the last layer.
    pub outputs: usize,
}

/// Bytes of memory, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MemoryUse {
    /// Encoded rows and their copies.
    pub rows: f64,
    /// Weights, gradients, the state of the optimizer, and the results of layers for a batch.
    pub network: f64,
    /// Outputs and predictions of rows that are scored.
    pub outputs: f64,
}

/// Bytes of a 32-bit number.
const NUMBER: f64 = 4.0;

impl NetworkSize {
    /// The size of a network.
    pub fn of(network: &MlpConfig) -> Self {
        let widths = network.widths();
        Self {
            columns: network.columns(),
            features: widths[0],
            parameters: network.parameters().unwrap_or(usize::MAX),
            units: widths[1..]
                .iter()
                .fold(0, |sum, width| sum.saturating_add(*width)),
            widest: widths.iter().copied().max().unwrap_or(0),
            outputs: network.outputs,
        }
    }

    /// Numbers that a forward and a backward pass of this many rows hold.
    fn of_pass(&self, rows: usize) -> f64 {
        let of_row = self.columns as f64
            + self.features as f64
            + 3.0 * self.units as f64
            + 2.0 * self.widest as f64;
        rows as f64 * of_row
    }

    /// Numbers that the passes outside of training hold, for this many rows in all.
    fn of_forward(&self, rows: usize) -> f64 {
        let through_burn = rows.min(forward_rows(self.widest)) as f64;
        let of_row = self.features as f64 + 3.0 * self.widest as f64;
        let at_a_time = rows.min(validation_rows(self.widest)) as f64;
        let over_arrays = (self.columns + self.units) as f64 * at_a_time * threads();
        (through_burn * of_row).max(over_arrays)
    }
}

impl MemoryUse {
    /// All bytes.
    pub fn total(&self) -> u64 {
        (self.rows + self.network + self.outputs) as u64
    }
}

impl std::ops::Add for MemoryUse {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            network: self.network + other.network,
            outputs: self.outputs + other.outputs,
        }
    }
}

impl std::ops::Mul<f64> for MemoryUse {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self {
            rows: self.rows * times,
            network: self.network * times,
            outputs: self.outputs * times,
        }
    }
}

impl TrainingConfig {
    /// The memory of [`fit`](crate::fit), in addition to the rows that it gets: `training` and `validation` are
    /// their numbers. `fuses` is what [`fuses`](Self::fuses) returns for the network.
    pub fn memory_of_fit(
        &self,
        network: &NetworkSize,
        training: usize,
        validation: usize,
        fuses: bool,
    ) -> MemoryUse {
        let scored = if validation > 0 { validation } else { training };
        let batch = self.batch_size_for(training).min(training);
        // Copies of all parameters: two networks that are kept and one that is measured, with the sums of
        // gradients, and a checkpoint while it is written.
        const KEPT: f64 = 5.0;
        const CHECKPOINT: f64 = 8.0;
        let state = self.state_of_parameter();
        let (rows, copies) = match fuses {
            true => {
                let work = batch.saturating_mul(network.parameters).saturating_mul(3);
                let gradients = parts(batch, network.parameters, work) as f64;
                // The module, the array, and its transpose.
                (training + validation, 3.0 + gradients)
            }
            // The shuffled rows of two epochs; the network before and after a step, and its gradient.
            false => (2 * training, 4.0),
        };
        // The networks whose weights are averaged, their records in a checkpoint, and their sums in 64 bits.
        let averaged = self
            .averaged_networks()
            .map_or(0.0, |networks| 2.0 * networks.min(self.epochs) as f64 + 5.0);
        let copies = copies + averaged;
        let parameters = (copies + state + KEPT + CHECKPOINT) * network.parameters as f64;
        let of_batch = match fuses {
            true => network.of_pass(batch),
            false => 2.0 * network.of_pass(batch),
        };
        // As numbers of 32 bits: those of two epochs and of the loss, and predictions in 64 bits.
        const OUTPUTS: f64 = 8.0;
        MemoryUse {
            rows: NUMBER * rows as f64 * network.columns as f64,
            network: NUMBER * (parameters + of_batch + network.of_forward(scored)),
            outputs: NUMBER * OUTPUTS * scored as f64 * network.outputs as f64,
        }
    }

    /// The memory of [`range_test`](crate::range_test), in addition to the rows that it gets.
    pub fn memory_of_range_test(&self, network: &NetworkSize, training: usize) -> MemoryUse {
        // The network before and after a step, its gradient, and what the update takes.
        const COPIES: f64 = 6.0;
        let batch = self.batch_size_for(training).min(training);
        let parameters = (COPIES + self.state_of_parameter()) * network.parameters as f64;
        MemoryUse {
            rows: NUMBER * training as f64 * network.columns as f64,
            network: NUMBER * (parameters + 2.0 * network.of_pass(batch)),
            outputs: 0.0,
        }
    }

    /// Numbers that the optimizer keeps for each parameter.
    fn state_of_parameter(&self) -> f64 {
        match self.optimizer.name {
            OptimizerName::Sgd if self.optimizer.momentum == 0.0 => 0.0,
            OptimizerName::Sgd | OptimizerName::Lion | OptimizerName::AdaGrad => 1.0,
            OptimizerName::Adam | OptimizerName::AdamW | OptimizerName::Lamb => 2.0,
            _ => 3.0,
        }
    }
}

/// The memory of [`check_gradients`](crate::check_gradients) for a few rows: the network and its gradient in
/// 64 bits, several times.
pub fn memory_of_gradient_check(network: &NetworkSize) -> MemoryUse {
    const COPIES: f64 = 20.0;
    MemoryUse {
        network: NUMBER * COPIES * network.parameters as f64,
        ..MemoryUse::default()
    }
}

fn threads() -> f64 {
    thread::available_parallelism().map_or(1, NonZero::get) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(network: &MlpConfig, training: usize, validation: usize) -> MemoryUse {
        let config = TrainingConfig::default();
        config.memory_of_fit(&NetworkSize::of(network), training, validation, true)
    }

    #[test]
    fn each_part_grows_with_its_cause() {
        let network = MlpConfig::new(10, 1).with_hidden([100]);
        let small = memory(&network, 1_000, 100);
        // A copy of the rows.
        assert_eq!(small.rows, 4.0 * 1_100.0 * 10.0);
        let many_rows = memory(&network, 1_000_000, 100_000);
        assert_eq!(many_rows.rows, 1_000.0 * small.rows);
        assert!(many_rows.network < 100.0 * small.network);
        let wide = MlpConfig::new(10, 1).with_hidden([100_000]);
        let parameters = NetworkSize::of(&wide).parameters as f64;
        assert_eq!(parameters, 11.0 * 1e5 + 1e5 + 1.0);
        let wide = memory(&wide, 1_000, 100);
        assert_eq!(wide.rows, small.rows);
        assert!(wide.network > 4.0 * 10.0 * parameters);
        let classes = memory(&MlpConfig::new(10, 10_000).with_hidden([100]), 1_000, 100);
        assert_eq!(classes.outputs, 10_000.0 * small.outputs);
    }

    #[test]
    fn figures_that_overflow_are_large() {
        let network = MlpConfig::new(usize::MAX / 4, 1).with_hidden([usize::MAX / 4; 3]);
        assert!(memory(&network, usize::MAX / 2, 1).total() > 1 << 62);
    }
}
