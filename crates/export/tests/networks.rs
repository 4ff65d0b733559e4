//! Networks alone, in ONNX Runtime and in PyTorch.
//!
//! The comparison with ONNX Runtime needs `python3` with numpy, onnx and onnxruntime, and the one with tract also tract;
//! `PYTHON` names another Python. Without them it is skipped with a message.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use backburn::{Cell, Predictor};
use backburn_export::{ImportOptions, Network, export_network, import_pytorch};
use backburn_model::{
    Activation, EmbeddingConfig, Mlp, MlpConfig, Normalization, PeriodicEmbeddingConfig,
    RealMlpConfig, TabMConfig,
};
use burn::tensor::{Device, Distribution, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

const ROWS: usize = 7;

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn python() -> String {
    env::var("PYTHON").unwrap_or_else(|_| "python3".to_string())
}

/// Writes a network, its inputs and its outputs as little-endian numbers.
fn write(folder: &Path, name: &str, network: Network, inputs: &Tensor<2>, outputs: Tensor<2>) {
    let bytes = |tensor: Tensor<2>| -> Vec<u8> {
        numbers(tensor)
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect()
    };
    fs::write(
        folder.join(format!("{name}.onnx")),
        export_network(network).unwrap(),
    )
    .unwrap();
    fs::write(folder.join(format!("{name}.inputs")), bytes(inputs.clone())).unwrap();
    fs::write(folder.join(format!("{name}.outputs")), bytes(outputs)).unwrap();
}

#[test]
fn networks_have_the_same_outputs_in_onnx_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let device = Device::default();
    device.seed(1);
    let random = |columns: usize| {
        Tensor::<2>::random([ROWS, columns], Distribution::Normal(0.0, 2.0), &device)
    };

    for activation in Activation::all() {
        let config = MlpConfig::new(5, 3)
            .with_hidden([8, 8])
            .with_activation(activation)
            .with_residual(true);
        let mlp = config.init(&device).unwrap();
        let rows = random(5);
        let name = format!("mlp-{activation}");
        write(
            folder,
            &name,
            Network::Mlp(&mlp),
            &rows,
            mlp.forward(rows.clone()),
        );
    }
    for (name, normalization) in [
        ("batch", Normalization::Batch),
        ("layer", Normalization::Layer),
    ] {
        let mlp = MlpConfig::new(5, 1)
            .with_normalization(normalization)
            .init(&device)
            .unwrap();
        let rows = random(5);
        write(
            folder,
            name,
            Network::Mlp(&mlp),
            &rows,
            mlp.forward(rows.clone()),
        );
    }
    let embeddings = [3, 4].map(|categories| EmbeddingConfig {
        categories,
        dimension: 2,
    });
    let mlp = MlpConfig::new(1, 2)
        .with_embeddings(embeddings)
        .init(&device)
        .unwrap();
    let categories = Tensor::<2>::from_floats(
        [
            [0., 3.],
            [1., 0.],
            [2., 1.],
            [0., 0.],
            [1., 1.],
            [2., 2.],
            [0., 3.],
        ],
        &device,
    );
    let rows = Tensor::cat(vec![random(1), categories], 1);
    write(
        folder,
        "embeddings",
        Network::Mlp(&mlp),
        &rows,
        mlp.forward(rows.clone()),
    );

    // Low frequencies give features that hardly vary. `fit_to` divides by how much they do, and so enlarges their
    // rounding errors.
    let plr = PeriodicEmbeddingConfig {
        sigma: 0.1,
        ..PeriodicEmbeddingConfig::plr()
    };
    for (name, embedded, embedding) in [
        ("pbld", 3, PeriodicEmbeddingConfig::pbld()),
        ("plr", 6, plr),
        ("plain", 0, PeriodicEmbeddingConfig::plr()),
    ] {
        let rows = random(6);
        let config = RealMlpConfig {
            embedded,
            embedding,
            hidden: vec![8, 4],
            ..RealMlpConfig::new(6, 2)
        };
        let network = config.init(&device).unwrap().fit_to(rows.clone());
        let real_mlp = format!("real_mlp-{name}");
        write(
            folder,
            &real_mlp,
            Network::RealMlp(&network),
            &rows,
            network.forward(rows.clone()),
        );
        let config = TabMConfig {
            embedded,
            embedding,
            hidden: vec![8, 4],
            members: 3,
            ..TabMConfig::new(6, 2)
        };
        let network = config.init(&device).unwrap();
        let tabm = format!("tabm-{name}");
        write(
            folder,
            &tabm,
            Network::TabM(&network),
            &rows,
            network.forward(rows.clone()),
        );
    }

    let folder = folder.to_str().unwrap();
    check_in_python("numpy, onnx, onnxruntime", "check_networks.py", &[folder]);
    let arguments = ["--networks", folder];
    check_in_python(
        "numpy, onnx, onnxruntime, tract",
        "check_tract.py",
        &arguments,
    );
}

/// Runs a script of `tests/export` if Python has its modules.
fn check_in_python(modules: &str, script: &str, arguments: &[&str]) {
    let import = format!("import {modules}");
    let has = Command::new(python()).args(["-c", &import]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3 with {modules}");
        return;
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/export");
    let mut command = Command::new(python());
    command.arg(scripts.join(script)).args(arguments);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
}

/// The state dict of a `Sequential` with the weights of a network: names and shapes as in PyTorch.
fn state_dict(mlp: &Mlp, prefix: &str) -> Vec<u8> {
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut index = 0;
    let linears = mlp
        .hidden
        .iter()
        .map(|block| &block.linear)
        .chain([&mlp.output]);
    for linear in linears {
        let weight = linear.weight.val().transpose();
        let shape = weight.dims().to_vec();
        let bytes = |numbers: Vec<f32>| -> Vec<u8> {
            numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
        };
        tensors.push((
            format!("{prefix}{index}.weight"),
            shape.clone(),
            bytes(numbers(weight)),
        ));
        let bias = linear.bias.as_ref().unwrap().val();
        tensors.push((
            format!("{prefix}{index}.bias"),
            vec![shape[0]],
            bytes(numbers(bias)),
        ));
        // The activation function has an index too.
        index += 2;
    }
    serialize(&tensors)
}

fn serialize(tensors: &[(String, Vec<usize>, Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (
            name.clone(),
            TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, None::<HashMap<String, String>>).unwrap()
}

#[test]
fn a_sequential_becomes_a_model() {
    let device = Device::default();
    device.seed(1);
    let config = MlpConfig::new(2, 1)
        .with_hidden([3, 4])
        .with_activation(Activation::Tanh);
    let mlp = config.init(&device).unwrap();
    let rows = [[0.5f32, -1.0], [2.0, 3.0]];
    let expected = numbers(mlp.forward(Tensor::<2>::from_floats(rows, &device)));
    let options = ImportOptions {
        inputs: vec!["a".to_string(), "b".to_string()],
        target: "y".to_string(),
        activation: Activation::Tanh,
        ..ImportOptions::default()
    };
    for prefix in ["", "net."] {
        let model = import_pytorch("net", &state_dict(&mlp, prefix), &options, &device).unwrap();
        assert_eq!(model.target.column(), "y");
        let predictor = Predictor::new(model, &device);
        for (row, expected) in rows.iter().zip(&expected) {
            let cells = row.map(|number| Cell::Number(number.into()));
            let found = predictor.rows().predict(&cells).unwrap().labels()[0]
                .parse::<f64>()
                .unwrap();
            let expected = f64::from(*expected);
            assert!(
                (found - expected).abs() < 1e-5 * expected.abs().max(1.0),
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn what_is_no_sequential_is_refused() {
    let device = Device::default();
    let mlp = MlpConfig::new(2, 3).with_hidden([3]).init(&device).unwrap();
    let good = state_dict(&mlp, "");
    let one = |name: &str, shape: &[usize]| {
        let bytes = vec![0u8; 4 * shape.iter().product::<usize>()];
        (name.to_string(), shape.to_vec(), bytes)
    };
    let classes = ["a", "b", "c"].map(String::from).to_vec();
    let two_inputs = vec!["a".to_string(); 1];
    let nan = (
        "0.weight".to_string(),
        vec![1, 1],
        f32::NAN.to_le_bytes().to_vec(),
    );
    for (bytes, inputs, classes, message) in [
        (
            b"{}".to_vec(),
            vec![],
            vec![],
            "this is not a safetensors file",
        ),
        (
            good.clone(),
            vec![],
            vec![],
            "the network has 3 outputs: name the class of each",
        ),
        (
            good.clone(),
            vec![],
            classes[..2].to_vec(),
            "3 outputs, and 2 classes are given",
        ),
        (
            good.clone(),
            two_inputs,
            classes.clone(),
            "2 inputs, and 1 names are given",
        ),
        (
            serialize(&[one("lstm.weight_ih_l0", &[4, 4])]),
            vec![],
            vec![],
            "is not of a Sequential",
        ),
        (
            serialize(&[one("0.weight", &[3])]),
            vec![],
            vec![],
            "layer 0 is not right behind a linear layer",
        ),
        (
            serialize(&[one("0.weight", &[3, 2]), one("2.weight", &[1, 4])]),
            vec![],
            vec![],
            "layer 2 has 4 inputs",
        ),
        (
            serialize(&[one("0.weight", &[3, 2]), one("0.bias", &[2])]),
            vec![],
            vec![],
            "does not fit its weights",
        ),
        (
            serialize(&[one("0.weight", &[3, 2]), one("1.weight", &[3])]),
            vec![],
            vec![],
            "it ends with a normalization",
        ),
        (
            serialize(&[nan]),
            vec![],
            vec![],
            "has weights that are no numbers",
        ),
        (serialize(&[]), vec![], vec![], "no linear layer"),
    ] {
        let options = ImportOptions {
            inputs,
            classes,
            ..ImportOptions::default()
        };
        let error = import_pytorch("net", &bytes, &options, &device)
            .unwrap_err()
            .to_string();
        assert!(error.contains(message), "{error} is not {message}");
    }
}
