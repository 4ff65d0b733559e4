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
    check_outputs(model, read, &classes)?;
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

/// One output for two classes has no place for a third one.
fn check_outputs(model: &SavedModel, read: &Table, new: &[String]) -> Result<(), Error> {
    match new.first().filter(|_| model.config.outputs == 1) {
        None => Ok(()),
        Some(class) => Err(Error::Failed(format!(
            "{}: a network with one output for two classes (training.loss=binary_cross_entropy) has no place for \
             the class `{}`: train a new model with training.loss=cross_entropy",
            read.name(),
            shown(class)
        ))),
    }
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

#[cfg(test)]
mod tests {
    use backburn_preprocessing::Predictions;
    use backburn_table::ReadOptions;

    use super::*;
    use crate::config::{Config, KnnFeatures};
    use crate::context::FitContext;
    use crate::dataset::Dataset;
    use crate::estimator::Estimator;
    use crate::fitted_model::FittedModel;
    use crate::members::Members;
    use crate::predictor::Predictor;
    use crate::preset::Preset;

    fn table(rows: usize, row: impl Fn(usize) -> String) -> Table {
        let rows: String = (0..rows).map(|n| format!("{}\n", row(n))).collect();
        let csv = std::io::Cursor::new(format!("a,c,d,y\n{rows}"));
        Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap()
    }

    /// A number, a one-hot column, an embedded column and a target.
    fn row(n: usize, y: &str) -> String {
        let a = match n % 17 {
            0 => String::new(),
            n => format!("{n}.5"),
        };
        format!(
            "{a},{},{},{y}",
            ["p", "q"][n % 2],
            ["r", "s", "t", "u"][n % 4]
        )
    }

    fn fitted(table: &Table, members: usize) -> FittedModel {
        let mut config = Config::preset(Preset::Fast);
        config.data.one_hot_max = 2;
        config.data.knn_features = KnnFeatures::Never;
        config.network.hidden = vec![6];
        config.training.epochs = 3;
        config.ensemble.members = Members::Exactly(members);
        let data = Dataset::new(table.clone(), "y", &Default::default()).unwrap();
        let estimator = Estimator::new(config);
        estimator.fit(&data, &FitContext::default()).unwrap()
    }

    /// The model with the new names of a table, before it learns, and these names.
    fn before_learning(model: &FittedModel, new: &Table) -> (Predictor, NewNames) {
        let read = model.model().format.apply_to_table(new).unwrap();
        let all: Vec<usize> = (0..read.rows()).collect();
        let Grown { model: grown, new } = grow(model.model(), &read, &all).unwrap();
        let device = model.predictor().device();
        // A file of the larger model is valid.
        let bytes = grown.to_bytes().unwrap();
        let grown = SavedModel::from_bytes("grown", bytes, device).unwrap();
        (Predictor::new(grown, device), new)
    }

    #[test]
    fn new_classes_and_categories_change_no_prediction_for_old_rows() {
        let class = |n: usize| ["no", "yes", "maybe"][n % 3];
        let old = table(90, |n| row(n, class(n)));
        let new = table(6, |n| match n {
            0 => "1.5,z,r,other".to_string(),
            1 => "2.5,p,w,no".to_string(),
            n => row(n, class(n)),
        });
        for members in [1, 2] {
            let model = fitted(&old, members);
            let (grown, names) = before_learning(&model, &new);
            let of = |column: &str, name: &str| (column.to_string(), vec![name.to_string()]);
            assert_eq!(names.categories, [of("c", "z"), of("d", "w")]);
            assert_eq!(names.classes, ["other"]);
            let Predictions::Classes { probabilities, .. } = model.predict(&old).unwrap() else {
                panic!("classes");
            };
            let Predictions::Classes {
                classes,
                probabilities: after,
                ..
            } = grown.predict_table(&old).unwrap()
            else {
                panic!("classes");
            };
            assert_eq!(classes.len(), 4);
            for (before, after) in probabilities.chunks(3).zip(after.chunks(4)) {
                assert_eq!(after[3], 0.0);
                for (before, after) in before.iter().zip(after) {
                    assert!((before - after).abs() < 1e-5, "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_predicted_as_before() {
        let old = table(90, |n| row(n, &format!("{}.25", n * 7 % 31)));
        let new = table(40, |n| {
            format!("{}.5,{},{},900", n * 100, ["p", "z"][n % 2], "r")
        });
        let model = fitted(&old, 1);
        let (grown, names) = before_learning(&model, &new);
        assert_eq!(names.categories.len(), 1);
        // New rows are predicted as before too: a new category is like an unknown one.
        for table in [&old, &new] {
            let before = model.predict(table).unwrap();
            let after = grown.predict_table(table).unwrap();
            let pairs = before.values().unwrap().iter().zip(after.values().unwrap());
            for (before, after) in pairs {
                assert!((before - after).abs() < 1e-3, "{before} {after}");
            }
        }
    }

    #[test]
    fn without_new_names_the_model_is_the_same() {
        let old = table(60, |n| row(n, ["no", "yes", "maybe"][n % 3]));
        let model = fitted(&old, 1);
        let (grown, names) = before_learning(&model, &old);
        assert_eq!(names, NewNames::default());
        let bytes = grown.model().to_bytes().unwrap();
        assert_eq!(bytes, model.model().to_bytes().unwrap());
    }

    #[test]
    fn one_output_has_no_place_for_a_third_class() {
        let old = table(60, |n| row(n, ["no", "yes"][n % 2]));
        let model = fitted(&old, 1);
        let mut model = model.model().clone();
        model.config.outputs = 1;
        let new = table(4, |n| row(n, "maybe"));
        let all = [0, 1, 2, 3];
        let error = grow(&model, &new, &all).err().unwrap().to_string();
        assert!(error.contains("no place for the class `maybe`"), "{error}");
    }
}
