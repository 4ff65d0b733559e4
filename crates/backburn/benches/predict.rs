//! The time to predict a table, by the size of the network, and to predict one row from its cells.
//!
//! ```console
//! $ cargo bench -p backburn --bench predict
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::io::Cursor;

use backburn::{Predictor, SavedModel, Summary};
use backburn_model::MlpConfig;
use backburn_preprocessing::{Bins, Encoder, EncoderOptions, NumberScale, Target, Task};
use backburn_table::{Cell, ReadOptions, Schema, Table};
use burn::tensor::Device;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// A table of four numbers, two categories and a target.
fn table(rows: usize) -> Table {
    let mut csv = "area,rooms,age,distance,quarter,kind,price\n".to_string();
    for row in 0..rows {
        let (quarter, kind) = (
            ["north", "south", "east"][row % 3],
            ["house", "flat"][row % 2],
        );
        let number = (row as f64).sin();
        writeln!(
            csv,
            "{},{},{number},{},{quarter},{kind},{row}",
            40 + row % 90,
            row % 7,
            number * 5.0,
        )
        .expect("a string takes all");
    }
    let csv = Cursor::new(csv.into_bytes());
    Table::from_reader("houses.csv", csv, &ReadOptions::default()).expect("a table")
}

/// An untrained model, which takes as long as a trained one.
fn model(table: &Table, hidden: &[usize]) -> SavedModel {
    let schema = Schema::infer(table, &BTreeMap::new()).expect("a schema");
    let rows: Vec<usize> = (0..table.rows()).collect();
    let options = EncoderOptions {
        numbers: NumberScale::Standard,
        bins: Bins::AtMost(0),
        ..EncoderOptions::default()
    };
    let encoder = Encoder::fit(table, &schema, &["price"], &rows, &options);
    let (encoder, _) = encoder.expect("an encoder");
    let config = MlpConfig::new(encoder.inputs(), 1)
        .with_hidden(hidden.to_vec())
        .with_embeddings(encoder.embeddings());
    SavedModel {
        network: config.init(&Device::flex()).expect("a valid config").into(),
        config,
        schema,
        encoder,
        target: Target::fit(table, "price", Task::Regression, &rows, &rows).expect("a target"),
        format: Default::default(),
        baselines: Vec::new(),
        summary: Summary::default(),
    }
}

fn predict(criterion: &mut Criterion) {
    const ROWS: usize = 10_000;
    let mut group = criterion.benchmark_group("encode and predict, 10000 rows");
    group.throughput(Throughput::Elements(ROWS as u64));
    let table = table(ROWS);
    for width in [16, 128, 512] {
        let predictor = Predictor::new(model(&table, &[width, width]), &Device::flex());
        group.bench_function(BenchmarkId::from_parameter(width), |b| {
            b.iter(|| predictor.predict_table(black_box(&table)));
        });
    }
    group.finish();
}

fn one_row(criterion: &mut Criterion) {
    let cells = [
        Cell::Number(72.0),
        Cell::Number(3.0),
        Cell::Number(0.25),
        Cell::Number(1.5),
        Cell::Text("south"),
        Cell::Text("flat"),
    ];
    let mut group = criterion.benchmark_group("one row from its cells");
    for hidden in [vec![64, 8], vec![128, 128]] {
        let name = format!("{hidden:?}");
        let predictor = Predictor::new(model(&table(1000), &hidden), &Device::flex());
        let rows = predictor.rows();
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| rows.predict(black_box(&cells)));
        });
    }
    group.finish();
}

criterion_group!(benches, predict, one_row);
criterion_main!(benches);
