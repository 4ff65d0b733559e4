//! The saved model: what comes back is what was saved, and nothing in a file is trusted.

use std::fs;
use std::path::Path;

use backburn::{FORMAT_VERSION, ModelFile, ModelFileError, Predictor, SavedModel};
use backburn_model::{MlpConfig, Normalization};
use backburn_preprocessing::{Predictions, Task};
use backburn_table::TableError;
use backburn_tests::{table, untrained};
use burn::tensor::Device;
use safetensors::SafeTensors;

const CSV: &str = "a,b,c,y\n1,x,2024-01-01,10\n2,y,2024-01-02,20\n,z,2024-02-03,30\n4,x,,50\n";

fn model(task: Task, normalization: Normalization) -> SavedModel {
    let config = MlpConfig::default()
        .with_hidden([8, 8])
        .with_normalization(normalization);
    untrained(&table(CSV), task, &config)
}

fn load(bytes: Vec<u8>) -> Result<SavedModel, ModelFileError> {
    SavedModel::from_bytes("model", bytes, &Device::default())
}

#[test]
fn what_is_loaded_predicts_like_what_was_saved() {
    let device = Device::default();
    let table = table(CSV);
    for task in [Task::Regression, Task::Classification] {
        for normalization in [
            Normalization::None,
            Normalization::Batch,
            Normalization::Layer,
        ] {
            let model = model(task, normalization);
            let bytes = model.to_bytes().unwrap();
            assert_eq!(bytes, model.to_bytes().unwrap(), "one model, one file");
            let loaded = load(bytes).unwrap();
            assert_eq!(loaded.target, model.target);
            let predict = |model| {
                Predictor::new(model, &device)
                    .predict_table(&table)
                    .unwrap()
            };
            let (before, after) = (predict(model), predict(loaded));
            assert_eq!(before, after);
            assert_eq!(before.rows(), 4);
            if let Predictions::Classes {
                classes,
                probabilities,
                ..
            } = before
            {
                assert_eq!(classes, ["10", "20", "30", "50"]);
                let sum: f64 = probabilities[..4].iter().sum();
                assert!((sum - 1.0).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn an_ensemble_predicts_the_mean_of_its_networks_and_is_loaded_as_it_was() {
    let device = Device::default();
    let table = table(CSV);
    let mut ensemble = model(Task::Regression, Normalization::Layer);
    let values = |model: &SavedModel| {
        let predictor = Predictor::new(model.clone(), &device);
        match predictor.predict_table(&table).unwrap() {
            Predictions::Values(values) => values,
            Predictions::Classes { .. } => panic!("numbers"),
        }
    };
    let first = values(&ensemble);
    let other = ensemble.config.clone().with_hidden([5]);
    let further = other.init(&device).unwrap();
    let mut second = ensemble.clone();
    second.network.members = vec![further.clone()];
    let second = values(&second);
    ensemble.network.members.push(further);
    let together = values(&ensemble);
    assert_eq!([first.len(), second.len(), together.len()], [4; 3]);
    for ((a, b), mean) in first.iter().zip(&second).zip(&together) {
        assert!(((a + b) / 2.0 - mean).abs() < 1e-4, "{a} {b} {mean}");
    }
    let loaded = load(ensemble.to_bytes().unwrap()).unwrap();
    let members = loaded.network.members.iter();
    let hidden: Vec<Vec<usize>> = members.map(|mlp| mlp.hidden_units()).collect();
    assert_eq!(hidden, [vec![8, 8], vec![5]]);
    assert_eq!(values(&loaded), together);
}

#[test]
fn a_file_is_replaced_whole_and_only_if_it_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    let model = model(Task::Regression, Normalization::None);
    ModelFile::create(&path).unwrap().write(&model).unwrap();
    let first = fs::read(&path).unwrap();
    // A second run that never gets to write leaves the first one's file.
    drop(ModelFile::create(&path).unwrap());
    assert_eq!(fs::read(&path).unwrap(), first);
    ModelFile::create(&path).unwrap().write(&model).unwrap();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no file is left over"
    );

    // As a program leaves it that is killed while it tries the path.
    fs::write(&path, "").unwrap();
    ModelFile::create(&path).unwrap().write(&model).unwrap();

    let table = folder.path().join("table.csv");
    fs::write(&table, CSV).unwrap();
    let error = ModelFile::create(&table).unwrap_err();
    assert!(matches!(error, ModelFileError::InTheWay { .. }), "{error}");
    let nowhere = folder.path().join("no/such/folder/m.safetensors");
    assert!(matches!(
        ModelFile::create(nowhere),
        Err(ModelFileError::Io { .. })
    ));
}

#[test]
fn a_truncated_file_is_refused_at_every_length() {
    let bytes = model(Task::Regression, Normalization::Batch)
        .to_bytes()
        .unwrap();
    for length in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        let error = load(bytes[..length].to_vec()).unwrap_err();
        assert!(
            matches!(
                error,
                ModelFileError::Foreign { .. } | ModelFileError::Damaged { .. }
            ),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_foreign_file_is_refused() {
    for bytes in [
        &b""[..],
        b"a,b\n1,2\n",
        b"\x1f\x8b\0\0\0\0\0\0\0\0\0",
        &[0xff; 64],
    ] {
        let error = load(bytes.to_vec()).unwrap_err();
        assert!(matches!(error, ModelFileError::Foreign { .. }), "{error}");
    }
    let other = safetensors::serialize(
        [(
            "w",
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], &[0; 4])
                .unwrap(),
        )],
        None,
    );
    let error = load(other.unwrap()).unwrap_err();
    assert!(error.to_string().contains("something else"), "{error}");
}

/// The model's file with its metadata changed.
fn altered(change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let bytes = model(Task::Regression, Normalization::None)
        .to_bytes()
        .unwrap();
    altered_file(bytes, change)
}

/// A file with its metadata changed.
fn altered_file(bytes: Vec<u8>, change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    let mut json = serde_json::from_str(&metadata["backburn"]).unwrap();
    change(&mut json);
    metadata.insert("backburn".to_string(), json.to_string());
    let file = SafeTensors::deserialize(&bytes).unwrap();
    safetensors::serialize(file.tensors(), Some(metadata)).unwrap()
}

/// Gives a model file a scale of errors, which its format version says.
fn set_error_scale(json: &mut serde_json::Value, scale: serde_json::Value) {
    json["target"]["error_scale"] = scale;
    json["format_version"] = (FORMAT_VERSION + 2).into();
}

#[test]
fn altered_metadata_is_refused() {
    load(altered(|_| {})).unwrap();
    type Change = fn(&mut serde_json::Value);
    let changes: [(&str, Change); 32] = [
        ("newer", |json| {
            json["format_version"] = (FORMAT_VERSION + 4).into();
        }),
        ("format of a trend", |json| {
            json["format_version"] = (FORMAT_VERSION + 3).into();
        }),
        ("format of several targets", |json| {
            json["format_version"] = (FORMAT_VERSION + 1).into();
        }),
        ("a scale without knots", |json| {
            set_error_scale(json, serde_json::json!({ "knots": [] }));
        }),
        ("a scale below 0", |json| {
            set_error_scale(
                json,
                serde_json::json!({ "knots": [[0.0, 1.0], [1.0, -1.0]] }),
            );
        }),
        ("a scale that is no number", |json| {
            set_error_scale(
                json,
                serde_json::json!({ "knots": [[0.0, null], [1.0, 1.0]] }),
            );
        }),
        ("a scale that is too large", |json| {
            json["target"]["errors"] = serde_json::json!([1e200]);
            set_error_scale(
                json,
                serde_json::json!({ "knots": [[0.0, 1e200], [1.0, 1.0]] }),
            );
        }),
        ("knots without order", |json| {
            set_error_scale(
                json,
                serde_json::json!({ "knots": [[1.0, 1.0], [0.0, 1.0]] }),
            );
        }),
        ("a knot without a scale", |json| {
            set_error_scale(json, serde_json::json!({ "knots": [[0.0, 1.0], [1.0]] }));
        }),
        ("another scale", |json| {
            set_error_scale(
                json,
                serde_json::json!({ "outputs": [0.0], "scales": [1.0] }),
            );
        }),
        ("unknown field", |json| json["more"] = 1.into()),
        ("missing field", |json| {
            json.as_object_mut().unwrap().remove("target");
        }),
        ("shape", |json| {
            json["network"]["hidden"] = serde_json::json!([8, 9])
        }),
        ("too short", |json| {
            json["network"]["hidden"] = serde_json::json!([30000, 30000])
        }),
        ("parameters", |json| {
            json["network"]["hidden"] = serde_json::json!([4294967295u64, 4294967295u64])
        }),
        ("more parameters", |json| {
            json["network"]["inputs"] = u64::MAX.into();
            json["network"]["embeddings"] =
                serde_json::json!([{ "categories": 1, "dimension": 1 }]);
        }),
        ("does not fit its columns", |json| {
            json["network"]["inputs"] = 3.into()
        }),
        ("does not fit its target", |json| {
            json["network"]["outputs"] = 2.into()
        }),
        ("outputs for one of two targets", |json| {
            let (target, summary) = (json["target"].clone(), json["summary"].clone());
            json["further"] = serde_json::json!([{ "target": target, "summary": summary }]);
            json["format_version"] = (FORMAT_VERSION + 1).into();
        }),
        ("target's scale", |json| json["target"]["std"] = 0.into()),
        ("cannot be encoded", |json| {
            json["encoder"]["columns"][0]["scale"]["std"] = (-1).into()
        }),
        ("date without parts cannot be encoded", |json| {
            json["encoder"]["columns"].as_array_mut().unwrap().insert(
                0,
                serde_json::json!({
                    "kind": "date", "name": "d", "parts": [], "indicator": false
                }),
            );
        }),
        ("no network", |json| json["members"] = 0.into()),
        ("too few networks", |json| json["members"] = 2.into()),
        ("too many networks", |json| {
            json["members"] = u64::MAX.into()
        }),
        ("layers of two networks for one", |json| {
            json["hidden"] = serde_json::json!([[8, 8], [8, 8]])
        }),
        ("other layers", |json| {
            json["hidden"] = serde_json::json!([[8, 9]])
        }),
        ("layers of many", |json| {
            json["hidden"] = serde_json::json!([[4294967295u64, 4294967295u64]])
        }),
        ("bounds", |json| {
            json["target"]["bounds"] = serde_json::json!([2.0, 1.0])
        }),
        ("errors", |json| {
            json["target"]["errors"] = serde_json::json!([-1.0])
        }),
        ("a scale that is to be found out", |json| {
            json["target"]["scale"] = "auto".into()
        }),
        ("no such activation", |json| {
            json["network"]["activation"] = "evil".into()
        }),
    ];
    for (what, change) in changes {
        let error = load(altered(change)).unwrap_err();
        match what {
            "newer" => assert!(matches!(error, ModelFileError::Newer { .. }), "{error}"),
            _ => assert!(
                matches!(error, ModelFileError::Damaged { .. }),
                "{what}: {error}"
            ),
        }
    }
}

/// The format version of a file.
fn version(bytes: &[u8]) -> serde_json::Value {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata["backburn"]).unwrap();
    metadata["format_version"].clone()
}

#[test]
fn only_files_whose_intervals_depend_on_the_row_have_the_version_of_these() {
    let plain = model(Task::Regression, Normalization::None);
    let bytes = plain.to_bytes().unwrap();
    assert_eq!(version(&bytes), FORMAT_VERSION);
    assert!(!String::from_utf8_lossy(&bytes).contains("error_scale"));
    let scaled = |version: u64| {
        altered(|json| {
            json["format_version"] = version.into();
            json["target"]["errors"] = serde_json::json!([1.5]);
            json["target"]["error_scale"] =
                serde_json::json!({ "knots": [[-1.0, 0.5], [1.0, 2.0]] });
        })
    };
    let loaded = load(scaled(9)).unwrap();
    let intervals = loaded.target.intervals(&[-1.0, 0.0, 1.0], 0.5).unwrap();
    let widths: Vec<f64> = intervals.iter().map(|[low, high]| high - low).collect();
    for (width, scale) in widths.iter().zip([0.5, 1.25, 2.0]) {
        let expected = widths[2] / 2.0 * scale;
        assert!((width - expected).abs() < 1e-9 * expected, "{widths:?}");
    }
    let bytes = loaded.to_bytes().unwrap();
    assert_eq!(version(&bytes), 9);
    assert_eq!(load(bytes).unwrap().target, loaded.target);
    let error = load(scaled(11)).unwrap_err();
    assert!(matches!(error, ModelFileError::Newer { .. }), "{error}");
    let error = load(altered(|json| json["format_version"] = 9.into())).unwrap_err();
    assert!(
        matches!(error, ModelFileError::Damaged { .. }),
        "without a scale: {error}"
    );
}

#[test]
fn a_file_with_a_trend_has_a_version_of_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/models");
    // Files with a trend were written with the version of other files at first.
    let bytes = fs::read(folder.join("version-7-trend.safetensors")).unwrap();
    let of_version = |version: u64| {
        altered_file(bytes.clone(), |json| {
            json["format_version"] = version.into()
        })
    };
    for older in [FORMAT_VERSION, 10] {
        let model = load(of_version(older)).unwrap();
        assert_eq!(model.encoder.trend(), Some("built"));
        let saved = model.to_bytes().unwrap();
        assert_eq!(version(&saved), 10);
        assert_eq!(load(saved).unwrap().encoder, model.encoder);
    }
    let error = load(of_version(11)).unwrap_err();
    assert!(matches!(error, ModelFileError::Newer { .. }), "{error}");
    for other in [8, 9] {
        let error = load(of_version(other)).unwrap_err();
        assert!(matches!(error, ModelFileError::Damaged { .. }), "{error}");
    }
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let mut bytes = model(Task::Regression, Normalization::None)
        .to_bytes()
        .unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = load(bytes).unwrap_err().to_string();
    assert!(error.contains("no numbers"), "{error}");
}

#[test]
fn a_flipped_byte_is_refused_or_still_predicts() {
    let table = table(CSV);
    let device = Device::default();
    let bytes = model(Task::Regression, Normalization::None)
        .to_bytes()
        .unwrap();
    let (mut refused, mut predicted) = (0, 0);
    for place in (0..bytes.len()).step_by(13) {
        let mut bytes = bytes.clone();
        bytes[place] ^= 0x55;
        match load(bytes) {
            Err(error) => {
                let fits = matches!(
                    error,
                    ModelFileError::Foreign { .. } | ModelFileError::Damaged { .. }
                );
                assert!(fits, "{place}: {error}");
                refused += 1;
            }
            Ok(model) => match Predictor::new(model, &device).predict_table(&table) {
                Ok(predictions) => {
                    assert_eq!(predictions.rows(), table.rows(), "{place}");
                    predicted += 1;
                }
                // The byte is in the name of a column.
                Err(error) => assert!(
                    matches!(error, TableError::NoColumn { .. }),
                    "{place}: {error}"
                ),
            },
        }
    }
    // The file is mostly its header; the weights are a tenth of it or more.
    assert!(refused > 50, "{refused} refused, {predicted} predicted");
    assert!(predicted > 20, "{refused} refused, {predicted} predicted");
}
