//! Layers of published networks give what the published code gives from the same weights.
//!
//! `fixtures/published.py` wrote what that gave to `fixtures/published.safetensors`.

use backburn_model::{
    Activation, PeriodicEmbedding, PeriodicEmbeddingConfig, RealMlpConfig, SharedLinear, TabMConfig,
};
use backburn_preprocessing::{ColumnEncoder, Encoder, Scale};
use backburn_table::{ReadOptions, Table};
use backburn_training::{Network, TensorDataset, TrainingConfig, fit};
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

const FIXTURE: &[u8] = include_bytes!("../fixtures/published.safetensors");

struct Fixture(SafeTensors<'static>, &'static str);

impl Fixture {
    fn of(layer: &'static str) -> Self {
        Self(SafeTensors::deserialize(FIXTURE).unwrap(), layer)
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let bytes = self.0.tensor(&format!("{}/{name}", self.1)).unwrap().data();
        let numbers = bytes
            .chunks(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        numbers.collect()
    }

    fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(
            TensorData::new(self.floats(name), shape),
            &Device::default(),
        )
    }

    fn param<const D: usize>(&self, name: &str, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(self.tensor(name, shape))
    }

    fn assert_outputs<const D: usize>(&self, outputs: Tensor<D>) {
        let ours: Vec<f32> = outputs.into_data().iter().collect();
        let theirs = self.floats("outputs");
        assert_eq!(ours.len(), theirs.len());
        assert!(!theirs.is_empty(), "{}", self.1);
        for (a, b) in ours.iter().zip(&theirs) {
            let room = 1e-5 * b.abs().max(1.0);
            assert!((a - b).abs() <= room, "{}: {a} is not {b}", self.1);
        }
    }
}

fn embedding(fixture: &Fixture, config: PeriodicEmbeddingConfig) -> PeriodicEmbedding {
    let (k, waves) = (config.frequencies, if config.phase { 4 } else { 8 });
    let learned = config.dimension - usize::from(config.dense);
    let mut embedding = config.init(3, &Device::default());
    embedding.frequency = fixture.param("frequency", [3, 1, k]);
    embedding.phase = config.phase.then(|| fixture.param("phase", [3, 1, k]));
    embedding.weight = fixture.param("weight", [3, waves, learned]);
    embedding.bias = fixture.param("bias", [3, 1, learned]);
    embedding
}

#[test]
fn periodic_embeddings() {
    let fixture = Fixture::of("plr");
    let config = PeriodicEmbeddingConfig {
        frequencies: 4,
        dimension: 5,
        ..PeriodicEmbeddingConfig::plr()
    };
    let embedding = embedding(&fixture, config);
    assert_eq!(embedding.dimension(), 5);
    fixture.assert_outputs(embedding.forward(fixture.tensor("inputs", [6, 3])));
}

#[test]
fn periodic_embeddings_with_a_phase_and_the_number_itself() {
    let fixture = Fixture::of("pbld");
    let config = PeriodicEmbeddingConfig {
        frequencies: 4,
        dimension: 3,
        ..PeriodicEmbeddingConfig::pbld()
    };
    let embedding = embedding(&fixture, config);
    assert_eq!(embedding.dimension(), 3);
    fixture.assert_outputs(embedding.forward(fixture.tensor("inputs", [6, 3])));
}

#[test]
fn piecewise_linear_encoding() {
    let fixture = Fixture::of("ple");
    let edges = fixture.floats("edges").into_iter().map(f64::from);
    let encoder = Encoder {
        columns: vec![ColumnEncoder::Numeric {
            name: "x".to_string(),
            scale: Scale {
                mean: 0.0,
                std: 1.0,
                clipped: false,
            },
            edges: edges.collect(),
            quantiles: Vec::new(),
            indicator: false,
            missing: None,
        }],
        knn_features: Vec::new(),
        imputer: None,
        profile: Vec::new(),
    };
    let rows = fixture.floats("inputs");
    let csv: Vec<String> = rows.iter().map(f32::to_string).collect();
    let csv = std::io::Cursor::new(format!("x\n{}\n", csv.join("\n")));
    let table = Table::from_reader("t.csv", csv, &ReadOptions::default()).unwrap();
    let encoded = encoder.encode(&table).unwrap();
    // The first number is the scaled one.
    let bins: Vec<f32> = encoded
        .chunks(4)
        .flat_map(|row| row[1..].to_vec())
        .collect();
    let shape = [rows.len(), 3];
    let bins = Tensor::<2>::from_data(TensorData::new(bins, shape), &Device::default());
    fixture.assert_outputs(bins);
}

#[test]
fn a_layer_of_tabm() {
    let fixture = Fixture::of("tabm");
    let layer = SharedLinear {
        weight: fixture.param("weight", [4, 3]),
        input_scale: fixture.param("input_scale", [5, 4]),
        output_scale: fixture.param("output_scale", [5, 3]),
        bias: fixture.param("bias", [5, 3]),
    };
    fixture.assert_outputs(layer.forward(fixture.tensor("inputs", [6, 5, 4])));
}

#[test]
fn the_layers_of_realmlp() {
    let fixture = Fixture::of("realmlp");
    let mut network = RealMlpConfig {
        hidden: vec![4],
        activation: Activation::Mish,
        ..RealMlpConfig::new(3, 2)
    }
    .init(&Device::default())
    .unwrap();
    network.scale = fixture.param("scale", [3]);
    network.hidden[0].weight = fixture.param("weight", [3, 4]);
    network.hidden[0].bias = fixture.param("bias", [4]);
    network.blends[0] = fixture.param("blend", [4]);
    network.output.weight = fixture.param("last", [4, 2]);
    network.output.bias = fixture.param("last_bias", [2]);
    fixture.assert_outputs(network.forward(fixture.tensor("inputs", [6, 3])));
}

/// Numbers that look random, and a curve of them.
fn curve() -> TensorDataset {
    let device = Device::default();
    let (rows, columns) = (512, 3);
    let number = |place: usize| ((place * 7919 + 13) % 1009) as f32 / 504.5 - 1.0;
    let inputs: Vec<f32> = (0..rows * columns).map(number).collect();
    let value = |row: &[f32]| (3.0 * row[0]).sin() + row[1] * row[2];
    let values: Vec<f32> = inputs.chunks(columns).map(value).collect();
    let inputs = Tensor::from_data(TensorData::new(inputs, [rows, columns]), &device);
    let values = Tensor::from_data(TensorData::new(values, [rows, 1]), &device);
    TensorDataset::regression(inputs, values)
}

fn learns<N: Network>(network: N) {
    let examples = curve();
    let config = TrainingConfig {
        epochs: 40,
        batch_size: Some(64),
        ..TrainingConfig::default()
    };
    let fitted = fit(network, &examples, None, &config, &mut ()).unwrap();
    // Always predicting the mean has a loss of 0.6.
    assert!(fitted.loss < 0.06, "{}", fitted.loss);
}

#[test]
fn tabm_learns() {
    let device = Device::default();
    device.seed(1);
    let config = TabMConfig {
        members: 4,
        hidden: vec![32, 32],
        dropout: 0.0,
        embedded: 2,
        ..TabMConfig::new(3, 1)
    };
    let network = config.init(&device).unwrap();
    let rows = curve().inputs;
    assert_eq!(network.forward_members(rows.clone()).dims(), [512, 4, 1]);
    assert_eq!(network.forward_heads(rows).dims(), [2048, 1]);
    learns(network);
}

#[test]
fn realmlp_starts_at_unit_scale_and_learns() {
    let device = Device::default();
    device.seed(1);
    let config = RealMlpConfig {
        hidden: vec![32, 32],
        dropout: 0.0,
        embedded: 2,
        ..RealMlpConfig::new(3, 1)
    };
    let rows = curve().inputs;
    let network = config.init(&device).unwrap().fit_to(rows.clone());
    let spread: f32 = network.forward(rows).var_bias(0).sqrt().into_scalar();
    assert!((spread - 1.0).abs() < 1e-3, "{spread}");
    learns(network);
}
