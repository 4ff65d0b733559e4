//! A model with the categories and classes of new rows, before it learns from them.

use backburn_fused::FusedMlp;
use backburn_model::{Ensemble, Growth, Mlp};
use backburn_preprocessing::GrownEncoder;
use backburn_table::Table;
use serde::Serialize;

use super::memory::Memory;
use crate::error::Error;
use crate::model_file::SavedModel;
use crate::text::{count, shown};

/// The output of a class that the network has not learned yet: its probability is 0.
const ABSENT: f32 = -1000.0;

/// The categories and classes of new rows that a model did not have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct NewNames {
    /// Each column with its new categories.
    pub categories: Vec<(String, Vec<String>)>,
    /// The new classes.
    pub classes: Vec<String>,
}

/// A model with new categories and classes.
pub(crate) struct Grown {
    pub model: SavedModel,
    pub new: NewNames,
}

/// The model with the categories and classes of some rows of a table that it does not have yet. It predicts every row
/// like the one before, new categories like unknown ones, and new classes with probability 0.
///
/// Scales, bins, medians and the transform of the target stay, so that old rows mean the same to the network.
///
/// # Errors
///
/// The table lacks a column, or the network cannot be enlarged.
pub(crate) fn grow(model: &SavedModel, read: &Table, rows: &[usize]) -> Result<Grown, Error> {
    let grown = model.encoder.grown(read, rows)?;
    let (target, classes) = model.target.with_new_classes(read, rows)?;
    if model.config.outputs == 1 && !classes.is_empty() {
        return Err(Error::Failed(format!(
            "{}: a network with one output for two classes (training.loss=binary_cross_entropy) has no place for \
             the class `{}`: train a new model with training.loss=cross_entropy",
            read.name(),
            shown(&classes[0])
        )));
    }
    let GrownEncoder {
        encoder,
        inputs,
        categories,
        new,
    } = grown;
    let mut config = model.config.clone();
    config.inputs = encoder.inputs();
    config.embeddings = encoder.embeddings();
    config.outputs += classes.len();
    config.validate()?;
    check_residual(model, config.widths()[0])?;
    let growth = Growth {
        inputs,
        categories,
        outputs: classes.len(),
        bias: ABSENT,
    };
    let mut summary = model.summary.clone();
    if let Some(memory) = summary.memory.take() {
        summary.memory = Some(grown_memory(memory, &model.network.members, &growth));
    }
    if !classes.is_empty() {
        summary.trade_off = None;
    }
    let members = model.network.members.iter();
    let members = members.map(|network| network.grown(&growth)).collect();
    Ok(Grown {
        model: SavedModel {
            baselines: grown_baselines(model, &growth.inputs),
            network: Ensemble { members },
            schema: model.schema.clone(),
            format: model.format.clone(),
            config,
            encoder,
            target,
            summary,
        },
        new: NewNames {
            categories: new,
            classes,
        },
    })
}

/// A first layer that adds its input to its output has as many inputs as units, and so no place for a new input.
fn check_residual(model: &SavedModel, features: usize) -> Result<(), Error> {
    let before = model.config.widths()[0];
    let fails = |network: &Mlp| {
        let first = network.hidden.first();
        let units = network.hidden_units().first().copied();
        first.is_some_and(|block| block.is_residual() || units == Some(features))
    };
    let new = features - before;
    match model.config.residual && new > 0 && model.network.members.iter().any(fails) {
        true => Err(Error::Failed(format!(
            "the rows have {}, and a first layer with a residual connection has no place for another input: train a \
             new model, or leave these rows out",
            count(new, "new category")
        ))),
        false => Ok(()),
    }
}

/// The baselines of explanations: in no old row was a new category.
fn grown_baselines(model: &SavedModel, inputs: &[Option<usize>]) -> Vec<f32> {
    let features = model.config.widths()[0];
    let of_networks = model.baselines.chunks_exact(features.max(1));
    let grown = of_networks.flat_map(|old| {
        let numeric = inputs.iter().map(|kept| kept.map_or(0.0, |kept| old[kept]));
        let embedded = old[model.config.inputs..].iter().copied();
        numeric.chain(embedded).collect::<Vec<f32>>()
    });
    grown.collect()
}

fn grown_memory(mut memory: Memory, networks: &[Mlp], growth: &Growth) -> Memory {
    if growth.is_empty() {
        return memory;
    }
    for rows in [&mut memory.replay, &mut memory.held_out] {
        if !rows.is_empty() {
            *rows = rows.grown(&growth.inputs);
        }
    }
    let old = memory.fisher.into_iter().zip(networks);
    let fisher: Option<Vec<Vec<f32>>> = old
        .map(|(fisher, network)| grown_fisher(fisher, network, growth))
        .collect();
    memory.fisher = fisher.unwrap_or_default();
    memory
}

/// The Fisher information of an enlarged network: 0 for new inputs and outputs, on which no old row depends, and that of
/// unknown categories for new ones.
fn grown_fisher(fisher: Vec<f32>, network: &Mlp, growth: &Growth) -> Option<Vec<f32>> {
    let growth = Growth {
        bias: 0.0,
        ..growth.clone()
    };
    let mut shaped = FusedMlp::of(network)?;
    shaped.parameters = fisher;
    let grown = shaped.write_to(network.clone()).grown(&growth);
    Some(FusedMlp::of(&grown)?.parameters)
}
