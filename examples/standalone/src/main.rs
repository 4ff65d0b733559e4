//! Trains a table as `trainer train` does, saves the model, loads it, and predicts one row.
//!
//! ```text
//! cargo run --manifest-path examples/standalone/Cargo.toml -- examples/data/wheat_seeds.csv variety
//! ```

use std::io::{self, Write};
use std::process::ExitCode;

use backburn::{Config, Dataset, Error, Estimator, Event, FitContext, FittedModel, Table};
use burn::tensor::Device;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, target] = arguments.as_slice() else {
        return Err(Error::Config("usage: standalone TABLE TARGET".to_string()));
    };
    let table = Table::read(path, &Default::default())?;
    let data = Dataset::new(table, target, &Default::default())?;
    let progress = |event: &Event| {
        if let Event::MemberEnd {
            member,
            members,
            score: Some(score),
            ..
        } = event
        {
            // Unlike `println!`, this does not panic if nobody reads the output.
            let _ = writeln!(
                io::stdout(),
                "{} of {members} networks: {score}",
                member + 1
            );
        }
    };
    let context = FitContext {
        observer: &progress,
        ..FitContext::new(Device::flex())
    };
    Estimator::new(Config::default())
        .fit(&data, &context)?
        .save("standalone.safetensors")?;

    let model = FittedModel::load("standalone.safetensors", Device::flex())?;
    let first_row = data.table().select("the first row", &[0])?;
    let predicted = model.predict(&first_row)?.labels();
    let _ = writeln!(io::stdout(), "the first row: {}", predicted[0]);
    Ok(())
}
