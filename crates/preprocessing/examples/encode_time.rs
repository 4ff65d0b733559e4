//! The time and memory to read a table and to encode it.
//!
//! ```console
//! $ cargo run --release -p backburn-preprocessing --example encode_time TABLE TARGET
//! ```
//!
//! Prints a line of JSON: the seconds from the file to the tensor, the seconds of each step, the size of
//! the encoded matrix in bytes and, on Linux, the peak memory in bytes.

use std::collections::BTreeMap;
use std::time::Instant;

use backburn_preprocessing::{Bins, Encoder, EncoderOptions, NumberScale};
use backburn_table::{ReadOptions, Schema, Table};
use burn::tensor::{Device, Tensor, TensorData};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, target] = arguments.as_slice() else {
        return Err("usage: encode_time TABLE TARGET".into());
    };
    let start = Instant::now();
    let table = Table::read(path, &ReadOptions::default())?;
    let read = start.elapsed();
    let schema = Schema::infer(&table, &BTreeMap::new())?;
    let inferred = start.elapsed();
    let rows: Vec<usize> = (0..table.rows()).collect();
    let (encoder, _) = Encoder::fit(
        &table,
        &schema,
        &[target],
        &rows,
        &EncoderOptions {
            numbers: NumberScale::Standard,
            bins: Bins::AtMost(0),
            ..EncoderOptions::default()
        },
    )?;
    let fitted = start.elapsed();
    let numbers = TensorData::new(encoder.encode(&table)?, [rows.len(), encoder.width()]);
    let matrix = numbers.num_elements() * size_of::<f32>();
    let tensor = Tensor::<2>::from_data(numbers, &Device::flex());
    let all = start.elapsed();
    println!(
        "{{\"seconds\": {:.3}, \"read\": {:.3}, \"infer\": {:.3}, \"fit\": {:.3}, \"encode\": {:.3}, \
         \"shape\": {:?}, \"matrix\": {matrix}, \"peak\": {}}}",
        all.as_secs_f64(),
        read.as_secs_f64(),
        (inferred - read).as_secs_f64(),
        (fitted - inferred).as_secs_f64(),
        (all - fitted).as_secs_f64(),
        tensor.dims(),
        peak_memory().unwrap_or(0),
    );
    Ok(())
}

/// The peak memory of this process, in bytes.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
