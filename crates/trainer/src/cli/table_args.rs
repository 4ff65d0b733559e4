//! The arguments about a table, which several commands have.

use std::path::PathBuf;

use backburn::parse::{character, delimiter};
use backburn::{
    ColumnOptions, Encoding, FormatOptions, Gap, Metric, ReadOptions, ScoringConfig, Task,
};
use clap::Args as Arguments;
use clap::builder::NonEmptyStringValueParser as NonEmpty;

use super::values::tasks;
use crate::error::Error;

/// A table and its target.
#[derive(Debug, Arguments)]
#[command(next_help_heading = "Table")]
pub struct TableArgs {
    /// A CSV, Parquet, Arrow, JSON lines or Excel file, which may be compressed; a folder or a pattern of
    /// files; - for standard input
    pub table: PathBuf,
    /// The column to predict; train takes several, with commas between them or each with a --target of its own
    #[arg(short, long, value_name = "COLUMN", required = true, value_parser = NonEmpty::new())]
    pub target: Vec<String>,
    /// The task [default: inferred from the target]
    #[arg(long, value_parser = tasks())]
    pub task: Option<Task>,
    /// A column with the weight of each row
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub weight: Option<String>,
    /// With training.loss=poisson or gamma: a column with the exposure of each row, a number above 0, whose
    /// logarithm is added to the output; predictions are proportional to it
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub offset: Option<String>,
    /// A column with the group of each row, such as a patient: rows of a group stay together in every split
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub group: Option<String>,
    /// A column with the time of each row, numbers or dates: later rows are predicted from earlier ones
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub time: Option<String>,
    /// With --time: the least time between training rows and the rows that they predict: such as 7d for dates, or 7
    /// for numbers
    #[arg(long, value_name = "TIME", requires = "time")]
    pub gap: Option<Gap>,
    /// A column with the fold of each row, for cross-validation
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new(), group = "validated")]
    pub fold: Option<String>,
    #[command(flatten)]
    pub columns: ColumnArgs,
    #[command(flatten)]
    pub read: ReadArgs,
}

/// How predictions of the target are scored.
#[derive(Debug, Arguments)]
#[command(next_help_heading = "Scores")]
pub struct ScoringArgs {
    /// The metric that selects the best epoch and the settings, such as mae, f1 or auc [default: the loss]
    #[arg(long, value_name = "NAME", value_parser = str::parse::<Metric>)]
    pub metric: Option<Metric>,
    /// The positive one of two classes; if the metric depends on the predicted class, its threshold is chosen too
    #[arg(long, value_name = "CLASS")]
    pub positive: Option<String>,
    /// A cost matrix as a CSV file, with a line for each true class and a column for each predicted class
    #[arg(long, value_name = "FILE")]
    pub cost: Option<PathBuf>,
}

impl ScoringArgs {
    pub fn set(&self, scoring: &mut ScoringConfig) -> Result<(), Error> {
        let (positive, cost) = (self.positive.as_deref(), self.cost.as_deref());
        Ok(scoring.set_options(self.metric, positive, cost)?)
    }
}

/// What the columns of a table are.
#[derive(Debug, Default, Clone, Arguments)]
#[command(next_help_heading = "Columns")]
pub struct ColumnArgs {
    /// Columns to leave out, with commas between them; may be repeated
    #[arg(long, value_name = "COLUMN,…")]
    pub ignore: Vec<String>,
    /// The columns to learn from; all others are left out
    #[arg(long, value_name = "COLUMN,…")]
    pub features: Vec<String>,
    /// Columns to read as numbers
    #[arg(long, value_name = "COLUMN,…")]
    pub numeric: Vec<String>,
    /// Columns to read as categories, such as codes that are written in digits
    #[arg(long, value_name = "COLUMN,…")]
    pub categorical: Vec<String>,
    /// Columns to read as dates, or one column and how its dates are written, such as sold=%d.%m.%Y
    #[arg(long, value_name = "COLUMN[=FORMAT]")]
    pub date: Vec<String>,
    /// The decimal sign of numbers [default: inferred for each column]
    #[arg(long, value_name = "CHAR")]
    pub decimal: Option<char>,
    /// The sign between groups of digits, as in 1,234,567 [default: inferred for each column]
    #[arg(long, value_name = "CHAR")]
    pub thousands: Option<char>,
    /// Another word for a missing value; may be repeated
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub na: Vec<String>,
    /// Read NA, None, null and the like as text, not as missing values
    #[arg(long)]
    pub keep_na: bool,
}

impl ColumnArgs {
    pub fn options(&self) -> ColumnOptions {
        let args = self.clone();
        ColumnOptions {
            ignore: args.ignore,
            features: args.features,
            numeric: args.numeric,
            categorical: args.categorical,
            date: args.date,
            format: FormatOptions {
                decimal: args.decimal,
                thousands: args.thousands,
                na: args.na,
                keep_na: args.keep_na,
                ..FormatOptions::default()
            },
        }
    }
}

/// The format of a CSV file.
#[derive(Debug, Clone, Arguments)]
#[command(next_help_heading = "Reading")]
pub struct ReadArgs {
    /// The character between fields, or its name: comma, semicolon, tab, pipe, caret, tilde or space, which
    /// is one or more spaces [default: inferred]
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The first line is data; the columns are then called column_1, column_2, ...
    #[arg(long)]
    pub no_header: bool,
    /// The first line has the column names, even if they are numbers; all lines below it are rows
    #[arg(long, conflicts_with = "no_header")]
    pub header: bool,
    /// Leave out this many lines at the start of the file
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub skip_lines: usize,
    /// Leave out the lines that begin with this character
    #[arg(long, value_name = "CHAR", value_parser = character)]
    pub comment: Option<u8>,
    /// Read the missing fields at the end of a row as empty fields
    #[arg(long)]
    pub fill_short_rows: bool,
    /// The encoding of the text, such as windows-1252 or latin1 [default: UTF-8; UTF-16 and ISO-2022-JP are
    /// recognized]
    #[arg(long, value_name = "NAME", value_parser = str::parse::<Encoding>)]
    pub encoding: Option<Encoding>,
    /// The sheet of an Excel or OpenDocument workbook [default: the first with rows]
    #[arg(long, value_name = "NAME", value_parser = NonEmpty::new())]
    pub sheet: Option<String>,
}

impl ReadArgs {
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            header: match (self.header, self.no_header) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            skip_lines: self.skip_lines,
            comment: self.comment,
            fill_short_rows: self.fill_short_rows,
            encoding: self.encoding,
            sheet: self.sheet.clone(),
            ..ReadOptions::default()
        }
    }
}
