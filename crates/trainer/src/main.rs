//! `trainer`: multilayer perceptrons on tables from the command line.

mod cli;
mod device;
mod error;
mod interrupt;
mod ui;

use std::io;
use std::process::ExitCode;

use backburn::CommandLine;
use cli::args::{Args, Command};
use error::Error;
use ui::console::{self, Console};

fn main() -> ExitCode {
    backburn_table::hide_caught_panics();
    interrupt::catch_file_limit();
    // This thread is one of the pool: waking another thread takes longer than a small training step. If no
    // threads can be started, it works alone.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
    let result = run().and_then(|()| match console::failure() {
        Some(error) => Err(Error::Output(error)),
        None => Ok(()),
    });
    match result {
        _ if interrupt::requested() => failed(result.err(), interrupt::EXIT_CODE),
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output has stopped reading, as `head` does.
        Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            failed(Some(error), code)
        }
    }
}

fn run() -> Result<(), Error> {
    let line = CommandLine::read(std::env::args_os().collect())?;
    let mut args = Args::parse_line(&line)?;
    cli::resume::take_typed(&mut args, &line)?;
    console::configure(args.output.color, args.output.verbosity());
    if let Some(Command::Train(args)) = &mut args.command {
        args.typed = line.typed();
    }
    match args.command.unwrap_or_default() {
        Command::Example(args) => cli::example::run(&args, &line),
        Command::Train(args) => cli::train::run(&args, &line),
        Command::Evaluate(args) => cli::evaluate::run(&args),
        Command::Predict(args) => cli::predict::run(&args),
        Command::Explain(args) => cli::explain::run(&args),
        Command::Embed(args) => cli::embed::run(&args),
        Command::Neighbors(args) => cli::neighbors::run(&args),
        Command::Describe(args) => cli::describe::run(&args),
        Command::Compare(args) => cli::compare::run(&args),
        Command::Tune(args) => cli::tune::run(&args, &line),
        Command::FindLr(args) => cli::find_lr::run(&args),
        Command::Gradcheck(args) => cli::gradcheck::run(&args),
        Command::Inspect(args) => cli::inspect::run(&args),
        Command::Export(args) => cli::export::run(&args),
        Command::Import(args) => cli::import::run(&args),
        Command::Report(args) => cli::report::run(&args),
        Command::Playground(args) => cli::playground::run(&args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => cli::serve::run(&args),
        Command::Config(args) => cli::config::run(&args),
        Command::Completions { shell } => cli::shell::completions(shell),
        Command::Man { folder } => cli::shell::man(&folder),
    }
}

fn failed(error: Option<Error>, code: u8) -> ExitCode {
    if let Some(error) = error {
        Console::Error.error(&error);
    }
    ExitCode::from(code)
}
