//! What is done with bytes that nobody vouches for: the fuzz targets, and their short runs in the tests.
//! Each may refuse them, and none may panic, hang or allocate what the bytes claim. Each says whether the
//! bytes are what they should be, so that a test sees that not everything is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use backburn::{Predictor, Preset, SavedModel, SavedTargets, Settings};
use backburn_model::MlpConfig;
use backburn_preprocessing::{Encoder, EncoderOptions, Target, Task};
use backburn_table::{ReadOptions, Schema, Table, TableReader};
use backburn_training::{
    Callback, Checkpoint, EpochReport, History, StopReason, TensorDataset, TrainingConfig,
    TrainingState, fit, resume,
};
use burn::tensor::{Device, Tensor};

use crate::{table, untrained};

/// A table with a column of each kind.
pub const CSV: &str = "a,b,c,y\n1,x,2024-01-01,10\n2,y,2024-01-02,20\n,z,2024-02-03,30\n4,x,,50\n";

/// JSON lines with values of each type.
const JSON: &str = "{\"a\": 1.5, \"b\": \"x\", \"c\": true, \"y\": 10}\n\
    {\"a\": null, \"b\": \"y\\n\", \"c\": false, \"y\": 12345678901234567890}\n{\"d\": [1, {}]}\n";

fn model_of_table() -> SavedModel {
    let config = MlpConfig::default().with_hidden([3]);
    untrained(&table(CSV), Task::Regression, &config)
}

/// Models of the current format, and of each version so far with all that they may hold.
fn models() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models");
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|ending| ending == "safetensors")
    });
    files.sort();
    let kept = files.iter().map(|file| fs::read(file).unwrap());
    [model_of_table().to_bytes().unwrap()]
        .into_iter()
        .chain(kept)
        .collect()
}

fn rows() -> TensorDataset {
    let device = Device::default();
    let inputs = Tensor::<2>::from_floats([[0., 0.], [0., 1.], [1., 0.], [1., 1.]], &device);
    TensorDataset::regression(inputs.clone(), inputs.sum_dim(1))
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
    /// What is done with the bytes; returned is whether they are what they should be.
    pub run: fn(&[u8]) -> bool,
    /// Bytes that are what they should be, at least one.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [FuzzTarget; 9] = [
    FuzzTarget {
        name: "arrow",
        run: arrow,
        seeds: || [true, false].map(arrow_of_table).to_vec(),
    },
    FuzzTarget {
        name: "json",
        run: json,
        seeds: || {
            vec![
                JSON.into(),
                b"[{\"a\":1,\"y\":2},{\"a\":3,\"y\":[]}]".to_vec(),
            ]
        },
    },
    FuzzTarget {
        name: "workbook",
        run: workbook,
        seeds: || vec![include_bytes!("../../crates/table/tests/data/tiny.xlsx").to_vec()],
    },
    FuzzTarget {
        name: "model",
        run: model,
        seeds: models,
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
            let presets = Preset::ALL.map(|preset| preset.file().as_bytes().to_vec());
            [training.into_bytes(), network.into_bytes()]
                .into_iter()
                .chain(presets)
                .collect()
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

/// A saved model, and predictions from it. True if it is a model.
pub fn model(bytes: &[u8]) -> bool {
    let device = Device::default();
    let Ok(targets) = SavedTargets::from_bytes("bytes", bytes.to_vec(), &device) else {
        return false;
    };
    let table = table(CSV);
    for model in targets.into_models() {
        let predictor = Predictor::new(model, &device);
        // The names of its columns may be others.
        match predictor.predict_table(&table) {
            Ok(predictions) => assert_eq!(predictions.rows(), table.rows()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        match predictor.intervals_of_table(&table, 0.8) {
            Ok(intervals) => assert!(intervals.is_none_or(|rows| rows.len() == table.rows())),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    true
}

/// The fuzzer ends the process at any panic. Panics of the Parquet decoder that the library catches are no
/// faults: they become errors.
pub fn allow_caught_panics() {
    let fuzzer = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !backburn_table::panic_is_caught() {
            fuzzer(info);
        }
    }));
}

/// A checkpoint, and training from it. True if it is a checkpoint that training goes on from.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let checked = Checkpoint::from_bytes(bytes);
    let Ok(checkpoint) = Checkpoint::from_unchecked_bytes(bytes) else {
        assert!(checked.is_err(), "what passes the check is a checkpoint");
        return false;
    };
    let mut resumed = false;
    for fused in [true, false] {
        let network = MlpConfig::new(2, 1).with_hidden([3]);
        let network = network.init(&Device::default()).unwrap();
        let mut history = History::default();
        let settings = TrainingConfig {
            fused,
            ..settings()
        };
        let checkpoint = checkpoint.clone();
        resumed |= resume(checkpoint, network, &rows(), None, &settings, &mut history).is_ok();
    }
    resumed
}

fn checkpoints() -> Vec<Vec<u8>> {
    struct Keeping(Vec<Vec<u8>>);
    impl Keeping {
        fn keep(&mut self, session: &dyn TrainingState) {
            let checkpoint = session.checkpoint();
            self.0
                .extend(checkpoint.map(|checkpoint| checkpoint.to_bytes()));
        }
    }
    impl Callback for Keeping {
        fn on_batch_end(&mut self, session: &dyn TrainingState) -> ControlFlow<()> {
            self.keep(session);
            ControlFlow::Continue(())
        }

        fn on_fit_end(
            &mut self,
            session: &dyn TrainingState,
            _: StopReason,
            _: Option<&EpochReport>,
        ) {
            self.keep(session);
        }
    }
    let mut keeping = Keeping(Vec::new());
    let device = Device::default();
    device.seed(1);
    for fused in [true, false] {
        let network = MlpConfig::new(2, 1).with_hidden([3]);
        let network = network.init(&device).unwrap();
        let settings = TrainingConfig {
            fused,
            ..settings()
        };
        fit(network, &rows(), None, &settings, &mut keeping).unwrap();
    }
    keeping.0.into_iter().step_by(2).collect()
}

/// A config file, and its sections alone. True if the text is one of them.
pub fn config(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut is_one = false;
    match Settings::new().toml(text) {
        Ok(settings) => {
            is_one = true;
            if let Err(error) = settings.over(Preset::Default) {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(training) = toml::from_str::<TrainingConfig>(text)
        && training.validate().is_ok()
    {
        is_one = true;
        let written = toml::to_string(&training).unwrap();
        assert_eq!(
            toml::from_str::<TrainingConfig>(&written).unwrap(),
            training
        );
        if let Err(reason) = training.schedule.init(1e-3, training.epochs, 3) {
            assert!(!reason.is_empty());
        }
    }
    if let Ok(network) = toml::from_str::<MlpConfig>(text) {
        is_one = true;
        if let Err(error) = network.validate() {
            assert!(!error.to_string().is_empty());
        }
    }
    is_one
}

/// A CSV file, from reading to encoded rows. True if it is a table.
pub fn csv(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"PAR1") {
        return false;
    }
    let rows = whole_table(bytes);
    let options = ReadOptions {
        skip_bad_rows: true,
        ..ReadOptions::default()
    };
    let (mut read, mut failed) = (0, 0);
    match TableReader::from_reader("bytes", Cursor::new(bytes.to_vec()), &options) {
        Ok(reader) => {
            for batch in reader {
                // Bad rows are skipped, and only a stream that is no text at all fails.
                match batch {
                    Ok(batch) => read += batch.num_rows(),
                    Err(_) => failed += 1,
                }
            }
        }
        Err(_) => failed += 1,
    }
    let Some(rows) = rows else {
        return false;
    };
    assert_eq!((read, failed), (rows, 0), "a whole table has no bad row");
    true
}

/// A Parquet file, from reading to encoded rows. True if it is a table.
pub fn parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1") && whole_table(bytes).is_some()
}

/// An Arrow IPC file or stream. True if it is a table.
pub fn arrow(bytes: &[u8]) -> bool {
    let is_arrow = bytes.starts_with(b"ARROW1") || bytes.starts_with(&[0xff; 4]);
    is_arrow && whole_table(bytes).is_some()
}

/// JSON lines. True if they are a table.
pub fn json(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'{' | b'[')) && whole_table(bytes).is_some()
}

/// An Excel workbook. True if it has a table.
pub fn workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") && whole_table(bytes).is_some()
}

/// Reads a table and learns from it; returned is the number of its rows, if it is a table.
fn whole_table(bytes: &[u8]) -> Option<usize> {
    let bytes = Cursor::new(bytes.to_vec());
    let table = Table::from_reader("bytes", bytes, &ReadOptions::default()).ok()?;
    table.fingerprint().unwrap();
    let Ok(schema) = Schema::infer(&table, &BTreeMap::new()) else {
        return Some(table.rows());
    };
    let rows: Vec<usize> = (0..table.rows()).collect();
    let names: Vec<String> = table.columns().map(str::to_string).collect();
    let target = names.last().unwrap();
    for task in [Task::Regression, Task::Classification] {
        match Target::fit(&table, target, task, &rows, &rows) {
            Ok(Target::Regression { mean, std, .. }) => {
                assert!(mean.is_finite() && std.is_finite() && std > 0.0);
            }
            Ok(Target::Classification { classes, .. }) => assert!(classes.len() >= 2),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let options = EncoderOptions::default();
    if let Ok((encoder, _)) = Encoder::fit(&table, &schema, &[target.as_str()], &rows, &options)
        && let Ok(encoded) = encoder.encode(&table)
    {
        assert_eq!(encoded.len(), rows.len() * encoder.width());
        assert!(encoded.iter().all(|x| x.is_finite()));
    }
    Some(table.rows())
}

/// A table to predict from. True if it can be predicted from.
pub fn prediction(bytes: &[u8]) -> bool {
    static PREDICTOR: OnceLock<Predictor> = OnceLock::new();
    let predictor = PREDICTOR.get_or_init(|| Predictor::new(model_of_table(), &Device::default()));
    let bytes = Cursor::new(bytes.to_vec());
    let Ok(table) = Table::from_reader("bytes", bytes, &ReadOptions::default()) else {
        return false;
    };
    match predictor.predict_table(&table) {
        Ok(predictions) => {
            assert_eq!(predictions.rows(), table.rows());
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

/// With dictionaries, or packed.
fn arrow_of_table(is_stream: bool) -> Vec<u8> {
    use arrow_ipc::CompressionType;
    use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

    let table = table(CSV);
    let batch = &table.batches()[0];
    let mut bytes = Vec::new();
    match is_stream {
        true => {
            let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
            writer.write(batch).unwrap();
            writer.finish().unwrap();
        }
        false => {
            let options = IpcWriteOptions::default();
            let options = options.try_with_compression(Some(CompressionType::ZSTD));
            let writer =
                FileWriter::try_new_with_options(&mut bytes, &batch.schema(), options.unwrap());
            let mut writer = writer.unwrap();
            writer.write(batch).unwrap();
            writer.finish().unwrap();
        }
    }
    bytes
}

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
