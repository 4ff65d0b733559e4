//! The time to encode a table, by its rows.
//!
//! ```console
//! $ cargo bench -p backburn-preprocessing
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::io::Cursor;

use backburn_preprocessing::{Bins, Encoder, EncoderOptions, NumberScale};
use backburn_table::{ReadOptions, Schema, Table};
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

fn encoder(table: &Table) -> Encoder {
    let schema = Schema::infer(table, &BTreeMap::new()).expect("a schema");
    let rows: Vec<usize> = (0..table.rows()).collect();
    let options = EncoderOptions {
        numbers: NumberScale::Standard,
        bins: Bins::AtMost(0),
        ..EncoderOptions::default()
    };
    let fitted = Encoder::fit(table, &schema, &["price"], &rows, &options);
    fitted.expect("an encoder").0
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for rows in [100, 10_000, 1_000_000] {
        let table = table(rows);
        let encoder = encoder(&table);
        group.throughput(Throughput::Elements(rows as u64));
        group.sample_size(20);
        group.bench_function(BenchmarkId::from_parameter(rows), |b| {
            b.iter(|| encoder.encode(black_box(&table)));
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
