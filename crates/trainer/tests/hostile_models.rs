//! A model file is refused in one sentence, and without allocating what it claims.

#![cfg(target_os = "linux")]

use std::path::Path;

use crate::common::{Answer, Folder, QUICK, houses};
use serde_json::{Value, json};

/// A model's header and the numbers behind it.
fn parts(bytes: &[u8]) -> (Value, Vec<u8>) {
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    (serde_json::from_slice(header).unwrap(), data.to_vec())
}

fn file(header: &[u8], data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [length.as_slice(), header, data].concat()
}

/// The model with another header.
fn altered(model: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let (mut header, data) = parts(model);
    change(&mut header);
    file(header.to_string().as_bytes(), &data)
}

/// The model with other metadata.
fn other_metadata(model: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    altered(model, |header| {
        let text = header["__metadata__"]["backburn"].as_str().unwrap();
        let mut metadata: Value = serde_json::from_str(text).unwrap();
        change(&mut metadata);
        header["__metadata__"]["backburn"] = metadata.to_string().into();
    })
}

/// Runs a command with little memory, so that nothing large can be allocated.
fn with_little_memory(folder: &Folder, line: &str) -> Answer {
    let program = env!("CARGO_BIN_EXE_trainer");
    let script = format!("ulimit -v 1500000; exec {program} {line}");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(folder.path("."));
    Answer::new(command.output().unwrap())
}

/// Found by fuzzing: a page of 16 bytes says that it is a dictionary of hundreds of millions of numbers, in
/// more digits than a number has.
#[test]
fn a_hostile_table_is_refused_cheaply() {
    let folder = Folder::new();
    let file = "../../tests/fixtures/fuzzing/parquet/dictionary-of-many";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::copy(file, folder.path("t.parquet")).unwrap();
    let answer = with_little_memory(&folder, "train t.parquet --target y");
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    let expected = "t.parquet: the Parquet file is damaged: a page of column `a` has no header";
    assert!(answer.stderr.contains(expected), "{}", answer.stderr);
}

#[test]
fn hostile_files_are_refused_cheaply() {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    let model = folder.read("t.safetensors");
    let answer = with_little_memory(&folder, "predict t.safetensors t.csv");
    assert_eq!(answer.code, 0, "{}", answer.stderr);

    let (_, data) = parts(&model);
    let tensor = "hidden.0.weight";
    let deep = "[".repeat(1_000_000);
    let bomb = format!(
        "{{\"__metadata__\":{{\"backburn\":\"{}\"}}}}",
        "a".repeat(50_000_000)
    );
    let many: String = (0..200_000)
        .map(|n| format!("\"t{n}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}},"))
        .collect();
    let many = format!("{{{}\"__metadata__\":{{}}}}", many);
    let files = [
        (
            "huge length",
            [&u64::MAX.to_le_bytes(), &model[8..]].concat(),
        ),
        (
            "length beyond the file",
            [&(1u64 << 30).to_le_bytes(), &model[8..]].concat(),
        ),
        (
            "huge shape",
            altered(&model, |h| {
                h[tensor]["shape"] = json!([1u64 << 40, 1u64 << 20])
            }),
        ),
        (
            "overflowing shape",
            altered(&model, |h| h[tensor]["shape"] = json!([u64::MAX, u64::MAX])),
        ),
        (
            "negative offsets",
            altered(&model, |h| h[tensor]["data_offsets"] = json!([-4, 0])),
        ),
        (
            "backward offsets",
            altered(&model, |h| h[tensor]["data_offsets"] = json!([64, 0])),
        ),
        (
            "offsets beyond",
            altered(&model, |h| {
                h[tensor]["data_offsets"] = json!([0, 1u64 << 50])
            }),
        ),
        (
            "overlapping tensors",
            altered(&model, |h| {
                h[tensor]["data_offsets"] = h["hidden.0.bias"]["data_offsets"].clone();
            }),
        ),
        (
            "another kind of number",
            altered(&model, |h| h[tensor]["dtype"] = json!("I32")),
        ),
        (
            "a tensor too many",
            altered(&model, |h| {
                h["more"] = json!({"dtype": "F32", "shape": [0], "data_offsets": [0, 0]});
            }),
        ),
        ("deep JSON", file(deep.as_bytes(), &data)),
        (
            "deep metadata",
            altered(&model, |h| {
                h["__metadata__"]["backburn"] = deep.clone().into()
            }),
        ),
        ("metadata bomb", file(bomb.as_bytes(), &[])),
        ("many tensors", file(many.as_bytes(), &[])),
        ("NaN weights", {
            let mut bytes = model.clone();
            let end = bytes.len();
            bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
            bytes
        }),
        (
            "a wide network",
            other_metadata(&model, |m| {
                m["network"]["hidden"] = json!([4_000_000_000u64, 4_000_000_000u64]);
            }),
        ),
        (
            "a network of no size",
            other_metadata(&model, |m| {
                m["network"]["hidden"] = json!([u64::MAX, 2]);
            }),
        ),
        (
            "many layers",
            other_metadata(&model, |m| {
                m["network"]["hidden"] = json!(vec![1; 2_000_000]);
            }),
        ),
        (
            "many members",
            other_metadata(&model, |m| m["members"] = json!(1u64 << 60)),
        ),
        (
            "a large embedding",
            other_metadata(&model, |m| {
                m["network"]["embeddings"] =
                    json!([{"categories": 1u64 << 60, "dimension": 1u64 << 60}]);
            }),
        ),
        (
            "another schema",
            other_metadata(&model, |m| {
                m["encoder"]["columns"].as_array_mut().unwrap().pop();
            }),
        ),
        (
            "an infinite calibration",
            other_metadata(&model, |m| m["target"]["errors"] = json!([1e308, 1e308])),
        ),
        (
            "a calibration that is no number",
            other_metadata(&model, |m| m["target"]["errors"] = json!([0.5, null])),
        ),
        (
            "another version",
            other_metadata(&model, |m| m["format_version"] = json!(1u64 << 40)),
        ),
        (
            "a path for a name",
            other_metadata(&model, |m| {
                m["target"]["kind"] = json!("/etc/passwd");
            }),
        ),
    ];
    for (what, bytes) in files {
        folder.write("x.safetensors", bytes);
        for line in ["predict x.safetensors t.csv", "inspect x.safetensors"] {
            let answer = with_little_memory(&folder, line);
            assert_eq!(
                answer.code, 1,
                "{what}: {line}: {}{}",
                answer.stdout, answer.stderr
            );
            let message = answer.stderr.trim_end();
            assert!(
                message.starts_with("error: x.safetensors"),
                "{what}: {message}"
            );
            assert!(
                !message.contains('\n') && message.len() < 400,
                "{what}: {message}"
            );
        }
    }
    // The model that training would replace is looked at as well.
    folder.write("t.safetensors", file(deep.as_bytes(), &data));
    folder.refused(
        &format!("train t.csv --target price {QUICK}"),
        1,
        &["t.safetensors"],
    );
}
