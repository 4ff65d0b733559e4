//! `trainer example`, and `trainer` alone.

use std::borrow::Cow;
use std::io::Cursor;
use std::path::PathBuf;

use backburn_tabular::{ModelFile, ReadOptions, Split, Table, TableError, Target};
use serde_json::{Map, Value, json};

use crate::args::{ExampleArgs, ExampleName};
use crate::baseline;
use crate::commands::train::{facts, save_history, score_on_test};
use crate::config::{RunConfig, SimilarRows};
use crate::console::{self, Console, count, number};
use crate::data::Understood;
use crate::device::{self, Chosen};
use crate::error::Error;
use crate::findings;
use crate::history_file;
use crate::interrupt;
use crate::looking::LookedAt;
use crate::report_file::ReportFile;
use crate::saving::{place, save, shown_path};
use crate::score::Truth;
use crate::training::{Manner, Trained, train};

/// A table that comes with the program.
pub struct Example {
    name: &'static str,
    title: &'static str,
    bytes: &'static [u8],
    pub target: &'static str,
    unit: &'static str,
    /// Columns to show beside predictions.
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
    target: "Sale_Price",
    unit: "$",
    shown: ["Neighborhood", "Gr_Liv_Area", "Bedroom_AbvGr", "Year_Built"],
};

pub const PENGUINS: Example = Example {
    name: "penguins",
    title: "Species of penguins",
    bytes: include_bytes!("../../data/penguins.csv"),
    target: "species",
    unit: "",
    shown: [
        "island",
        "bill_length_mm",
        "flipper_length_mm",
        "body_mass_g",
    ],
};

/// The share of rows that are never learned from.
const TEST_SHARE: f64 = 0.2;

pub fn run(args: &ExampleArgs) -> Result<(), Error> {
    let mut config = RunConfig::from_args(&args.run)?;
    // An example is to be quick: it tries nothing out that was not asked for.
    if config.data.similar_rows == SimilarRows::Auto {
        config.data.similar_rows = SimilarRows::Never;
    }
    let chosen = device::choose(&args.run.device)?;
    interrupt::catch();
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
        let default = PathBuf::from(format!("{}.safetensors", example.name));
        let file = place(args.out.as_deref(), &default, example.target)?;
        let report = args
            .report
            .clone()
            .unwrap_or_else(|| format!("{}.html", example.name).into());
        let model = args.out.as_deref().unwrap_or(&default);
        let others = [model, &history_file::path_beside(model)];
        let report = match ReportFile::create(&report, &others) {
            Ok(report) => Some(report),
            Err(error) if args.report.is_some() => return Err(error),
            // The report was not asked for.
            Err(error) => {
                console.paragraph("note", format!("no report: {error}"));
                None
            }
        };
        let result = run_one(example, (file, report), &config, &chosen, console)?;
        results.insert(example.name.to_string(), result);
        if interrupt::requested() {
            break;
        }
    }
    if args.run.json {
        let result = match args.name {
            Some(_) => results
                .into_iter()
                .map(|(_, result)| result)
                .collect::<Vec<_>>()
                .remove(0),
            None => Value::Object(results),
        };
        console::json(&result);
    }
    Ok(())
}

fn run_one(
    example: &Example,
    (file, report): (ModelFile, Option<ReportFile>),
    config: &RunConfig,
    chosen: &Chosen,
    console: Console,
) -> Result<Value, Error> {
    let all = example.table()?;
    let whole = Understood::new(&all, example.target, None, None, config)?;
    let split = Split::new(
        &whole.rows,
        TEST_SHARE,
        whole.classes.as_deref(),
        config.training.seed,
    );
    let table = all.select(example.name, &split.training)?;
    let test = all.select(example.name, &split.validation)?;
    let understood = Understood::new(&table, example.target, Some(whole.task), None, config)?;

    console.say(example.title);
    console.entry(
        "data",
        format!(
            "{} to learn from, {} to test",
            count(table.rows(), "row"),
            test.rows()
        ),
    );
    console.paragraph("columns", understood.columns_in_words());
    for note in &understood.notes {
        console.paragraph("note", note);
    }
    let manner = Manner {
        wordy: true,
        unit: example.unit,
        ..Manner::quiet(console)
    };
    let inner = understood.split(config);
    let mut trained = train(&table, &understood, inner, config, chosen, manner)?;
    let score = score_on_test(&mut trained, &test, chosen, console)?;
    let path = save(file, &trained.model)?;
    console.paragraph("training", trained.ending());
    console.entry("test", score.line(example.unit));
    let mean = baseline::constant(&table, &understood, &trained.model.target, &test)?;
    let linear = match interrupt::requested() {
        true => None,
        false => Some(baseline::linear(
            &table,
            &understood,
            config,
            chosen,
            manner,
            &test,
        )?),
    };
    let what = baseline::in_words(&understood);
    let mut beside = format!("always {what}: {}", mean.headline(example.unit));
    if let Some(linear) = &linear {
        beside += &format!("; a linear model: {}", linear.headline(example.unit));
    }
    console.entry("beside", beside);
    show_rows(example, &trained, &test, chosen, console)?;
    let looked_at = LookedAt {
        table: &table,
        test: Some(&test),
        understood: &understood,
        config,
        chosen,
        manner,
    };
    let curve = looked_at.learning_curve(&mut trained)?;

    let mut result = score.json();
    result.insert("scored_on".to_string(), json!("test"));
    result.insert("baseline".to_string(), Value::Object(mean.json()));
    result.insert(
        "linear".to_string(),
        json!(linear.as_ref().map(|l| l.json())),
    );
    result.extend(facts(&trained, curve.as_ref(), &path));
    findings::show(&trained.findings, console);
    console.entry("saved", shown_path(&path));
    save_history(&trained, &path, console);
    if let Some(file) = report {
        let mut scores = vec![("test".to_string(), score.line(example.unit))];
        scores.push((format!("always {what}"), mean.headline(example.unit)));
        scores.extend(linear.map(|l| ("a linear model".to_string(), l.headline(example.unit))));
        let mut report = looked_at.report(&trained, &scores, curve)?;
        report.title = example.title.to_string();
        file.write(&report, console)?;
    }
    let program = console::program();
    console.entry("next", format!("{program} inspect {}", shown_path(&path)));
    console.entry(
        "",
        format!("{program} train TABLE --target COLUMN, with a table of yours"),
    );
    Ok(Value::Object(result))
}

/// A few rows from all over the test, predicted beside the truth.
fn show_rows(
    example: &Example,
    trained: &Trained,
    test: &Table,
    chosen: &Chosen,
    console: Console,
) -> Result<(), Error> {
    const ROWS: usize = 5;
    let rows: Vec<usize> = (0..ROWS).map(|row| row * test.rows() / ROWS).collect();
    let few = test.select(example.name, &rows)?;
    let predictions = trained.predictor(chosen).predict_table(&few)?;
    let target = &trained.model.target;
    let truth = Truth::of(&few, target)?;
    let amount = |value: f64| format!("{}{}", example.unit, number(value));
    let mut lines = vec![
        [&example.shown[..], &["predicted", "actual"]]
            .concat()
            .iter()
            .map(|s| (*s).to_string())
            .collect::<Vec<_>>(),
    ];
    let labels = predictions.labels();
    for row in 0..ROWS {
        let mut line = Vec::new();
        for column in example.shown {
            let cell = few.column(column)?.cells().nth(row);
            line.push(
                cell.and_then(|cell| cell.category())
                    .map_or_else(|| "missing".to_string(), Cow::into_owned),
            );
        }
        match (&truth, target) {
            (Truth::Values(values), _) => {
                line.push(labels[row].parse().map_or(String::new(), amount));
                line.push(amount(values[row]));
            }
            (Truth::Classes(of_row), Target::Classification { classes, .. }) => {
                line.push(labels[row].clone());
                line.push(of_row[row].map_or(String::new(), |class| classes[class].clone()));
            }
            _ => {}
        }
        lines.push(line);
    }
    for (place, line) in align(&lines).into_iter().enumerate() {
        console.entry(if place == 0 { "rows" } else { "" }, line);
    }
    Ok(())
}

/// Columns of one width each.
fn align(lines: &[Vec<String>]) -> Vec<String> {
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            lines
                .iter()
                .map(|line| line[column].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    lines
        .iter()
        .map(|line| {
            let cells = line
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:>width$}"));
            cells.collect::<Vec<_>>().join("  ")
        })
        .collect()
}

/// The embedded tables can be read.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_tables_are_whole() {
        for (example, rows) in [(&HOUSE_PRICES, 2930), (&PENGUINS, 344)] {
            let table = example.table().unwrap();
            assert_eq!(table.rows(), rows);
            for column in example.shown {
                assert!(table.column(column).is_ok(), "{column}");
            }
        }
    }
}
