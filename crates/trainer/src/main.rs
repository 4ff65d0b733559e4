//! `trainer`: multilayer perceptrons on tables from the command line.

mod args;
mod baseline;
mod boosting;
mod chart;
mod checkpoints;
mod commands;
mod config;
mod console;
mod dashboard;
mod data;
mod device;
mod ensemble;
mod error;
mod explaining;
mod findings;
mod folds;
mod history_file;
mod interrupt;
mod learning_curve;
mod looking;
mod members;
mod memory;
mod progress;
mod report_file;
mod reporting;
mod resume;
mod run_folder;
mod saving;
mod score;
mod similar_choice;
mod small_networks;
mod target_choice;
mod training;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Args, Command};
use console::Console;
use error::Error;

fn main() -> ExitCode {
    let (line, again) = match resume::command_line(std::env::args_os().collect()) {
        Ok(line) => line,
        Err(error) => return failed(&error),
    };
    let mut parser = Args::command();
    if again {
        parser = parser.mut_subcommand("train", |train| train.args_override_self(true));
    }
    let mut args = match Args::from_arg_matches(&parser.get_matches_from(&line)) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    resume::keep(&line);
    if let Some(Command::Train(args)) = &mut args.command {
        args.typed = resume::typed(&line);
    }
    // This thread takes its share of the work, as one of the pool: waking others takes longer than
    // many a step of training. Where no threads can be had, it does without.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
    let result = match args.command.unwrap_or_default() {
        Command::Example(args) => commands::example::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::FindLr(args) => commands::find_lr::run(&args),
        Command::Gradcheck(args) => commands::gradcheck::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Config(args) => commands::config::run(&args),
    };
    let result = result.and_then(|()| match console::failure() {
        Some(error) => Err(Error::Output(error)),
        None => Ok(()),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has stopped reading: nothing is wrong.
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> ExitCode {
    // Messages quote files, and files hold anything.
    let message = console::escaped(&error.to_string());
    Console::Error.say(format_args!("error: {message}"));
    ExitCode::from(error.exit_code())
}
