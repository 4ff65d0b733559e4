//! Tests across the crates, through their public interfaces, the README's own lines, and what several
//! tests need.

pub mod fuzzing;

use std::collections::BTreeMap;
use std::process::Command;

use backburn::{SavedModel, Summary, TableFormat};
use backburn_model::{Mlp, MlpConfig};
use backburn_preprocessing::{Encoder, EncoderOptions, Target, Task};
use backburn_table::{ReadOptions, Schema, Table};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

/// A table from CSV.
pub fn table(csv: &str) -> Table {
    let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
    Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
}

/// A model of the column `y` of a table, with random weights.
pub fn untrained(table: &Table, task: Task, config: &MlpConfig) -> SavedModel {
    let schema = Schema::infer(table, &BTreeMap::new()).unwrap();
    let rows: Vec<usize> = (0..table.rows()).collect();
    let options = EncoderOptions {
        one_hot_max: 2,
        embedding_dimension: 3,
        ..EncoderOptions::default()
    };
    let (encoder, _) = Encoder::fit(table, &schema, &["y"], &rows, &options).unwrap();
    let target = Target::fit(table, "y", task, &rows, &rows).unwrap();
    let config = MlpConfig {
        inputs: encoder.inputs(),
        outputs: match &target {
            Target::Regression { .. } => 1,
            Target::Classification { classes, .. } => classes.len(),
        },
        embeddings: encoder.embeddings(),
        ..config.clone()
    };
    let device = Device::default();
    device.seed(3);
    let network = config.init(&device).unwrap();
    saved_model(network, config, schema, encoder, target)
}

/// A model without a summary.
pub fn saved_model(
    network: Mlp,
    config: MlpConfig,
    schema: Schema,
    encoder: Encoder,
    target: Target,
) -> SavedModel {
    SavedModel {
        network: network.into(),
        config,
        schema,
        format: TableFormat::default(),
        encoder,
        target,
        baselines: Vec::new(),
        summary: Summary::default(),
    }
}

/// Every weight of a network, in order.
pub fn weights(network: &Mlp) -> Vec<f32> {
    struct Collect(Vec<f32>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f32>());
        }
    }
    let mut collect = Collect(Vec::new());
    network.visit(&mut collect);
    collect.0
}

/// Whether the test of this name, such as `module::test`, is alone in its process. Otherwise, this runs it in a process of
/// its own, and the caller is done: with `cargo test`, tests are threads of one process, and draw from the same random
/// numbers of a device.
pub fn is_alone(test: &str) -> bool {
    const ALONE: &str = "BACKBURN_TEST_ALONE";
    let by_nextest = std::env::var("NEXTEST_EXECUTION_MODE");
    if std::env::var_os(ALONE).is_some() || by_nextest.is_ok_and(|mode| mode == "process-per-test")
    {
        return true;
    }
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--exact", test, "--nocapture"]);
    let output = command.env(ALONE, test).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("1 passed"), "no test {test}: {text}");
    false
}

/// Compiled and run by `cargo test --doc`.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
