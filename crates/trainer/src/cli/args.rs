//! The command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use backburn::parse::{duration, percent, share};
use backburn::plain_errors::plain_argument;
use backburn::{
    CommandFiles, CommandLine, ComparedMethod, Config, ContinualArgs, Preset, SearchArgs, Settings,
    Task,
};
use backburn_export::ExportFormat;
use backburn_model::Activation;
use backburn_page::PlaygroundArgs;
use clap::builder::NonEmptyStringValueParser as NonEmpty;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args as Arguments, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::model_args::{DeviceArgs, ModelArgs, RowsArgs};
use super::table_args::{ColumnArgs, ReadArgs, ScoringArgs, TableArgs};
use super::values::{formats, methods, presets, tasks};
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
  trainer                                          run both examples
  trainer train houses.csv -t price                train a model, and save houses.safetensors
  trainer train houses.csv -t price --preset best  the most accurate model
  trainer describe houses.csv                      what is in a table
  trainer predict houses.safetensors unsold.csv    predict each row
  trainer explain houses.safetensors unsold.csv    what the model learned";

/// The arguments about output.
#[derive(Debug, Default, Arguments)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every epoch
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colors
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
    /// Parses a command line. Ends the program after help, and with exit code 2 if the command line is wrong.
    /// Returns an error if help cannot be printed.
    pub fn parse_line(line: &CommandLine) -> Result<Self, Error> {
        let mut parser = ContinualArgs::with_target_of_model(Self::command(), "train");
        if line.resumed().is_some() {
            parser = parser.mut_subcommand("train", |train| train.args_override_self(true));
        }
        let args = parser
            .try_get_matches_from_mut(line.words())
            .and_then(|matches| Self::from_arg_matches(&matches));
        args.or_else(|error| show(&with_setting(error)))
    }
}

/// Prints help or an error about the arguments, and ends the program.
fn show<T>(message: &clap::Error) -> Result<T, Error> {
    if !message.use_stderr() {
        CommandFiles::new().printed(true).check()?;
        message.print()?;
        process::exit(message.exit_code());
    }
    match plain_argument(&message.render().to_string()) {
        Some(plain) => Err(Error::Usage(
            plain.trim_start_matches("error: ").trim_end().to_string(),
        )),
        None => message.exit(),
    }
}

/// The error of an unknown option, with a suggestion if it is the name of a setting.
fn with_setting(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    if let Some(setting) = Settings::like_option(option) {
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
    /// Train and test a model on a table that comes with the program
    Example(ExampleArgs),
    /// Train a model that predicts a column of a table, and save it
    Train(Box<TrainArgs>),
    /// Score a model on a table that has the target
    Evaluate(EvaluateArgs),
    /// Predict for each row of a table
    Predict(PredictArgs),
    /// Explain a model: importance of its columns, partial dependence, and single rows
    Explain(ExplainArgs),
    /// Write the embedding of each row of a table: the outputs of the model's last hidden layer
    Embed(EmbedArgs),
    /// Find the rows of a table that are most similar to a given row, by their embeddings
    Neighbors(NeighborsArgs),
    /// Describe a table: what each column holds, and how training would encode it
    Describe(DescribeArgs),
    /// Compare simple models and the presets on a table by cross-validation
    Compare(CompareArgs),
    /// Search for the best settings for a table, and train a model with them
    Tune(Box<TuneArgs>),
    /// Run a learning rate range test: draw the loss curve and suggest a learning rate
    FindLr(FindLrArgs),
    /// Compare the gradients of backpropagation with finite differences
    Gradcheck(GradcheckArgs),
    /// Describe a model file
    Inspect(InspectArgs),
    /// Write a model as an ONNX graph or a PyTorch module, with its preprocessing
    Export(ExportArgs),
    /// Make a model from a PyTorch network
    Import(ImportArgs),
    /// Write a report on a model and its training; with a table, also what it learned and how well it predicts
    Report(ReportArgs),
    /// Watch backpropagation: serve a web page, on this computer only, that trains a small network step by step
    Playground(PlaygroundArgs),
    /// Serve models over HTTP
    #[cfg(feature = "serve")]
    Serve(Box<ServeArgs>),
    /// Print all settings with their defaults, or those of a preset, as a config file
    Config(ConfigArgs),
    /// Print the completion script of a shell: bash, zsh, fish, elvish or powershell
    Completions { shell: clap_complete::Shell },
    /// Write the man pages into a folder
    Man {
        /// The folder, which is created if it does not exist
        folder: PathBuf,
    },
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
    /// The example to run [default: both]
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
    #[arg(short, long, value_parser = presets(), value_name = "NAME", default_value_t)]
    pub preset: Preset,
}

/// The settings of a training.
#[derive(Debug, Default, Arguments)]
#[command(next_help_heading = "Settings")]
pub struct RunArgs {
    /// The preset to start from [default: default]
    #[arg(short, long, value_parser = presets(), value_name = "NAME")]
    pub preset: Option<Preset>,
    /// Settings from a TOML file (see `trainer config`)
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A setting by its dotted name, such as training.epochs=50; may be repeated
    #[arg(short, long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Predict quantiles of these levels, such as 0.1,0.5,0.9 (sets training.loss and training.quantiles)
    #[arg(long, value_name = "LEVEL,...", value_delimiter = ',')]
    pub quantiles: Vec<f64>,
    /// The seed of all random numbers; the same seed gives the same model [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
}

impl RunArgs {
    /// The files of the command, with the config file.
    pub fn input(&self, files: CommandFiles) -> CommandFiles {
        let config = self.config.iter();
        config.fold(files, |files, path| files.input("the config", path))
    }

    /// The settings: those of the preset, then of the config file, then of `--set`.
    pub fn settings(&self) -> Result<Config, Error> {
        Ok(self.changes()?.over(self.preset.unwrap_or_default())?)
    }

    /// The settings of the config file, then of `--set`.
    pub fn changes(&self) -> Result<Settings, Error> {
        let (config, set) = (self.config.as_deref(), self.set.as_slice());
        Ok(Settings::of_options(
            config,
            set,
            &self.quantiles,
            self.seed,
        )?)
    }
}

#[derive(Debug, Arguments)]
#[command(next_help_heading = "Training")]
pub struct TrainArgs {
    /// A test table, which is only used to score the model
    #[arg(long, value_name = "TABLE")]
    pub test: Option<PathBuf>,
    /// Set this share of the rows aside to score the model, such as 0.2: at random, or by --group, --time or
    /// --fold
    #[arg(long, value_name = "SHARE", value_parser = share, conflicts_with = "test")]
    pub test_share: Option<f64>,
    /// Where to save the model [default: the table's name in this folder, with .safetensors]
    #[arg(short, long, value_name = "MODEL")]
    pub out: Option<PathBuf>,
    /// First cross-validate the settings with this many folds
    #[arg(long, value_name = "K", group = "validated", value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: Option<u16>,
    /// With --folds or --fold: write the out-of-fold prediction for each row to this file, in a format of predict
    /// --out
    #[arg(long, value_name = "FILE", requires = "validated")]
    pub out_of_fold: Option<PathBuf>,
    /// The time limit of the fit (with --folds, also of the fit for each fold), such as 90s, 10m or 1h; the
    /// best model so far is kept
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// Write checkpoints to this folder, for --resume; the folder is removed when the run is finished [default:
    /// a folder beside the model, for runs of more than a minute]
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,
    /// The time between checkpoints, such as 5s or 2m [default: 30s, or longer if writing would take more
    /// than a twentieth of the time]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub checkpoint_every: Option<Duration>,
    /// Resume the run whose checkpoints are in this folder; the result is the same to the bit. Pass --out, --report
    /// and --out-of-fold again; all other options are those of the run, with paths relative to where it began
    #[arg(long, value_name = "DIR", conflicts_with = "checkpoint")]
    pub resume: Option<PathBuf>,
    /// With --resume: resume even if the table, the settings or the program have changed
    #[arg(long, requires = "resume")]
    pub accept_changes: bool,
    /// The command line.
    #[arg(skip)]
    pub typed: Vec<OsString>,
    /// Write a report on the data, the training run and the model to this HTML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Compute the learning curve: also train on parts of the rows, which shows whether more rows would help
    /// [default: only with a report, or with up to 300 rows]
    #[arg(long)]
    pub learning_curve: bool,
    /// Show training in a full-screen dashboard; q stops training and keeps the best network
    #[arg(long)]
    pub dashboard: bool,
    /// With several targets: the weight of one, such as price=2, from 0.001 to 1000; may be repeated [default: by its rows, at most 1]
    #[arg(long, value_name = "COLUMN=WEIGHT")]
    pub target_weight: Vec<String>,
    #[command(flatten)]
    pub continual: ContinualArgs,
    #[command(flatten)]
    pub scoring: ScoringArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

impl TrainArgs {
    /// The outputs that are named, with their options.
    pub fn outputs(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let outputs = [
            ("--out", &self.out),
            ("--report", &self.report),
            ("--out-of-fold", &self.out_of_fold),
        ];
        let outputs = outputs.into_iter();
        outputs.filter_map(|(option, path)| Some((option, path.as_deref()?)))
    }
}

#[derive(Debug, Arguments)]
#[command(next_help_heading = "Comparison")]
pub struct CompareArgs {
    /// The number of folds; each is scored by models that were trained on the others
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..))]
    pub folds: u16,
    /// A method to compare; may be repeated [default: all]
    #[arg(long, value_parser = methods(), value_name = "NAME")]
    pub only: Vec<ComparedMethod>,
    /// The time limit of each fit, such as 90s, 10m or 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub time_limit: Option<Duration>,
    /// The seed of all random numbers, including those of the folds
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: u64,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub scoring: ScoringArgs,
    #[command(flatten)]
    pub table: TableArgs,
}

#[derive(Debug, Arguments)]
#[command(next_help_heading = "Search")]
pub struct TuneArgs {
    #[command(flatten)]
    pub search: SearchArgs,
    /// The time limit of the whole command, such as 10m or 1h; the best settings so far are kept
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Search")]
    pub time_limit: Option<Duration>,
    /// Where to save the model; the settings and the study are written beside it [default: as for train]
    #[arg(short, long, value_name = "MODEL")]
    pub out: Option<PathBuf>,
    /// Write a report on the search and the model to this HTML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub scoring: ScoringArgs,
    #[command(flatten)]
    pub table: TableArgs,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Arguments)]
pub struct DescribeArgs {
    /// A CSV, Parquet, Arrow, JSON lines or Excel file, which may be compressed; a folder or a pattern of
    /// files; - for standard input
    pub table: PathBuf,
    /// The column to predict
    #[arg(short, long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub target: Option<String>,
    /// The task [default: inferred from the target]
    #[arg(long, value_parser = tasks(), requires = "target")]
    pub task: Option<Task>,
    /// Print the description as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub columns: ColumnArgs,
    #[command(flatten)]
    pub read: ReadArgs,
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
    /// A table to take rows from [default: both examples]
    #[arg(requires = "target")]
    pub table: Option<PathBuf>,
    /// The column to predict
    #[arg(short, long, value_name = "COLUMN", requires = "table", value_parser = NonEmpty::new())]
    pub target: Option<String>,
    /// The task [default: inferred from the target]
    #[arg(long, value_parser = tasks(), requires = "table")]
    pub task: Option<Task>,
    /// The number of elements of each parameter to check, chosen at random; 0 checks all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub elements: usize,
    #[command(flatten)]
    pub columns: ColumnArgs,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub read: ReadArgs,
}

#[derive(Debug, Arguments)]
pub struct ExplainArgs {
    /// Explain only this row, counted from 1 without the header; may be repeated [default: importance, partial
    /// dependence and three rows]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub row: Vec<u64>,
    /// The number of times that each column is shuffled
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repeats: u16,
    /// The seed of the shuffling
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Also write a report to this HTML file
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub on: ModelArgs,
}

#[derive(Debug, Arguments)]
pub struct EvaluateArgs {
    /// Also score the rows of each value of this column separately
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub by: Option<String>,
    /// The column with the weight of each row [default: the one used in training, if the table has it]
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub weight: Option<String>,
    #[command(flatten)]
    pub on: ModelArgs,
}

#[derive(Debug, Arguments)]
pub struct PredictArgs {
    /// Where to write the predictions; the suffix names the format: .csv, .tsv, .jsonl or .ndjson (each also
    /// with .gz), .parquet, .arrow or .feather; - for CSV on standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// For regression: also write the bounds of a prediction interval, which contains the true value with this
    /// probability: 50 to 99 percent, such as 90, 90% or 0.9
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub interval: Option<u8>,
    /// For two classes: predict the positive one if its probability is at least this, from 0 to 1
    #[arg(long, value_name = "T")]
    pub threshold: Option<f64>,
    /// The positive class of --threshold [default: the one set in training]
    #[arg(long, value_name = "CLASS", requires = "threshold")]
    pub positive: Option<String>,
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub on: ModelArgs,
}

#[derive(Debug, Arguments)]
pub struct EmbedArgs {
    /// Where to write the embeddings; the suffix names the format: .parquet, .arrow or .feather, .jsonl or
    /// .ndjson (these two also with .gz)
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub rows: RowsArgs,
    #[command(flatten)]
    pub on: ModelArgs,
}

#[derive(Debug, Arguments)]
pub struct NeighborsArgs {
    /// The number of the given row, counted from 1 without the header
    #[arg(long, value_name = "ROW", value_parser = clap::value_parser!(u64).range(1..))]
    pub of: u64,
    /// A second table, in which rows are found; - for standard input [default: the other rows of the table]
    #[arg(long, value_name = "FILE")]
    pub among: Option<PathBuf>,
    /// The number of rows to find
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub top: u16,
    #[command(flatten)]
    pub on: ModelArgs,
}

#[derive(Debug, Arguments)]
pub struct InspectArgs {
    /// The model file
    pub model: PathBuf,
    /// Print the description as one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Arguments)]
pub struct ReportArgs {
    /// The model file
    pub model: PathBuf,
    /// A table to explain and evaluate the model with [default: none; the report shows the model and its training]
    pub table: Option<PathBuf>,
    /// Where to write the report, an HTML file [default: the model's name in this folder, with .html]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The target to use, of a model of several [default: all, with a part of the report for each]
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub read: ReadArgs,
}

#[cfg(feature = "serve")]
#[derive(Debug, Arguments)]
pub struct ServeArgs {
    #[command(flatten)]
    pub serve: backburn_server::ServeArgs,
    #[command(flatten)]
    pub device: DeviceArgs,
}

#[derive(Debug, Arguments)]
pub struct ExportArgs {
    /// The model file
    pub model: PathBuf,
    /// Where to write the exported model; for PyTorch, the suffixes .safetensors and .py are added
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// The target to use, of a model of several
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// The format
    #[arg(long, value_name = "NAME", value_parser = formats(), default_value = "onnx")]
    pub format: ExportFormat,
    /// For regression, in ONNX: the coverage of the prediction intervals, 50 to 99 percent [default: 90]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub interval: Option<u8>,
}

#[derive(Debug, Arguments)]
pub struct ImportArgs {
    /// The state dict of a torch.nn.Sequential, as a safetensors file
    pub network: PathBuf,
    /// Where to save the model
    #[arg(short, long, value_name = "MODEL")]
    pub out: PathBuf,
    /// The columns that are the inputs, in the order of the network's inputs [default: column_1, column_2, ...]
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    pub inputs: Vec<String>,
    /// The column that is predicted
    #[arg(short, long, value_name = "COLUMN", default_value = "target")]
    pub target: String,
    /// The classes in the order of the outputs [default: the output is a number]
    #[arg(long, value_name = "CLASS,...", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// The activation function of the hidden layers
    #[arg(long, value_name = "NAME", default_value = "relu")]
    pub activation: Activation,
}
