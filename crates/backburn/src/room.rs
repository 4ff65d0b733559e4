//! Whether rows and the work on them fit into memory.

use backburn_preprocessing::{Encoder, KnnTargetEncoder, Target};
use backburn_table::{ColumnKind, Split};
use backburn_training::NetworkSize;
use burn::tensor::Device;

use crate::config::{Config, KnnFeatures};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::free_memory::FreeMemory;
use crate::memory::room_to_work;
use crate::network_config::{narrow_network, network_config};
use crate::work_memory::{RowCounts, Work};

/// What is to fit into the memory that was free before the rows were encoded.
pub(crate) struct Room<'a> {
    data: &'a Dataset,
    split: &'a Split,
    config: &'a Config,
    target: &'a Target,
    work: &'a Work,
    /// The outputs of a network beside those of the target.
    further_outputs: usize,
    /// Whether networks are trained over arrays.
    fuses: bool,
    free: FreeMemory,
}

impl<'a> Room<'a> {
    /// Looks how much memory is free now.
    ///
    /// # Errors
    ///
    /// A network that cannot be built.
    pub fn new(
        data: &'a Dataset,
        split: &'a Split,
        (config, target): (&'a Config, &'a Target),
        device: &Device,
        work: &'a Work,
    ) -> Result<Self, Error> {
        Ok(Self {
            data,
            split,
            config,
            target,
            work,
            further_outputs: 0,
            fuses: config.training.fuses(&narrow_network(config, device)?),
            free: FreeMemory::now(),
        })
    }

    /// The same room for networks with so many outputs for further targets.
    pub fn with_further_outputs(self, further_outputs: usize) -> Self {
        Self {
            further_outputs,
            ..self
        }
    }

    /// Checks that rows fit as this encoder encodes them, with k-NN features of so many pairs of columns, and of
    /// all columns together if the config wants them.
    ///
    /// # Errors
    ///
    /// They do not fit, or settings do not fit the table.
    pub fn check(&self, encoder: &Encoder, pairs: usize) -> Result<(), Error> {
        let training = self.split.training.len();
        let mut network = network_config(self.config, encoder, self.target, training)?;
        if let Work::Training(networks) = self.work {
            network.hidden.clone_from(&networks.hidden);
        }
        network.inputs += self.knn_width(encoder, pairs);
        network.outputs += self.further_outputs;
        let table = self.data.table();
        let rows = RowCounts {
            table: table.rows(),
            training,
            validation: self.split.validation.len(),
            width: network.columns(),
        };
        let size = NetworkSize::of(&network);
        let memory = self.work.memory(&rows, &size, self.config, self.fuses);
        room_to_work(table.name(), memory, rows.width, self.free)
    }

    /// The largest number of k-NN features.
    fn knn_width(&self, encoder: &Encoder, pairs: usize) -> usize {
        let outputs = match self.target {
            Target::Classification { classes, .. } if classes.len() > 2 => classes.len(),
            _ => 1,
        };
        let numeric = encoder.columns.iter();
        let numeric = numeric.filter(|column| column.kind() == ColumnKind::Numeric);
        let of_all = self.config.data.knn_features == KnnFeatures::Always && numeric.count() > 1;
        let bins = self.config.data.bins.of(self.split.training.len());
        (pairs + usize::from(of_all)) * KnnTargetEncoder::max_width(outputs, bins)
    }
}
