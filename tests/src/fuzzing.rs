//! What is done with bytes that nobody vouches for: the fuzz targets, and their short runs in the tests.
//! Each may refuse them, and none may panic, hang or allocate what the bytes claim.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::OnceLock;

use backburn_model::MlpConfig;
use backburn_tabular::{
    Encoder, EncoderOptions, Predictor, ReadOptions, SavedModel, Schema, Table, TableReader,
    Target, Task,
};
use backburn_training::{
    Checkpoint, Examples, History, Observer, StopReason, TrainingConfig, fit, resume,
};
use burn::tensor::{Device, Tensor};

use crate::{table, untrained};

/// A table with a column of each kind.
pub const CSV: &str = "a,b,c,y\n1,x,2024-01-01,10\n2,y,2024-01-02,20\n,z,2024-02-03,30\n4,x,,50\n";

fn model_of_table() -> SavedModel {
    let config = MlpConfig::default().with_hidden([3]);
    untrained(&table(CSV), Task::Regression, &config)
}

fn rows() -> Examples {
    let device = Device::default();
    let inputs = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &device);
    Examples::regression(inputs.clone(), inputs.sum_dim(1))
}

fn settings() -> TrainingConfig {
    TrainingConfig {
        epochs: 3,
        batch_size: Some(2),
        ..TrainingConfig::default()
    }
}

/// A target: its name, what it does, and bytes to start from.
pub struct FuzzTarget {
    /// As the file of the fuzz target is called.
    pub name: &'static str,
    /// What is done with the bytes.
    pub run: fn(&[u8]),
    /// Bytes that are what they should be.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [FuzzTarget; 6] = [
    FuzzTarget {
        name: "model",
        run: model,
        seeds: || vec![model_of_table().to_bytes().unwrap()],
    },
    FuzzTarget {
        name: "checkpoint",
        run: checkpoint,
        seeds: checkpoints,
    },
    FuzzTarget {
        name: "config",
        run: config,
        seeds: || {
            let training = toml::to_string(&TrainingConfig::default()).unwrap();
            let network = toml::to_string(&MlpConfig::default()).unwrap();
            vec![training.into_bytes(), network.into_bytes()]
        },
    },
    FuzzTarget {
        name: "csv",
        run: csv,
        seeds: || vec![CSV.into(), b"x;\"y \"\"z\"\"\"\n1;\"a\nb\"\n".to_vec()],
    },
    FuzzTarget {
        name: "parquet",
        run: parquet,
        seeds: || [true, false].map(parquet_of_table).to_vec(),
    },
    FuzzTarget {
        name: "prediction",
        run: prediction,
        seeds: || vec![CSV.into()],
    },
];

/// A saved model, and predictions from it.
pub fn model(bytes: &[u8]) {
    let device = Device::default();
    let Ok(model) = SavedModel::from_bytes("bytes", bytes.to_vec(), &device) else {
        return;
    };
    let _ = Predictor::new(model, &device).predict_table(&table(CSV));
}

/// A checkpoint, and training from it.
pub fn checkpoint(bytes: &[u8]) {
    let _ = Checkpoint::from_bytes(bytes);
    let Ok(checkpoint) = Checkpoint::from_unchecked_bytes(bytes) else {
        return;
    };
    let network = MlpConfig::new(2, 1).with_hidden([3]);
    let network = network.init(&Device::default()).unwrap();
    let mut history = History::default();
    let settings = TrainingConfig {
        fused: bytes.len().is_multiple_of(2),
        ..settings()
    };
    let _ = resume(checkpoint, network, &rows(), None, &settings, &mut history);
}

fn checkpoints() -> Vec<Vec<u8>> {
    struct Keeping(Vec<Vec<u8>>);
    impl Observer for Keeping {
        fn checkpoint_due(&mut self, _: Option<StopReason>) -> bool {
            true
        }
        fn on_checkpoint(&mut self, checkpoint: Checkpoint) {
            self.0.push(checkpoint.to_bytes());
        }
    }
    let mut keeping = Keeping(Vec::new());
    for fused in [true, false] {
        let network = MlpConfig::new(2, 1).with_hidden([3]);
        let network = network.init(&Device::default()).unwrap();
        let settings = TrainingConfig {
            fused,
            ..settings()
        };
        fit(network, &rows(), None, &settings, &mut keeping).unwrap();
    }
    keeping.0.into_iter().step_by(2).collect()
}

/// The sections of a config file.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(training) = toml::from_str::<TrainingConfig>(text)
        && training.validate().is_ok()
    {
        let written = toml::to_string(&training).unwrap();
        assert_eq!(
            toml::from_str::<TrainingConfig>(&written).unwrap(),
            training
        );
        let _ = training.schedule.init(1e-3, training.epochs, 3);
    }
    if let Ok(network) = toml::from_str::<MlpConfig>(text) {
        let _ = network.validate();
    }
}

/// A CSV file, from reading to encoded rows.
pub fn csv(bytes: &[u8]) {
    if bytes.starts_with(b"PAR1") {
        return;
    }
    whole_table(bytes);
    let options = ReadOptions {
        skip_bad_rows: true,
        ..ReadOptions::default()
    };
    if let Ok(reader) = TableReader::from_reader("bytes", Cursor::new(bytes.to_vec()), &options) {
        for batch in reader {
            // Bad rows are left out, and only a stream that is none fails.
            let _ = batch;
        }
    }
}

/// A Parquet file, from reading to encoded rows.
pub fn parquet(bytes: &[u8]) {
    if bytes.starts_with(b"PAR1") {
        whole_table(bytes);
    }
}

fn whole_table(bytes: &[u8]) {
    let bytes = Cursor::new(bytes.to_vec());
    let Ok(table) = Table::from_reader("bytes", bytes, &ReadOptions::default()) else {
        return;
    };
    table.fingerprint().unwrap();
    let Ok(schema) = Schema::infer(&table, &BTreeMap::new()) else {
        return;
    };
    let rows: Vec<usize> = (0..table.rows()).collect();
    let names: Vec<String> = table.columns().map(str::to_string).collect();
    let target = names.last().unwrap();
    for task in [Task::Regression, Task::Classification] {
        let _ = Target::fit(&table, target, task, &rows, &rows);
    }
    let options = EncoderOptions::default();
    if let Ok((encoder, _)) = Encoder::fit(&table, &schema, &[target.as_str()], &rows, &options) {
        let encoded = encoder.encode(&table);
        assert!(encoded.is_err() || encoded.unwrap().iter().all(|x| x.is_finite()));
    }
}

/// A table to predict from.
pub fn prediction(bytes: &[u8]) {
    static PREDICTOR: OnceLock<Predictor> = OnceLock::new();
    let predictor = PREDICTOR.get_or_init(|| Predictor::new(model_of_table(), &Device::default()));
    let bytes = Cursor::new(bytes.to_vec());
    let Ok(table) = Table::from_reader("bytes", bytes, &ReadOptions::default()) else {
        return;
    };
    if let Ok(predictions) = predictor.predict_table(&table) {
        assert_eq!(predictions.rows(), table.rows());
    }
}

/// With dictionaries, or packed.
fn parquet_of_table(dictionaries: bool) -> Vec<u8> {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Float64Array, Int32Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;

    let batch = RecordBatch::try_from_iter([
        (
            "a",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(-2.0)])) as _,
        ),
        (
            "b",
            Arc::new(StringArray::from(vec![Some("x"), Some("y"), None])) as _,
        ),
        (
            "c",
            Arc::new(BooleanArray::from(vec![true, false, true])) as _,
        ),
        ("y", Arc::new(Int32Array::from(vec![1, 2, 3])) as _),
    ]);
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let properties = WriterProperties::builder().set_dictionary_enabled(dictionaries);
    let properties = match dictionaries {
        true => properties,
        false => properties.set_compression(Compression::SNAPPY),
    };
    let mut writer =
        ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}
