//! Layers of published networks give what the published code gives from the same weights.
//!
//! `fixtures/published.py` wrote what that gave to `fixtures/published.safetensors`.

use backburn_model::{
    Activation, PeriodicEmbedding, PeriodicEmbeddingConfig, RealMlpConfig, SharedLinear,
};
use backburn_tabular::{ColumnEncoder, Encoder, ReadOptions, Scale, Table};
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
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() <= 1e-5, "{}: {a} is not {b}", self.1);
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
            indicator: false,
        }],
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
