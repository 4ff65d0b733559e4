//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use backburn::{Config, DatasetOptions, Preset, ReadOptions, Settings, Task};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args as Arguments, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::resume::CommandLine;
use crate::error::Error;
use crate::ui::console::{Color, Verbosity};

/// Train, understand and ship multilayer perceptrons on tables.
///
/// Without a command, runs both examples: house prices, then penguins.
#[derive(Debug, Parser)]
#[command(name = "trainer", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  trainer                                          learn house prices, then penguins
  trainer train houses.csv -t price                train, and save houses.safetensors
  trainer train houses.csv -t price --preset best  the most accurate model
  trainer predict houses.safetensors unsold.csv    predict each row
  trainer explain houses.safetensors unsold.csv    what the model learned";

/// What is printed, and how.
#[derive(Debug, Default, Arguments)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print results and errors alone
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every epoch
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Whether to use colors
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,
}

impl OutputArgs {
    pub fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

impl Args {
    /// Parses a command line; a wrong one is explained, and ends the program with exit code 2.
    pub fn parse_line(line: &CommandLine) -> Self {
        let mut parser = Self::command();
        if line.is_resumed() {
            parser = parser.mut_subcommand("train", |train| train.args_override_self(true));
        }
        let args = parser
            .try_get_matches_from_mut(line.words())
            .and_then(|matches| Self::from_arg_matches(&matches));
        args.unwrap_or_else(|error| with_setting(error).exit())
    }
}

/// The error of an unknown option, with the setting that was perhaps meant.
fn with_setting(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let name = option
        .trim_start_matches('-')
        .split('=')
        .next()
        .unwrap_or_default();
    let name = name.replace('-', "_");
    if let Some(setting) = Settings::names()
        .into_iter()
        .find(|s| s.rsplit('.').next() == Some(&name))
    {
        let tip = format!("it is a setting: use `--set {setting}=VALUE`");
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Learn a table that comes with the program
    Example(ExampleArgs),
    /// Learn to predict a column of a table, and save the model
    Train(Box<TrainArgs>),
    /// Score a model on a table that has the target
    Evaluate(EvaluateArgs),
    /// Predict for each row of a table
    Predict(PredictArgs),
    /// Explain a model: importance of columns, their effect, and single rows
    Explain(ExplainArgs),
    /// Score simple models and each preset on a table by cross-validation, in one table
    Compare(CompareArgs),
    /// Find a learning rate: draw the loss against it, and suggest one
    FindLr(FindLrArgs),
    /// Check the gradients of backpropagation against differences
    Gradcheck(GradcheckArgs),
    /// Show what a model file holds
    Inspect(InspectArgs),
    /// Print every setting with its default, or those of a preset, as a config file to start from
    Config(ConfigArgs),
}

impl Default for Command {
    fn default() -> Self {
        Self::Example(ExampleArgs {
            name: None,
            out: None,
            report: None,
            run: RunArgs::default(),
        })
    }
}

/// An embedded table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExampleName {
    /// Sale prices of houses in Ames, Iowa (regression)
    HousePrices,
    /// Species of penguins (classification)
    Penguins,
}

#[derive(Debug, Arguments)]
pub struct ExampleArgs {
    /// Which one; both if left out
    pub name: Option<ExampleName>,
    /// Where to save the model [default: the example's name in this folder]
    #[arg(long, value_name = "MODEL", requires = "name")]
    pub out: Option<PathBuf>,
    /// Where to write the report, an HTML file [default: the example's name in this folder]
    #[arg(long, value_name = "FILE", requires = "name")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Arguments)]
pub struct ConfigArgs {
    /// The preset to print
    #[arg(short, long, value_enum, value_name = "NAME", default_value_t)]
    pub preset: PresetName,
}

/// A set of settings to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum PresetName {
    /// One small network: trains in seconds, and is a little less accurate
    Fast,
    /// Up to eight networks as one, depending on the number of rows
    #[default]
    Default,
    /// Sixteen networks as one: the most accurate, in minutes
    Best,
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::Fast => Self::Fast,
            PresetName::Default => Self::Default,
            PresetName::Best => Self::Best,
        }
    }
}

/// The settings of a training.
#[derive(Debug, Default, Arguments)]
#[command(next_help_heading = "Settings")]
pub struct RunArgs {
    /// The settings to start from [default: default]
    #[arg(short, long, value_enum, value_name = "NAME")]
    pub preset: Option<PresetName>,
    /// Settings from a TOML file (see `trainer config`)
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A setting by its dotted name, such as training.epochs=50; may be repeated
    #[arg(short, long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The seed of everything random; one seed gives one model [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
}

impl RunArgs {
    /// The settings: those of the preset, then of the config file, then of `--set`.
    pub fn settings(&self) -> Result<Config, Error> {
        let named = |option: &str, error: backburn::Error| match error {
            backburn::Error::Config(reason) => Error::Usage(format!("{option} {reason}")),
            other => other.into(),
        };
        let mut settings = Settings::new();
        if let Some(path) = &self.config {
            settings = settings
                .file(path)
                .map_err(|error| named("--config", error))?;
        }
        for assignment in &self.set {
            settings = settings
                .set(assignment)
                .map_err(|error| named("--set", error))?;
        }
        if let Some(seed) = self.seed {
            settings = settings.set(&format!("training.seed={seed}"))?;
        }
        Ok(settings.over(self.preset.unwrap_or_default().into())?)
    }
}

/// Where to compute.
#[derive(Debug, Default, Clone, Arguments)]
pub struct DeviceArgs {
    /// Where to compute: one of the backends compiled in
    #[arg(long, value_name = "NAME", help = crate::device::HELP)]
    pub device: Option<String>,
}

/// A table and what there is to learn in it.
#[derive(Debug, Arguments)]
#[command(next_help_heading = "Table")]
pub struct TableArgs {
    /// A CSV (also gzipped) or Parquet file; - for standard input
    pub table: PathBuf,
    /// The column to predict
    #[arg(short, long, value_name = "COLUMN")]
    pub target: String,
    /// What to predict [default: inferred from the target]
    #[arg(long, value_enum)]
    pub task: Option<TaskName>,
    /// A column with the weight of each row
    #[arg(long, value_name = "COLUMN")]
    pub weight: Option<String>,
    #[command(flatten)]
    pub read: ReadArgs,
}

impl TableArgs {
    /// How the table is understood; the config has the kinds of columns.
    pub fn options(&self, config: &Config) -> DatasetOptions {
        DatasetOptions {
            task: self.task.map(Into::into),
            weight: self.weight.clone(),
            columns: config.columns.clone(),
        }
    }
}

#[derive(Debug, Arguments)]
pub struct TrainArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// A table to score the model on; it is never trained on
    #[arg(long, value_name = "TABLE")]
    pub test: Option<PathBuf>,
    /// Where to save the model [default: the table's name in this folder, with .safetensors]
    #[arg(short, long, value_name = "MODEL")]
    pub out: Option<PathBuf>,
    /// First score the settings by cross-validation with this many folds
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: Option<u16>,
    /// With --folds: write, as CSV, the prediction for each row by the model that was not trained on it
    #[arg(long, value_name = "FILE", requires = "folds")]
    pub out_of_fold: Option<PathBuf>,
    /// End each training after this time, such as 90s, 10m or 1h, with the best model so far
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// Write checkpoints to this folder, for --resume; it is removed when the run is finished [default:
    /// beside the model, for runs of more than a minute]
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,
    /// The time between checkpoints, such as 5s or 2m [default: 30s, and so rarely that writing takes at
    /// most a twentieth of the time]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub checkpoint_every: Option<Duration>,
    /// Resume the run whose checkpoints are in this folder; the result is the same to the bit. Other
    /// options are those of the run, with paths from the folder where it began
    #[arg(long, value_name = "DIR", conflicts_with = "checkpoint")]
    pub resume: Option<PathBuf>,
    /// With --resume: resume also if the table, the settings or the program have changed
    #[arg(long, requires = "resume")]
    pub accept_changes: bool,
    /// What was typed.
    #[arg(skip)]
    pub typed: Vec<String>,
    /// Write a report of the data, the training run and the model: one HTML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Also train on parts of the rows, to see whether more rows would help [default: with a report, and up
    /// to 300 rows]
    #[arg(long)]
    pub learning_curve: bool,
    /// Show training live in the whole terminal; q stops it and keeps the best network
    #[arg(long)]
    pub dashboard: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Arguments)]
pub struct CompareArgs {
    #[command(flatten)]
    pub table: TableArgs,
    /// How many folds; each is scored by models trained on the others
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: u16,
    /// Compare these alone; may be repeated [default: all]
    #[arg(long, value_enum, value_name = "NAME")]
    pub only: Vec<Method>,
    /// End each training after this time, such as 90s, 10m or 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// The seed of everything random, the folds included
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: u64,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// The mean of the training rows, or the shares of their classes
    Constant,
    /// A network without hidden layers
    Linear,
    /// Two layers of 128 ReLU units on standardized numbers
    Mlp,
    /// 500 gradient-boosted trees
    #[cfg(feature = "boosting")]
    Boosting,
    /// The preset `fast`
    Fast,
    /// The preset `default`
    Default,
    /// The preset `best`
    Best,
}

#[derive(Debug, Arguments)]
pub struct FindLrArgs {
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Arguments)]
pub struct GradcheckArgs {
    /// A CSV or Parquet file to take rows from [default: both examples]
    #[arg(requires = "target")]
    pub table: Option<PathBuf>,
    /// The column to predict
    #[arg(long, value_name = "COLUMN", requires = "table")]
    pub target: Option<String>,
    /// What to predict [default: inferred from the target]
    #[arg(long, value_enum)]
    pub task: Option<TaskName>,
    /// How many elements of each parameter to check, drawn at random; 0 for all of them
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub elements: usize,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Arguments)]
pub struct ExplainArgs {
    /// The model file
    pub model: PathBuf,
    /// A CSV or Parquet file with rows to explain the model by; - for standard input
    pub table: PathBuf,
    /// Explain this data row, from 1, and nothing else; may be repeated [default: importance, effects and
    /// three rows]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub row: Vec<u64>,
    /// How often each column is shuffled
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repeats: u16,
    /// The seed of the shuffling
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Write a report too: one HTML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// How a CSV file is written.
#[derive(Debug, Clone, Arguments)]
#[command(next_help_heading = "Reading CSV")]
pub struct ReadArgs {
    /// The character between the fields of a CSV file; `tab` for a tabulator [default: inferred]
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The first line is data; the columns are then called column_1, column_2, ...
    #[arg(long)]
    pub no_header: bool,
}

impl ReadArgs {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            header: !self.no_header,
            skip_bad_rows: false,
        }
    }
}

fn percent(text: &str) -> Result<u8, String> {
    let usage = || "a percentage from 50 to 99, such as 90, 90% or 0.9".to_string();
    let number: f64 = text
        .trim_end_matches('%')
        .trim()
        .parse()
        .map_err(|_| usage())?;
    let percent = match number < 1.0 {
        true => number * 100.0,
        false => number,
    };
    let whole = (percent - percent.round()).abs() < 1e-9;
    match whole && (50.0..100.0).contains(&percent) {
        true => Ok(percent.round() as u8),
        false => Err(usage()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let usage = || "a number with s, m or h, such as 90s or 10m".to_string();
    let unit = text.chars().last().ok_or_else(usage)?;
    let (number, seconds) = match unit {
        's' => (&text[..text.len() - 1], 1.0),
        'm' => (&text[..text.len() - 1], 60.0),
        'h' => (&text[..text.len() - 1], 3600.0),
        _ => (text, 1.0),
    };
    let number: f64 = number.parse().map_err(|_| usage())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| usage())
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("a single ASCII character, or `tab`".to_string()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskName {
    /// Numbers
    Regression,
    /// Classes
    Classification,
}

impl From<TaskName> for Task {
    fn from(name: TaskName) -> Self {
        match name {
            TaskName::Regression => Self::Regression,
            TaskName::Classification => Self::Classification,
        }
    }
}

#[derive(Debug, Arguments)]
pub struct EvaluateArgs {
    /// The model file
    pub model: PathBuf,
    /// A CSV or Parquet file with the target; - for standard input
    pub table: PathBuf,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the scores as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
}

/// What to do about a bad row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnError {
    /// Stop at the first one
    #[default]
    Stop,
    /// Skip it; the first column of the output is then the number of the row
    Skip,
}

#[derive(Debug, Arguments)]
pub struct PredictArgs {
    /// The model file
    pub model: PathBuf,
    /// A CSV or Parquet file; - for standard input
    pub table: PathBuf,
    /// Where to write the predictions as CSV; - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// For numbers: also write the bounds of an interval that holds the true value with this probability:
    /// 50 to 99 percent, such as 90, 90% or 0.9
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub interval: Option<u8>,
    /// What to do with a row that cannot be predicted: stop, or skip it, say so, and number the others
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub on_error: OnError,
    #[command(flatten)]
    pub read: ReadArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
}

#[derive(Debug, Arguments)]
pub struct InspectArgs {
    /// The model file
    pub model: PathBuf,
}
