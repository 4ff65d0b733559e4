//! One seed gives one model, to the byte.

use std::fs::File;
use std::sync::Arc;

use crate::common::Folder;
use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

const ROWS: usize = 1500;

fn size(row: usize) -> f64 {
    50.0 + ((row * 37) % 1500) as f64 / 7.0
}

fn street(row: usize) -> Option<&'static str> {
    [Some("north"), Some("south"), None, Some("east")][row % 4]
}

fn price(row: usize) -> f64 {
    size(row) * 1000.0 + (row % 4) as f64 * 20_000.5
}

fn csv() -> String {
    let mut csv = "size,street,price\n".to_string();
    for row in 0..ROWS {
        let street = street(row).unwrap_or_default();
        csv += &format!("{},{street},{}\n", size(row), price(row));
    }
    csv
}

fn parquet(folder: &Folder, name: &str) {
    let numbers = |of: fn(usize) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values((0..ROWS).map(of)))
    };
    let streets: ArrayRef = Arc::new(StringArray::from_iter((0..ROWS).map(street)));
    let columns = [
        ("size", numbers(size)),
        ("street", streets),
        ("price", numbers(price)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(folder.path(name)).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The model's file, after training with so many threads.
fn trained(folder: &Folder, threads: usize, settings: &str) -> Vec<u8> {
    let line = format!("train t --target price --seed 3 --set training.epochs=4 {settings}");
    let mut command = folder.command(&line);
    command.env("RAYON_NUM_THREADS", threads.to_string());
    let answer = crate::common::Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let model = folder.read("t.safetensors");
    std::fs::remove_file(folder.path("t.safetensors")).unwrap();
    model
}

#[test]
fn twice_with_one_thread_and_from_parquet() {
    for settings in [
        "",
        "--set network.hidden=[512] --set training.batch_size=512",
        "--set ensemble.members=3 --set ensemble.folds=3",
        "--set network.normalization=batch",
    ] {
        let folder = Folder::new();
        folder.write("t", csv());
        let model = trained(&folder, 2, settings);
        for threads in [2, 1, 3] {
            let again = trained(&folder, threads, settings);
            assert!(again == model, "{threads} threads {settings}");
        }
        std::fs::remove_file(folder.path("t")).unwrap();
        parquet(&folder, "t");
        let again = trained(&folder, 2, settings);
        assert!(again == model, "from Parquet {settings}");
    }
}

/// Numbers and truth values as categories, as pandas writes them into CSV and as Parquet stores them.
#[test]
fn categories_of_numbers_are_the_same_from_parquet() {
    const ROWS: usize = 300;
    let floats = [1e-7, 1e20, 0.1, 2.5, 3.0, -1.5e-300];
    let spelled = ["1e-07", "1e+20", "0.1", "2.5", "3.0", "-1.5e-300"];
    let wholes = [9_007_199_254_740_993_i64, 7, -2];
    let number = |row: usize| (row * 37 % 101) as f64 / 8.0;
    let mut csv = "f,b,i,x,y\n".to_string();
    for row in 0..ROWS {
        let truth = ["True", "False"][row / 3 % 2];
        let (float, whole, x) = (spelled[row % 6], wholes[row / 2 % 3], number(row));
        let y = spelled[row * 5 % 7 % 3];
        csv += &format!("{float},{truth},{whole},{x},{y}\n");
    }
    let column = |of: &dyn Fn(usize) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values((0..ROWS).map(of)))
    };
    let truths = (0..ROWS).map(|row| Some(row / 3 % 2 == 0));
    let ints = (0..ROWS).map(|row| wholes[row / 2 % 3]);
    let columns: [(&str, ArrayRef); 5] = [
        ("f", column(&|row| floats[row % 6])),
        ("b", Arc::new(truths.collect::<BooleanArray>())),
        ("i", Arc::new(Int64Array::from_iter_values(ints))),
        ("x", column(&number)),
        ("y", column(&|row| floats[row * 5 % 7 % 3])),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    for target in [
        "x --categorical f,b,i,y",
        "y --task classification --categorical f,b,i",
    ] {
        let folder = Folder::new();
        folder.write("t", &csv);
        let line =
            format!("train t --target {target} --seed 1 --preset fast --set training.epochs=2");
        folder.done(&line);
        let model = folder.read("t.safetensors");
        let of_csv = folder.done("predict t.safetensors t");
        let file = File::create(folder.path("t")).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let of_parquet = folder.done("predict t.safetensors t");
        assert_eq!(of_csv.stdout, of_parquet.stdout, "{target}");
        assert!(!of_parquet.stderr.contains("note"), "{}", of_parquet.stderr);
        std::fs::remove_file(folder.path("t.safetensors")).unwrap();
        folder.done(&line);
        assert!(folder.read("t.safetensors") == model, "{target}");
    }
}

/// A network that goes through Burn, on each backend: its own bytes twice, and with how many threads. What
/// the backends give differs by rounding.
#[cfg(feature = "ndarray")]
#[test]
fn on_ndarray_twice_and_with_one_thread() {
    let folder = Folder::new();
    folder.write("t", csv());
    for settings in ["", "--set network.normalization=batch"] {
        let on_ndarray = format!("--device ndarray --set network.hidden=[32] {settings}");
        let model = trained(&folder, 2, &on_ndarray);
        for threads in [2, 1] {
            let again = trained(&folder, threads, &on_ndarray);
            assert!(again == model, "{threads} threads {settings}");
        }
    }
}
