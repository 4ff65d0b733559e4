use std::collections::HashSet;
use std::io::Cursor;

use backburn::{Config, Dataset, Estimator, FitContext, FittedModel, KnnFeatures, Preset, Table};

use prost::Message;

use super::*;
use crate::onnx::{GraphProto, ModelProto};

fn fitted(csv: &str, target: &str, change: impl FnOnce(&mut Config)) -> FittedModel {
    let csv = Cursor::new(csv.as_bytes().to_vec());
    let table = Table::from_reader("t.csv", csv, &Default::default()).unwrap();
    let data = Dataset::new(table, target, &Default::default()).unwrap();
    let mut config = Config::preset(Preset::Fast);
    config.training.epochs = 1;
    config.network.hidden = vec![4];
    change(&mut config);
    let estimator = Estimator::new(config);
    estimator.fit(&data, &FitContext::default()).unwrap()
}

fn houses(price: &str) -> String {
    let mut csv = format!("size,where,garden,sold,{price}\n");
    for row in 0..60usize {
        let size = 50 + row * row % 90;
        let place = ["north", "south", ""][row % 3];
        let garden = ["yes", "no"][row / 2 % 2];
        let day = 1 + row % 28;
        csv += &format!(
            "{size},{place},{garden},2024-{:02}-{day:02},{}\n",
            1 + row % 12,
            size * 3 + row
        );
    }
    csv
}

fn exported(model: &FittedModel) -> ModelProto {
    let bytes = export_onnx(model.model(), &OnnxOptions::default()).unwrap();
    let model = ModelProto::decode(bytes.as_slice()).unwrap();
    let graph = model.graph.as_ref().unwrap();
    let constants = graph.initializer.iter().map(|tensor| tensor.name.clone());
    let mut known: HashSet<String> = constants.collect();
    check_graph(graph, &mut known);
    model
}

/// Checks that every value is computed once, and before it is used.
fn check_graph(graph: &GraphProto, known: &mut HashSet<String>) {
    for input in &graph.input {
        assert!(known.insert(input.name.clone()), "{} twice", input.name);
    }
    for node in &graph.node {
        for input in &node.input {
            assert!(known.contains(input), "{} before it is known", input);
        }
        for body in node
            .attribute
            .iter()
            .filter_map(|attribute| attribute.g.as_ref())
        {
            check_graph(body, &mut known.clone());
        }
        for output in &node.output {
            assert!(known.insert(output.clone()), "{output} twice");
        }
    }
    for output in &graph.output {
        assert!(known.contains(&output.name), "no {}", output.name);
    }
}

fn names(values: &[ValueInfoProto]) -> Vec<&str> {
    values.iter().map(|value| value.name.as_str()).collect()
}

fn metadata_of(model: &ModelProto, key: &str) -> Option<String> {
    let entry = model.metadata_props.iter().find(|entry| entry.key == key);
    entry.map(|entry| entry.value.clone())
}

#[test]
fn columns_are_inputs_and_predictions_are_outputs() {
    let model = exported(&fitted(&houses("price"), "price", |_| {}));
    let graph = model.graph.as_ref().unwrap();
    assert_eq!(names(&graph.input), ["size", "where", "garden", "sold"]);
    assert_eq!(names(&graph.output)[0], "prediction");
    assert_eq!(metadata_of(&model, "target").as_deref(), Some("price"));
    assert_eq!(
        metadata_of(&model, "training_rows_in_file").as_deref(),
        Some("0")
    );
    let kind = |name: &str| {
        let input = graph.input.iter().find(|input| input.name == name);
        let kind = input.and_then(|input| input.r#type.as_ref()?.value.as_ref());
        kind.map(|type_proto| match type_proto {
            crate::onnx::type_proto::Value::TensorType(tensor) => tensor.elem_type,
        })
    };
    let number = |kind: Kind| Some(i32::from(kind.data_type()));
    assert_eq!(kind("size"), number(Kind::Double));
    assert_eq!(kind("sold"), number(Kind::Double));
    assert_eq!(kind("where"), number(Kind::Text));
    assert_eq!(kind("garden"), number(Kind::Text));
    assert_eq!(kind("price"), None);
}

#[test]
fn each_class_has_an_output() {
    let model = exported(&fitted(&houses("price"), "where", |_| {}));
    let outputs = names(&model.graph.as_ref().unwrap().output).join(" ");
    assert_eq!(
        outputs,
        "prediction probabilities probability_north probability_south"
    );
    let classes = metadata_of(&model, "classes");
    assert_eq!(classes.as_deref(), Some(r#"["north","south"]"#));
}

#[test]
fn an_output_does_not_take_the_name_of_a_column() {
    let csv = houses("price").replacen("size", "prediction", 1);
    let model = exported(&fitted(&csv, "price", |_| {}));
    let graph = model.graph.as_ref().unwrap();
    assert_eq!(names(&graph.input)[0], "prediction");
    assert_eq!(names(&graph.output)[0], "prediction_1");
}

#[test]
fn training_rows_in_the_file_are_said() {
    let csv: String = (0..40)
        .map(|row| format!("{},{},{}\n", row % 13, row * row % 17, row * 3))
        .collect();
    let model = fitted(&format!("a,b,y\n{csv}"), "y", |config| {
        config.data.knn_features = KnnFeatures::Always;
    });
    let rows = model.model().encoder.training_rows();
    assert!((30..=40).contains(&rows), "{rows}");
    let model = exported(&model);
    assert!(
        model.doc_string.contains(&format!("{rows} training rows")),
        "{}",
        model.doc_string
    );
}

#[test]
fn intervals_that_depend_on_the_row_are_computed_in_the_graph() {
    let mut model = fitted(&houses("price"), "price", |_| {}).model().clone();
    let operators = |model: &SavedModel| {
        let bytes = export_onnx(model, &OnnxOptions { interval: Some(50) }).unwrap();
        let graph = ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap();
        let constants = graph.initializer.iter().map(|tensor| tensor.name.clone());
        check_graph(&graph, &mut constants.collect());
        let count = |op: &str| graph.node.iter().filter(|node| node.op_type == op).count();
        (count("Clip"), count("Sqrt"), count("Not"))
    };
    if let Target::Regression {
        errors,
        error_scale,
        ..
    } = &mut model.target
    {
        (*errors, *error_scale) = (vec![1.0; 41], None);
    }
    let (clips, roots, negations) = operators(&model);
    if let Target::Regression { error_scale, .. } = &mut model.target {
        let scale = json!({
            "knots": [[-1.0, 0.5], [0.0, 1.0], [1.0, 2.0]],
            "imputed": { "size": 1.5, "sold": 0.5, "where": 9.0 },
        });
        *error_scale = Some(serde_json::from_value(scale).unwrap());
    }
    assert_eq!(model.target.problem(), None);
    // Two segments, a least scale, and a root. Numbers and dates may be missing; the other columns have no imputed values.
    let expected = (clips + 3, roots + 1, negations + 2);
    assert_eq!(operators(&model), expected);
}

#[test]
fn intervals_that_the_model_lacks_are_an_error() {
    let model = fitted(&houses("price"), "price", |config| {
        config.data.validation_fraction = 0.0;
    });
    let options = OnnxOptions { interval: Some(95) };
    let error = export_onnx(model.model(), &options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("--interval 95: the model of `price` has no intervals"),
        "{error}"
    );
    let names = exported(&model);
    assert_eq!(names.graph.unwrap().output.len(), 1);
}
