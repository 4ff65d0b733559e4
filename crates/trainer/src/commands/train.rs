//! `trainer train`.

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use backburn_report::LearningCurve;
use backburn_tabular::{ModelFile, OutputFile, SavedModel, Table, Target, Task, TestScore};
use serde_json::{Map, Value, json};

use crate::args::TrainArgs;
use crate::baseline;
use crate::checkpoints::{self, Checkpoints};
use crate::commands::predict::{header, write_rows};
use crate::config::RunConfig;
use crate::console::{self, Console, count, shown};
use crate::data::{Understood, note_on_unseen};
use crate::device::{self, Chosen};
use crate::error::{Error, once_from_standard_input};
use crate::findings;
use crate::folds::{CrossValidated, cross_validate};
use crate::history_file;
use crate::interrupt;
use crate::looking::{FEW_ROWS, LookedAt};
use crate::members::Members;
use crate::memory::read_table;
use crate::report_file::ReportFile;
use crate::reporting;
use crate::resume::{self, Run};
use crate::run_folder::RunFolder;
use crate::saving::{default_out, place, save, shown_path};
use crate::score::Score;
use crate::training::{Manner, Trained, train};

pub fn run(args: &TrainArgs) -> Result<(), Error> {
    let mut config = RunConfig::from_args(&args.run)?;
    let looked_into = args.report.is_some() || args.learning_curve;
    if config.data.refit && looked_into && args.test.is_none() {
        let reason = "data.refit: the model learns from every row in the end, so that a report or a learning \
                      curve needs other rows, with --test";
        return Err(Error::Usage(reason.to_string()));
    }
    let chosen = device::choose(&args.run.device)?;
    let source = &args.table;
    if let Some(test) = &args.test {
        once_from_standard_input(&source.table, test)?;
    }
    let default = default_out(&source.table);
    let file = place(args.out.as_deref(), &default, &source.target)?;
    let model_path = args.out.clone().unwrap_or(default);
    let report_file = match &args.report {
        Some(path) => Some(ReportFile::create(
            path,
            &[&model_path, &history_file::path_beside(&model_path)],
        )?),
        None => None,
    };
    let out_of_fold = match &args.out_of_fold {
        Some(path) => {
            let file = OutputFile::create(path);
            let failed = |error| Error::Failed(format!("{}: {error}", path.display()));
            let file = file.map_err(failed)?;
            interrupt::unfinished(file.temporary());
            Some((path, file))
        }
        None => None,
    };
    interrupt::catch();
    let table = read_table(&source.table, &source.read.options())?;
    let test = match &args.test {
        Some(path) => Some(read_table(path, &source.read.options())?),
        None => None,
    };
    let console = Console::for_json(args.run.json);
    let understood = Understood::of_args(&table, source, &config)?;
    if let Some(test) = &test {
        check_test(test, &table, &understood)?;
    }
    describe(&table, test.as_ref(), &understood, console);
    let asked = config.ensemble.members;
    config = config.for_rows(understood.rows.len());
    if args.dashboard && config.ensemble.members.count() > 1 {
        let note = match asked {
            Members::Auto => {
                config.ensemble.members = Members::Exactly(1);
                "one network, for the dashboard: without it, several are trained, which are more accurate"
            }
            Members::Exactly(_) => "no dashboard: it shows one network, and an ensemble is trained",
        };
        console.paragraph("note", note);
    }
    let describe = || Run::new(args, &config, &chosen, &table, test.as_ref())?.to_json();
    let every = args.checkpoint_every.unwrap_or(checkpoints::EVERY);
    let checkpoints = Checkpoints::new(Box::new(describe), every, console);
    let checkpoints = match (&args.resume, &args.checkpoint) {
        (Some(path), _) => {
            let (folder, run) = resume::open(path)?;
            let now = Run::new(args, &config, &chosen, &table, test.as_ref())?;
            let changed = run.check(&now, path, args.accept_changes)?;
            console.entry("resumed", format!("train {}", run.command()));
            checkpoints.changed(changed).in_folder(folder)?
        }
        (None, Some(path)) => {
            let folder = RunFolder::create(path);
            let folder = folder.map_err(|error| checkpoints::failed(path, &error))?;
            checkpoints.in_folder(folder)?
        }
        (None, None) => {
            let beside = model_path.with_extension("checkpoint");
            if let Ok(run) = Run::read(&beside)
                && run.is_of(&source.target)
            {
                let program = console::program();
                let beside = shown_path(&beside);
                let words = format!(
                    "an unfinished run is in {beside}: to go on with it, {program} train --resume {beside}"
                );
                console.paragraph("note", words);
            }
            checkpoints.beside(beside)
        }
    };
    let job = Job {
        args,
        config: &config,
        chosen: &chosen,
        table: &table,
        test: test.as_ref(),
        understood: &understood,
        model_path: &model_path,
        manner: Manner {
            wordy: true,
            dashboard: args.dashboard,
            time_limit: args.time_limit,
            checkpoints: Some(&checkpoints),
            ..Manner::quiet(console)
        },
    };
    let done = job.run(file, report_file, out_of_fold);
    // A run that diverged would do so again.
    checkpoints.end(matches!(done, Ok(()) | Err(Error::Diverged(..))));
    done
}

/// What is to be trained, and how.
struct Job<'a> {
    args: &'a TrainArgs,
    config: &'a RunConfig,
    chosen: &'a Chosen,
    table: &'a Table,
    test: Option<&'a Table>,
    understood: &'a Understood,
    model_path: &'a Path,
    manner: Manner<'a>,
}

impl Job<'_> {
    /// Trains, saves and tells.
    fn run(
        self,
        file: ModelFile,
        report_file: Option<ReportFile>,
        out_of_fold: Option<(&PathBuf, OutputFile)>,
    ) -> Result<(), Error> {
        let Self {
            args,
            config,
            chosen,
            table,
            test,
            understood,
            model_path,
            manner,
        } = self;
        let console = manner.console;
        let mut result = Map::new();
        let mut scores = Vec::new();
        if let Some(folds) = args.folds {
            let folds = usize::from(folds);
            let validated = cross_validate(table, understood, folds, config, chosen, manner)?;
            if let Some((path, file)) = out_of_fold {
                write_out_of_fold(&validated, file)
                    .map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
                console.entry("written", shown_path(path));
            }
            scores.push((format!("{folds}-fold cross-validation"), validated.words));
            result.insert("cross_validation".to_string(), validated.json);
        }

        let split = understood.split(config);
        let kept = Mutex::new(None);
        let so_far = |model: &SavedModel| keep(model, model_path, &kept, console);
        let keeping = Manner {
            so_far: Some(&so_far),
            ..manner
        };
        let mut trained = match train(table, understood, split, config, chosen, keeping) {
            Err(Error::Diverged(history, findings)) => {
                findings::show(&findings, console);
                if let Some(file) = report_file {
                    let report = reporting::of_no_model(&history, &findings, understood, config);
                    file.write(&report, console)?;
                }
                if args.run.json {
                    console::json(&json!({ "stop": "Diverged", "findings": findings }));
                }
                return Err(Error::Diverged(history, findings));
            }
            trained => trained?,
        };
        let tested = match test {
            Some(test) => score_on_test(&mut trained, test, chosen, console).and_then(|score| {
                let target = &trained.model.target;
                let baseline = baseline::constant(table, understood, target, test)?;
                let trust = score.trust(&trained.predictor(chosen), test)?;
                Ok(Some((score, trust, baseline)))
            }),
            None => Ok(None),
        };
        // Saved before anything else can fail.
        let path = save(file, &trained.model)?;
        let saved = shown_path(&path);
        console.paragraph("training", trained.ending());
        match tested {
            Ok(tested) => {
                if let Some((score, _, baseline)) = &tested {
                    let what = baseline::in_words(understood);
                    scores.insert(0, ("test".to_string(), score.line("")));
                    scores.insert(1, (format!("always {what}"), baseline.headline("")));
                }
                result.extend(report(&trained, tested, understood, console));
            }
            Err(error) => {
                console.entry("saved", saved);
                return Err(error);
            }
        }
        console.entry("saved", &saved);
        let few = trained.split.training.len() <= FEW_ROWS && !config.data.refit;
        let wanted = args.learning_curve || report_file.is_some() || few;
        let looked_at = LookedAt {
            table,
            test,
            understood,
            config,
            chosen,
            manner,
        };
        let curve = match wanted {
            true => looked_at.learning_curve(&mut trained),
            false => Ok(None),
        };
        let curve = curve.unwrap_or_else(|error| {
            console.paragraph("note", format!("no learning curve: {error}"));
            None
        });
        if args.learning_curve && curve.is_none() {
            let why = "interrupted, or too few rows to learn from or to score on";
            console.paragraph("note", format!("no learning curve: {why}"));
        }
        findings::show(&trained.findings, console);
        save_history(&trained, &path, console);
        result.extend(facts(&trained, curve.as_ref(), &path));
        if let Some(file) = report_file {
            let report = looked_at.report(&trained, &scores, curve)?;
            file.write(&report, console)?;
        }
        let program = console::program();
        console.entry("next", format!("{program} predict {saved} TABLE"));
        if args.run.json {
            console::json(&Value::Object(result));
        }
        Ok(())
    }
}

/// Writes the model of the networks so far, so that nothing that ends the program loses more than the
/// last few seconds.
fn keep(model: &SavedModel, path: &Path, kept: &Mutex<Option<Instant>>, console: Console) {
    const BETWEEN: Duration = Duration::from_secs(10);
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let lately = kept.is_some_and(|at: Instant| at.elapsed() < BETWEEN);
    if lately || model.summary.best_epoch == 0 {
        return;
    }
    *kept = Some(Instant::now());
    let written = ModelFile::create(path).and_then(|file| file.write(model));
    if let Err(error) = written {
        console.paragraph("note", format!("not saved yet: {error}"));
    }
}

/// Writes what each row was predicted when it was left out.
fn write_out_of_fold(validated: &CrossValidated, mut file: OutputFile) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(BufWriter::new(&mut file));
    let header = header(&validated.predictions, false).into_iter();
    out.write_record(std::iter::once("row".to_string()).chain(header))?;
    write_rows(
        &validated.predictions,
        Some(&validated.rows),
        None,
        &mut out,
    )?;
    out.flush()?;
    drop(out);
    file.commit()
}

/// A score on test rows, how far to trust the model, and the score of the baseline.
type Tested = (Score, Option<(&'static str, String)>, Score);

/// Prints the scores, and returns them as JSON.
fn report(
    trained: &Trained,
    tested: Option<Tested>,
    understood: &Understood,
    console: Console,
) -> Map<String, Value> {
    if let Some(score) = &trained.validation {
        console.entry("validation", score.line(""));
    }
    let mut json = match (&tested, &trained.validation) {
        (Some((score, ..)), _) | (None, Some(score)) => score.json(),
        (None, None) => Map::from_iter([
            ("task".to_string(), json!(understood.task)),
            ("rows".to_string(), json!(0)),
        ]),
    };
    let scored_on = match (&tested, &trained.validation) {
        (Some(_), _) => "test",
        (None, Some(_)) => "validation",
        (None, None) => "nothing",
    };
    json.insert("scored_on".to_string(), json!(scored_on));
    if let Some((score, trust, baseline)) = tested {
        console.entry("test", score.line(""));
        if let Some((heading, words)) = trust {
            console.entry(heading, words);
        }
        if let Some(note) = score.passed_over_note() {
            console.paragraph("note", note);
        }
        let what = baseline::in_words(understood);
        let baseline_line = format!("{} by always predicting {what}", baseline.headline(""));
        console.entry("baseline", baseline_line);
        if score.error().1 >= baseline.error().1 {
            let note = format!("the model is no better than always predicting {what}");
            console.paragraph("note", note);
        }
        json.insert("baseline".to_string(), Value::Object(baseline.json()));
    }
    json
}

/// Scores a trained model on a table, and notes the score in the model.
pub fn score_on_test(
    trained: &mut Trained,
    test: &Table,
    chosen: &Chosen,
    console: Console,
) -> Result<Score, Error> {
    let (predictions, unseen) = trained.predictor(chosen).predict_and_count(test)?;
    if let Some(note) = note_on_unseen(&unseen) {
        console.paragraph("note", note);
    }
    let score = Score::of_table(&predictions, test, &trained.model.target)?;
    trained.model.summary.test = Some(TestScore {
        table: test.name().to_string(),
        rows: score.rows,
        scores: score.metrics(),
    });
    Ok(score)
}

/// Writes the history beside the model; where that cannot be, the model is there all the same.
pub fn save_history(trained: &Trained, model: &Path, console: Console) {
    // A pipe or a device has nothing beside it.
    if !model.is_file() {
        return;
    }
    match history_file::write(model, &trained.model, &trained.history, &trained.findings) {
        Ok(path) => console.entry("history", shown_path(&path)),
        Err(error) => {
            let path = history_file::path_beside(model);
            let path = path.display();
            console.paragraph("note", format!("{path}: the history is not saved: {error}"));
        }
    }
}

/// What the JSON says of the training itself.
pub fn facts(trained: &Trained, curve: Option<&LearningCurve>, out: &Path) -> Map<String, Value> {
    let summary = &trained.model.summary;
    let facts = [
        ("target", json!(trained.model.target.column())),
        ("training_rows", json!(summary.training_rows)),
        ("validation_rows", json!(summary.validation_rows)),
        ("epochs", json!(summary.epochs)),
        ("best_epoch", json!(summary.best_epoch)),
        ("stop", json!(format!("{:?}", trained.stop))),
        ("seconds", json!(trained.seconds)),
        ("seed", json!(summary.seed)),
        ("device", json!(summary.device)),
        ("learning_rate", json!(trained.history.start.learning_rate)),
        ("model", json!(out.display().to_string())),
        ("findings", json!(trained.findings)),
        ("learning_curve", json!(curve.map(|curve| &curve.points))),
    ];
    let classes = match &trained.model.target {
        Target::Regression { .. } => None,
        Target::Classification { classes, .. } => Some(("classes", json!(classes))),
    };
    facts
        .into_iter()
        .chain(classes)
        .map(|(name, value)| (name.to_string(), value))
        .collect()
}

/// Makes sure before training that the table to test on has what the model will need.
fn check_test(test: &Table, table: &Table, understood: &Understood) -> Result<(), Error> {
    let target = &understood.target;
    understood.schema.check(test, target)?;
    Target::known_rows(test, target, understood.task)?;
    if understood.task == Task::Classification {
        let rows = &understood.rows;
        let known = Target::fit(table, target, understood.task, rows, rows)?.classes(test)?;
        if known.iter().all(Option::is_none) {
            let name = test.name();
            let reason = format!("{name}: no row has a class of `{}` to score", shown(target));
            return Err(Error::Failed(reason));
        }
    }
    for column in understood.features() {
        understood.schema.check(test, column)?;
    }
    Ok(())
}

fn describe(table: &Table, test: Option<&Table>, understood: &Understood, console: Console) {
    let mut data = format!("{}: {}", table.name(), count(table.rows(), "row"));
    if let Some(test) = test {
        data += &format!(", {} to test", count(test.rows(), "row"));
    }
    console.entry("data", data);
    console.paragraph("columns", understood.columns_in_words());
    for note in &understood.notes {
        console.paragraph("note", note);
    }
    let target = format!("{} ({})", shown(&understood.target), understood.task);
    console.entry("target", target);
}
