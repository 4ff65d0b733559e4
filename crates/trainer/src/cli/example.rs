//! `trainer example`, and `trainer` alone.

use std::io::Cursor;
use std::path::PathBuf;

use backburn::baselines;
use backburn::command_words::example_commands;
use backburn::text::{count, path_argument};
use backburn::{
    CommandFiles, CommandLine, Config, Dataset, DatasetOptions, Estimator, FitContext, FittedModel,
    KnnFeatures, LearningCurve, ModelFile, ReadOptions, Score, SelectedDevice, StopToken, Table,
    TableError, TestResult, findings_in_words, history_file, learning_curve,
};
use backburn_report::{Report, ReportFile, Scores, TrainingReportOptions};
use serde_json::{Map, Value, json};

use super::args::{ExampleArgs, ExampleName};
use super::saving::{make_report, model_file, save, save_history};
use crate::device;
use crate::error::Error;
use crate::interrupt;
use crate::ui::console::{self, Console};
use crate::ui::progress::Progress;

/// A table that comes with the program.
pub struct Example {
    name: &'static str,
    title: &'static str,
    bytes: &'static [u8],
    /// The file of the table, from the root of the repository.
    file: &'static str,
    pub target: &'static str,
    unit: &'static str,
    /// Columns to show with predictions.
    shown: [&'static str; 4],
}

impl Example {
    pub fn table(&self) -> Result<Table, TableError> {
        Table::from_reader(self.name, Cursor::new(self.bytes), &ReadOptions::default())
    }
}

pub const HOUSE_PRICES: Example = Example {
    name: "house-prices",
    title: "House prices in Ames, Iowa",
    bytes: include_bytes!("../../data/ames.csv.gz"),
    file: "crates/trainer/data/ames.csv.gz",
    target: "Sale_Price",
    unit: "$",
    shown: ["Neighborhood", "Gr_Liv_Area", "Bedroom_AbvGr", "Year_Built"],
};

pub const PENGUINS: Example = Example {
    name: "penguins",
    title: "Species of penguins",
    bytes: include_bytes!("../../data/penguins.csv"),
    file: "crates/trainer/data/penguins.csv",
    target: "species",
    unit: "",
    shown: [
        "island",
        "bill_length_mm",
        "flipper_length_mm",
        "body_mass_g",
    ],
};

/// The fraction of rows in the test set.
const TEST_FRACTION: f64 = 0.2;
/// With fewer rows, a few test rows say little: all rows are scored by cross-validation too.
const FEW_ROWS: usize = 1000;
const FOLDS: usize = 5;
/// The number of test rows that are shown.
const ROWS: usize = 5;
/// How often each column is shuffled for the report. An example is to be quick.
const REPEATS: usize = 1;

pub fn run(args: &ExampleArgs, line: &CommandLine) -> Result<(), Error> {
    let mut config = args.run.settings()?;
    // Trials choose no k-NN features on either table; an example is to be quick, and leaves them out.
    if config.data.knn_features == KnnFeatures::Auto {
        config.data.knn_features = KnnFeatures::Never;
    }
    let device = device::choose(args.run.device.name())?;
    let stop = interrupt::catch();
    let examples = match args.name {
        None => vec![&HOUSE_PRICES, &PENGUINS],
        Some(ExampleName::HousePrices) => vec![&HOUSE_PRICES],
        Some(ExampleName::Penguins) => vec![&PENGUINS],
    };
    let console = Console::for_json(args.run.json);
    let mut results = Map::new();
    for (index, example) in examples.iter().enumerate() {
        if index > 0 {
            console.say("");
        }
        let run = Run {
            example,
            // With a report that was asked for, the learning curve is worth its time.
            has_curve: args.report.is_some(),
            config: &config,
            device: &device,
            stop: &stop,
            line,
            console,
        };
        let result = run.run(files(args, example, console)?)?;
        results.insert(example.name.to_string(), result);
        if interrupt::requested() {
            break;
        }
    }
    if let Some(last) = examples.last() {
        let commands = example_commands(console::program(), last.name, last.file, last.target);
        console.details("next", commands);
    }
    if args.run.json {
        let single = args.name.and_then(|_| results.values().next().cloned());
        console::json(&single.unwrap_or(Value::Object(results)));
    }
    Ok(())
}

/// The files of the model and of the report, which is written where it can be.
fn files(
    args: &ExampleArgs,
    example: &Example,
    console: Console,
) -> Result<(ModelFile, Option<ReportFile>), Error> {
    let default = PathBuf::from(format!("{}.safetensors", example.name));
    let model = args.out.as_deref().unwrap_or(&default);
    let report = args
        .report
        .clone()
        .unwrap_or_else(|| format!("{}.html", example.name).into());
    let files = args.run.input(CommandFiles::new()).output("--out", model);
    let files = files.output("the history", &history_file::path_beside(model));
    let files = files.output("--report", &report);
    files.printed(args.run.json).check()?;
    let file = model_file(args.out.as_deref(), &default)?;
    if args.out.is_none() {
        file.check_replaced(example.target)?;
    }
    let report = match ReportFile::of_option("--report", &report) {
        Ok(report) => Some(report),
        Err(error) if args.report.is_some() => return Err(error.into()),
        // The user did not ask for this report, so an error is only a note.
        Err(error) => {
            console.paragraph("note", format!("no report: {error}"));
            None
        }
    };
    Ok((file, report))
}

/// A run of an example.
struct Run<'a> {
    example: &'a Example,
    has_curve: bool,
    config: &'a Config,
    device: &'a SelectedDevice,
    stop: &'a StopToken,
    line: &'a CommandLine,
    console: Console,
}

impl Run<'_> {
    fn run(&self, (file, report): (ModelFile, Option<ReportFile>)) -> Result<Value, Error> {
        let (example, console) = (self.example, self.console);
        let options = DatasetOptions {
            columns: self.config.columns.clone(),
            ..DatasetOptions::default()
        };
        let all = Dataset::new(example.table()?, example.target, &options)?;
        let (data, rest) = all.split(TEST_FRACTION, self.config.training.seed)?;
        self.describe(&data, rest.table());
        let progress = Progress::new(console, example.unit);
        let (device, stop) = (self.device.clone(), self.stop.clone());
        let context = FitContext::of_run(device, &progress, stop, None);
        let mut model = Estimator::new(self.config.clone()).fit(&data, &context)?;
        let tested = model.test(&data, rest.table())?;
        console.notes(&tested.notes);
        let path = save(file, model.model())?;
        progress.phase("training a linear model to compare with");
        let (saved, test) = (model.model(), rest.table());
        let linear = baselines::linear(saved, &data, self.config, test, &context)?;
        progress.finish();
        self.show(&model, &tested, linear.as_ref(), rest.table())?;
        if all.rows().len() < FEW_ROWS && !self.stop.is_stopped() {
            self.cross_validate(&all, &progress)?;
        }
        let curve = match self.has_curve {
            true => {
                progress.phase("training on parts of the rows");
                let test = Some(rest.table());
                learning_curve(&mut model, &data, test, self.config, &context)?
            }
            false => None,
        };
        progress.finish();
        let mut result = model.scores_json(Some(&tested));
        let scores = linear.as_ref().map(Score::json);
        result.insert("linear".to_string(), json!(scores));
        result.extend(model.facts_json(&path, curve.as_ref()));
        let warnings = [data.warnings(), &tested.warnings, &progress.warnings()].concat();
        result.insert("warnings".to_string(), json!(warnings));
        if let Some(record) = model.record() {
            console.paragraphs(findings_in_words(&record.findings));
        }
        console.entry("saved", path_argument(&path));
        save_history(&model, &path, console);
        if let Some(file) = report {
            let scores = (&tested, linear.as_ref());
            make_report(&file, (&progress, console), || {
                self.report(&model, &data, rest.table(), scores, curve)
            })?;
        }
        Ok(Value::Object(result))
    }

    fn report(
        &self,
        model: &FittedModel,
        data: &Dataset,
        test: &Table,
        (tested, linear): (&TestResult, Option<&Score>),
        learning_curve: Option<LearningCurve>,
    ) -> Result<Report, Error> {
        let unit = self.example.unit;
        let mut scores = Scores::default();
        scores.insert_test(tested, unit);
        if let Some(linear) = linear {
            scores.push("a linear model".to_string(), linear.headline(unit));
        }
        let options = TrainingReportOptions {
            scores,
            learning_curve,
            command: &self.line.command(console::program()),
            unit,
            repeats: REPEATS,
        };
        let mut page = Report::of_training(model, data, Some(test), options)?;
        page.title = self.example.title.to_string();
        Ok(page)
    }

    fn describe(&self, data: &Dataset, test: &Table) {
        let console = self.console;
        console.say(self.example.title);
        let (rows, test) = (count(data.table().rows(), "row"), test.rows());
        console.detail("data", format!("{rows} to train on, {test} to test"));
        console.paragraph("columns", data.columns_by_kind());
        console.notes(data.warnings());
    }

    /// Prints the scores and a few rows.
    fn show(
        &self,
        model: &FittedModel,
        tested: &TestResult,
        linear: Option<&Score>,
        test: &Table,
    ) -> Result<(), Error> {
        let (console, unit) = (self.console, self.example.unit);
        if let Some(ending) = model.ending() {
            console.paragraph("training", ending);
        }
        console.entry("test", tested.score.line(unit));
        console.detail("baselines", tested.beside(linear, unit));
        let lines = model.sample_rows(test, ROWS, &self.example.shown, unit)?;
        console.details("rows", lines);
        Ok(())
    }

    /// Scores all rows by cross-validation, and a linear model beside.
    fn cross_validate(&self, all: &Dataset, progress: &Progress) -> Result<(), Error> {
        progress.phase("cross-validating");
        let context = FitContext {
            stop: self.stop.clone(),
            ..FitContext::new(self.device.clone())
        };
        let text = baselines::folds_in_words(all, FOLDS, self.config, &context)?;
        self.console.paragraph("folds", text);
        progress.finish();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_tables_are_complete() {
        for (example, rows) in [(&HOUSE_PRICES, 2930), (&PENGUINS, 344)] {
            let table = example.table().unwrap();
            assert_eq!(table.rows(), rows);
            for column in example.shown {
                assert!(table.column(column).is_ok(), "{column}");
            }
        }
    }
}
