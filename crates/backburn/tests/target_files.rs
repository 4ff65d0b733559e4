//! Files of models of several targets: what contradicts itself is damaged.

#![cfg(feature = "train")]

use std::io::Cursor;

use backburn::{
    Config, Estimator, FitContext, ModelFileError, MultiTargetDataset, Preset, ReadOptions,
    SavedModel, SavedTargets, Table,
};
use burn::tensor::Device;
use safetensors::SafeTensors;
use serde_json::{Value, json};

/// The file of a small model of these targets: two numbers and three classes.
fn file(targets: &[&str]) -> Vec<u8> {
    let mut csv = "x,price,rent,kind\n".to_string();
    for row in 0..60 {
        let x = row * 37 % 61;
        let kind = ["flat", "house", "tower"][row * 7 % 11 % 3];
        csv += &format!("{x}.5,{}.5,{}.25,{kind}\n", x * x, 90 - x);
    }
    let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap();
    let data = MultiTargetDataset::new(table, targets, &Default::default()).unwrap();
    let mut config = Config::preset(Preset::Fast);
    config.network.hidden = vec![4];
    config.training.epochs = 1;
    let model = Estimator::new(config).fit_targets(&data, &FitContext::default());
    model.unwrap().saved().to_bytes().unwrap()
}

/// The file with other metadata.
fn altered(bytes: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    let mut json: Value = serde_json::from_str(&metadata["backburn"]).unwrap();
    change(&mut json);
    metadata.insert("backburn".to_string(), json.to_string());
    let file = SafeTensors::deserialize(bytes).unwrap();
    safetensors::serialize(file.tensors(), Some(metadata)).unwrap()
}

/// Why the file is damaged.
fn damage(bytes: Vec<u8>) -> String {
    let device = Device::default();
    let error = SavedTargets::from_bytes("m", bytes.clone(), &device).unwrap_err();
    assert!(matches!(error, ModelFileError::Damaged { .. }), "{error}");
    let reason = error.to_string();
    let alone = SavedModel::from_bytes("m", bytes, &device).unwrap_err();
    assert_eq!(alone.to_string(), reason);
    reason
}

#[test]
fn the_version_of_a_file_says_how_many_targets_it_has() {
    let several = file(&["price", "kind"]);
    let device = Device::default();
    let same = altered(&several, |json| {
        assert_eq!(json["format_version"], 8);
    });
    assert!(SavedTargets::from_bytes("m", same, &device).is_ok());
    for version in [1, 7] {
        let other = altered(&several, |json| json["format_version"] = version.into());
        let expected = format!("files of format {version} have one target, and it has several");
        assert!(damage(other).contains(&expected), "{version}");
    }
    let one = file(&["price"]);
    let other = altered(&one, |json| {
        assert_eq!(json["format_version"], 7);
        json["format_version"] = 8.into();
    });
    assert!(damage(other).contains("files of format 8 have several targets, and it has one"));
}

#[test]
fn further_targets_that_do_not_fit_are_damage() {
    let several = file(&["price", "kind", "rent"]);
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 9] = [
        (|json| json["further"] = json!([]), "and it has one"),
        (
            |json| {
                json.as_object_mut().unwrap().remove("further");
            },
            "and it has one",
        ),
        // Fewer targets than the network has outputs for, or more.
        (
            |json| {
                json["further"].as_array_mut().unwrap().pop();
            },
            "its network does not fit its target",
        ),
        (
            |json| json["network"]["outputs"] = 6.into(),
            "its network does not fit its target",
        ),
        (
            |json| {
                let classes = &mut json["further"][0]["target"]["classes"];
                classes.as_array_mut().unwrap().pop();
            },
            "its network does not fit its target",
        ),
        // A further class and an output for it, which the weights do not have.
        (
            |json| {
                json["network"]["outputs"] = 6.into();
                let classes = &mut json["further"][0]["target"]["classes"];
                classes.as_array_mut().unwrap().push("villa".into());
            },
            "shape",
        ),
        (
            |json| {
                let further = json["further"][1].as_object_mut().unwrap();
                further.remove("target");
            },
            "missing field `target`",
        ),
        (
            |json| {
                let further = json["further"][1].as_object_mut().unwrap();
                further.remove("summary");
            },
            "missing field `summary`",
        ),
        (
            |json| {
                let memory = json!({ "remember": { "replay": 10 }, "tasks": [] });
                json["further"][1]["summary"]["memory"] = memory;
            },
            "it remembers the rows of one target, and has several",
        ),
    ];
    for (change, reason) in changes {
        let found = damage(altered(&several, change));
        assert!(found.contains(reason), "no {reason:?} in {found}");
    }
}

#[test]
fn some_of_the_targets_are_loaded_by_their_names() {
    let device = Device::default();
    let bytes = file(&["price", "kind", "rent"]);
    let load = |names: &str| {
        let all = SavedTargets::from_bytes("m", bytes.clone(), &device).unwrap();
        let models = all.into_targets(names)?.into_iter();
        let columns = models.map(|model| model.target.column().to_string());
        Ok::<Vec<String>, ModelFileError>(columns.collect())
    };
    assert_eq!(load("rent,price").unwrap(), ["rent", "price"]);
    assert_eq!(load("kind").unwrap(), ["kind"]);
    let error = load("price,x").unwrap_err().to_string();
    assert_eq!(
        error,
        "m: this model does not predict `x`, but `price`, `kind`, `rent`"
    );
}
