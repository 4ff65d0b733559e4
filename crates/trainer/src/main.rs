//! `trainer`: multilayer perceptrons on tables from the command line.

mod args;
mod baseline;
mod commands;
mod config;
mod console;
mod data;
mod device;
mod error;
mod interrupt;
mod progress;
mod score;
mod training;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use error::Error;

fn main() -> ExitCode {
    let args = Args::parse();
    let result = match args.command.unwrap_or_default() {
        Command::Example(args) => commands::example::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Config => commands::config::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has stopped reading: nothing is wrong.
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
