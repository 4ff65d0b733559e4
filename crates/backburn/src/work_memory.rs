//! About how much memory work on encoded rows takes at its peak.

use std::num::NonZero;
use std::thread;

use backburn_training::{MemoryUse, NetworkSize, memory_of_gradient_check};

use crate::config::Config;
use crate::nearest_rows;

/// What encoded rows are for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// The training of networks.
    Training(Networks),
    /// A learning rate range test.
    RangeTest,
    /// A check of gradients.
    GradientCheck,
    /// Gradient-boosted trees.
    #[cfg_attr(not(feature = "boosting"), allow(dead_code))]
    Boosting,
}

/// The networks that are trained.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Networks {
    /// The hidden layers of the largest of them.
    pub hidden: Vec<usize>,
    /// Members of one ensemble, which share their encoded rows; 1 if each network has rows of its own.
    pub members: usize,
    /// How many are trained at the same time.
    pub at_once: usize,
    /// Training and validation rows of each.
    pub training: usize,
    pub validation: usize,
    /// Rows of other folds, whose predictions are kept until all folds are done.
    pub folds: usize,
}

/// Rows and how they are encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RowCounts {
    /// Rows of the table, which are all encoded.
    pub table: usize,
    pub training: usize,
    pub validation: usize,
    /// Numbers in an encoded row.
    pub width: usize,
}

/// Bytes of a 32-bit number.
const NUMBER: f64 = 4.0;

impl Work {
    /// The memory of encoding the rows and of the work on them. `fuses` says whether networks are trained over
    /// arrays.
    pub fn memory(
        &self,
        rows: &RowCounts,
        network: &NetworkSize,
        config: &Config,
        fuses: bool,
    ) -> MemoryUse {
        let encoding = encoding(rows, config);
        let encoded = copies(rows.training + rows.validation, rows.width, 1.0);
        let training = &config.training;
        match self {
            Self::RangeTest => {
                let test = training.memory_of_range_test(network, rows.training);
                larger(encoding, encoded + test)
            }
            Self::GradientCheck => larger(encoding, encoded + memory_of_gradient_check(network)),
            Self::Boosting => larger(encoding, encoded + boosting(rows)),
            Self::Training(networks) => {
                let training = networks.memory(rows, network, config, fuses);
                training + of_folds(networks.folds, network)
            }
        }
    }
}

impl Networks {
    fn memory(
        &self,
        rows: &RowCounts,
        network: &NetworkSize,
        config: &Config,
        fuses: bool,
    ) -> MemoryUse {
        let (training, validation) = (self.training, self.validation);
        let fit = config
            .training
            .memory_of_fit(network, training, validation, fuses);
        let own = copies(training + validation, rows.width, 1.0) + fit + diagnosis(rows, network);
        let at_once = self.at_once.max(1) as f64;
        if self.members <= 1 {
            return larger(encoding(rows, config), own) * at_once;
        }
        let all = rows.training + rows.validation;
        // Each member that is trained, and the sums and predictions of the rows that some member leaves out.
        let left_out = self.members as f64 / config.ensemble.folds.max(2) as f64;
        let ensemble = MemoryUse {
            network: NUMBER * self.members as f64 * network.parameters as f64,
            outputs: NUMBER * 5.0 * left_out.min(1.0) * all as f64 * network.outputs as f64,
            ..MemoryUse::default()
        };
        let shared = copies(all, rows.width, 1.0);
        larger(encoding(rows, config), shared + own * at_once + ensemble)
    }
}

/// All rows encoded, and again as training and validation rows, while the encoder is fitted and pairs of columns
/// are screened.
fn encoding(rows: &RowCounts, config: &Config) -> MemoryUse {
    /// The numbers that are screened, at most.
    const SCREENED: f64 = 16e6;
    let used = (rows.training + rows.validation) as f64;
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as f64;
    // The numbers of a column in 64 bits, and sorted.
    let fitting = 16.0 * threads * rows.training as f64;
    let screening = match config.data.neighbor_features {
        true => NUMBER * (rows.training as f64 * (rows.width + 1) as f64).min(SCREENED),
        false => 0.0,
    };
    MemoryUse {
        rows: NUMBER * (rows.table as f64 + used) * rows.width as f64 + fitting + screening,
        ..MemoryUse::default()
    }
}

/// The predictions of all folds in 64 bits, and once more in the order of the rows.
fn of_folds(rows: usize, network: &NetworkSize) -> MemoryUse {
    MemoryUse {
        outputs: 16.0 * rows as f64 * network.outputs as f64,
        ..MemoryUse::default()
    }
}

/// The comparison of the network with nearest rows.
fn diagnosis(rows: &RowCounts, network: &NetworkSize) -> MemoryUse {
    let compared = rows.training.min(1_000) as f64;
    let outputs = match network.outputs <= nearest_rows::OUTPUTS {
        true => 20.0 * network.outputs as f64,
        false => 0.0,
    };
    let of_row = 3.0 * rows.width as f64 + 4.0 * compared + outputs;
    MemoryUse {
        network: NUMBER * compared * of_row,
        ..MemoryUse::default()
    }
}

/// Columns of numbers of 64 bits, once more in bins, and the encoded rows turned into columns.
fn boosting(rows: &RowCounts) -> MemoryUse {
    copies(rows.training + rows.validation, rows.width, 5.0)
}

fn copies(rows: usize, width: usize, times: f64) -> MemoryUse {
    MemoryUse {
        rows: NUMBER * times * rows as f64 * width as f64,
        ..MemoryUse::default()
    }
}

fn larger(one: MemoryUse, other: MemoryUse) -> MemoryUse {
    match one.total() > other.total() {
        true => one,
        false => other,
    }
}

#[cfg(test)]
mod tests {
    use backburn_model::MlpConfig;

    use super::*;
    use crate::preset::Preset;

    const ROWS: RowCounts = RowCounts {
        table: 100_000,
        training: 80_000,
        validation: 20_000,
        width: 50,
    };

    fn networks(members: usize, at_once: usize) -> Work {
        Work::Training(Networks {
            hidden: vec![10],
            members,
            at_once,
            training: ROWS.training,
            validation: ROWS.validation,
            folds: 0,
        })
    }

    #[test]
    fn copies_of_rows_are_counted() {
        let config = Config::preset(Preset::Fast);
        let network = NetworkSize::of(&MlpConfig::new(ROWS.width, 1).with_hidden([10]));
        let memory = |work: &Work| work.memory(&ROWS, &network, &config, true).total() as f64;
        let once = 4.0 * 1e5 * 50.0;
        for (work, copies) in [
            (networks(1, 1), 2.0),
            (networks(1, 3), 6.0),
            (networks(4, 2), 5.0),
            (Work::RangeTest, 2.0),
            (Work::GradientCheck, 2.0),
            (Work::Boosting, 6.0),
        ] {
            let found = memory(&work) / once;
            assert!(found >= copies && found < 1.6 * copies, "{work:?}: {found}");
        }
    }

    #[test]
    fn the_predictions_of_all_folds_are_counted() {
        let config = Config::preset(Preset::Fast);
        let network = NetworkSize::of(&MlpConfig::new(ROWS.width, 1_000).with_hidden([10]));
        let outputs = |work: &Work| work.memory(&ROWS, &network, &config, true).outputs;
        let one = networks(1, 1);
        let Work::Training(of_folds) = one.clone() else {
            unreachable!()
        };
        let folds = Work::Training(Networks {
            folds: ROWS.table,
            ..of_folds
        });
        assert_eq!(outputs(&folds) - outputs(&one), 16.0 * 1e5 * 1_000.0);
    }
}
