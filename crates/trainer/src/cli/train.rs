//! `trainer train`.

use std::env;
use std::path::{Path, PathBuf};

use backburn::command_words::resume_command;
use backburn::{
    CheckpointOptions, Checkpoints, CommandFiles, CommandLine, Config, CrossValidation,
    DEFAULT_INTERVAL, Dataset, Estimator, FitContext, FittedModel, KeepModel, LearningCurve,
    ModelFile, MultiTargetDataset, PredictionFile, PredictionFormat, RunDescription,
    SelectedDevice, StopToken, Table, TestResult, TestRows, findings_in_words, history_file,
    learning_curve, model_path, no_learning_curve, one_target, only_for_one_target,
    text::path_argument,
};
use backburn_report::{Report, ReportFile, Scores, TrainingReportOptions};
use serde_json::{Map, Value, json};

use super::args::TrainArgs;
use super::dataset::source;
use super::saving::{make_report, model_file, prediction_file, save, save_history, write_report};
use crate::device;
use crate::error::{Error, once_from_standard_input};
use crate::interrupt;
use crate::ui::console::{self, Console};
use crate::ui::dashboard::Dashboard;
use crate::ui::progress::Progress;

/// Up to this many training rows, the learning curve is computed by default.
const FEW_ROWS: usize = 300;

pub fn run(args: &TrainArgs, line: &CommandLine) -> Result<(), Error> {
    if let Some(from) = &args.continual.from {
        return update(args, line, from);
    }
    let mut config = args.run.settings()?;
    args.continual.prepare(&mut config);
    args.scoring.set(&mut config.scoring)?;
    let has_test = args.test.is_some() || args.test_share.is_some();
    config.check_refit(args.report.is_some() || args.learning_curve, has_test)?;
    let device = device::choose(args.run.device.name())?;
    let files = Files::open(args)?;
    let stop = interrupt::catch();
    config.set_target_weights(&args.target_weight)?;
    let (table, targets, options) = source(&args.table).read(&mut config)?;
    if targets.len() > 1 {
        let data = MultiTargetDataset::new(table, &targets, &options)?;
        return run_targets(args, line, &config, data, (files, device, stop));
    }
    let data = Dataset::new(table, one_target(&targets)?, &options)?;
    run_target(args, line, config, data, (files, device, stop))
}

/// Trains one model of one target.
fn run_target(
    args: &TrainArgs,
    line: &CommandLine,
    config: Config,
    data: Dataset,
    (files, device, stop): (Files, SelectedDevice, StopToken),
) -> Result<(), Error> {
    let console = Console::for_json(args.run.json);
    let (data, test) = data.with_test(&test_rows(args, &config))?;
    if args.out.is_none() {
        files.model.check_replaced(data.target())?;
    }
    console.paragraphs(data.in_words(test.as_ref()));
    let (config, note) = config.for_dashboard(data.rows().len(), args.dashboard);
    console.notes(note.as_slice());
    let progress = Progress::new(console, "");
    let dashboard = Dashboard::new(&progress, "", stop.clone());
    let shown: &dyn backburn::Observer = match args.dashboard {
        true => &dashboard,
        false => &progress,
    };
    let model_path = files.model_path.clone();
    let keep = KeepModel::new(&model_path, shown).resumed(args.resume.is_some());
    let now = || describe_run(args, &config, &device, &data, test.as_ref());
    let describe = || now()?.to_json();
    let interval = args.checkpoint_every.unwrap_or(DEFAULT_INTERVAL);
    let checkpoints = Checkpoints::new(describe, interval, &keep);
    let model = (&*model_path, data.target());
    let checkpoints = open_checkpoints(checkpoints, args, model, now, console)?;
    let training = Training {
        args,
        line,
        config: &config,
        data: &data,
        test: test.as_ref(),
        progress: &progress,
        console,
        context: FitContext {
            checkpoints: Some(&checkpoints),
            ..FitContext::of_run(device.clone(), &keep, stop, args.time_limit)
        },
    };
    let done = training.run(files);
    drop(training);
    progress.finish();
    // A run that diverged would do so again.
    let diverged = matches!(done, Err(Error::Library(backburn::Error::Diverged { .. })));
    let finished = (done.is_ok() || diverged) && !interrupt::requested();
    end_checkpoints(checkpoints, args, finished, console);
    done
}

/// Continues the training of a model with the rows of a table.
fn update(args: &TrainArgs, line: &CommandLine, from: &Path) -> Result<(), Error> {
    let console = Console::for_json(args.run.json);
    let progress = Progress::new(console, "");
    let device = device::choose(args.run.device.name())?;
    let context = FitContext::of_run(device, &progress, interrupt::catch(), args.time_limit);
    let report = args.report.as_deref();
    let files = (&*args.table.table, args.out.as_deref(), report);
    let report_file = ReportFile::of_report(report)?;
    let (settings, read) = (args.run.changes()?, args.table.read.options());
    let target = one_target(&args.table.target)?;
    let update = args.continual.update(from, files, target, settings, read);
    let report = update.run(&context, args.run.json, |window| Console::Error.say(window))?;
    progress.finish();
    console.paragraphs(report.in_words());
    let results = report.results().into_iter();
    results.for_each(|(heading, text)| console.entry(heading, text));
    if let Some(file) = report_file {
        let command = line.command(console::program());
        let make = || Report::of_update(&report, from, &command);
        make_report(&file, (&progress, console), make)?;
    }
    if args.run.json {
        console::json(&report.json());
    }
    Ok(())
}

/// The output files. They are checked before the work starts.
struct Files {
    model: ModelFile,
    model_path: PathBuf,
    report: Option<ReportFile>,
    out_of_fold: Option<PredictionFile>,
}

impl Files {
    fn open(args: &TrainArgs) -> Result<Self, Error> {
        let default = model_path(&args.table.table);
        let model_path = args.out.clone().unwrap_or_else(|| default.clone());
        Self::check(args, &model_path)?;
        let model = model_file(args.out.as_deref(), &default)?;
        let report = ReportFile::of_report(args.report.as_deref())?;
        let out_of_fold = args.out_of_fold.as_deref();
        let out_of_fold = out_of_fold
            .map(|path| prediction_file("--out-of-fold", path, PredictionFormat::of_path(path)));
        Ok(Self {
            model,
            model_path,
            report,
            out_of_fold: out_of_fold.transpose()?,
        })
    }

    /// Checks that standard input is read once, and that no output is an input or another output.
    fn check(args: &TrainArgs, model: &Path) -> Result<(), Error> {
        let mut files = CommandFiles::new().table(&args.table.table);
        if let Some(test) = &args.test {
            once_from_standard_input(&args.table.table, test)?;
            files = files.table(test);
        }
        if let Some(costs) = &args.scoring.cost {
            files = files.input("--cost", costs);
        }
        files = args.run.input(files).output("--out", model);
        files = files.output("the history", &history_file::path_beside(model));
        for (option, path) in args.outputs().skip_while(|(option, _)| *option == "--out") {
            files = files.output(option, path);
        }
        if let Some(folder) = args.resume.as_ref().or(args.checkpoint.as_ref()) {
            files = files.folder("the folder of checkpoints", folder);
        }
        Ok(files.printed(args.run.json).check()?)
    }
}

/// The rows to test on.
fn test_rows<'a>(args: &'a TrainArgs, config: &Config) -> TestRows<'a> {
    let continual = &args.continual;
    TestRows {
        table: args.test.as_deref(),
        read: args.table.read.options(),
        share: continual.test_share(args.test_share, args.test.is_some()),
        ..TestRows::of_config(config)
    }
}

/// Trains one model of several targets.
fn run_targets(
    args: &TrainArgs,
    line: &CommandLine,
    config: &Config,
    data: MultiTargetDataset,
    (files, device, stop): (Files, SelectedDevice, StopToken),
) -> Result<(), Error> {
    only_for_one_target(&[
        ("--folds", args.folds.is_some()),
        ("--out-of-fold", args.out_of_fold.is_some()),
        ("--checkpoint", args.checkpoint.is_some()),
        ("--resume", args.resume.is_some()),
        ("--learning-curve", args.learning_curve),
        ("--dashboard", args.dashboard),
        ("--remember", args.continual.remember.is_some()),
    ])?;
    if args.out.is_none() {
        files.model.check_replaced(&data.names())?;
    }
    let (data, test) = data.with_test(&test_rows(args, config))?;
    let console = Console::for_json(args.run.json);
    console.paragraphs(data.in_words(test.as_ref()));
    let progress = Progress::new(console, "");
    let context = FitContext::of_run(device, &progress, stop, args.time_limit);
    let fit = data.fit_and_save(config, test.as_ref(), files.model, &context);
    progress.finish();
    let fit = fit?;
    console.lines(fit.lines);
    if let Some(file) = files.report {
        let command = line.command(console::program());
        let tested = (test.as_ref(), fit.tested.as_slice());
        let make = || Report::of_training_targets(&fit.model, &data, tested, &command);
        make_report(&file, (&progress, console), make)?;
    }
    if args.run.json {
        console::json(&Value::Object(fit.json));
    }
    Ok(())
}

/// Opens the checkpoints, and says which run is resumed or could be. `now` describes this run.
fn open_checkpoints<'a>(
    checkpoints: Checkpoints<'a>,
    args: &TrainArgs,
    (model, target): (&Path, &str),
    now: impl Fn() -> Result<RunDescription, backburn::Error>,
    console: Console,
) -> Result<Checkpoints<'a>, Error> {
    let options = CheckpointOptions {
        resume: args.resume.as_deref(),
        folder: args.checkpoint.as_deref(),
        accept_changes: args.accept_changes,
        beside: model.with_extension("checkpoint"),
        target,
        program: console::program(),
    };
    let (checkpoints, said) = checkpoints.open(&options, now)?;
    console.lines(said.into_iter().collect());
    Ok(checkpoints)
}

fn describe_run(
    args: &TrainArgs,
    config: &Config,
    device: &SelectedDevice,
    data: &Dataset,
    test: Option<&Table>,
) -> Result<RunDescription, backburn::Error> {
    let options = [
        ("task", args.table.task.map(|task| task.to_string())),
        ("folds", args.folds.map(|folds| folds.to_string())),
    ];
    let options = options.into_iter();
    let facts = options.filter_map(|(name, value)| Some((name, value?)));
    let folder = env::current_dir().unwrap_or_default();
    let run = RunDescription::new(config, device, data, test, facts)?;
    let outputs = args.outputs().map(|(option, path)| (option, path.into()));
    Ok(run.with_command(args.typed.clone(), folder.into(), outputs.collect()))
}

/// Removes the checkpoints of a finished run, or prints how to resume an unfinished one.
fn end_checkpoints(checkpoints: Checkpoints, args: &TrainArgs, finished: bool, console: Console) {
    match checkpoints.end(finished) {
        Ok(None) => {}
        Ok(Some(folder)) => {
            let command = resume_command(console::program(), &folder, args.outputs());
            console.entry("to resume", command);
        }
        Err(error) => {
            console.paragraph("note", format!("the checkpoints are not removed: {error}"));
        }
    }
}

/// A training run with its inputs and outputs.
struct Training<'a> {
    args: &'a TrainArgs,
    line: &'a CommandLine,
    config: &'a Config,
    data: &'a Dataset,
    test: Option<&'a Table>,
    progress: &'a Progress<'a>,
    console: Console,
    context: FitContext<'a>,
}

impl Training<'_> {
    /// Trains the model, saves it and prints the results.
    fn run(&self, files: Files) -> Result<(), Error> {
        let mut scores = Scores::default();
        let mut result = Map::new();
        let folds = self.args.folds.map(usize::from);
        if let Some(folds) = folds.or_else(|| self.data.given_folds()) {
            let validated = self.cross_validate(folds, files.out_of_fold)?;
            result.insert("cross_validation".to_string(), validated.json());
            let name = format!("{folds}-fold cross-validation");
            scores.push(name, validated.to_string());
        }
        let mut model = self.fit(files.report.as_ref())?;
        let tested = match self.test {
            Some(table) => model.test(self.data, table).map(Some).map_err(Error::from),
            None => Ok(None),
        };
        let mut warnings = self.data.warnings().to_vec();
        if let Ok(Some(tested)) = &tested {
            self.console.notes(&tested.notes);
            warnings.extend(tested.warnings.clone());
        }
        let kept = self.args.continual.keep(&mut model, self.data, self.test);
        // Saved before anything else can fail.
        let path = save(files.model, model.model())?;
        kept?;
        self.progress.finish();
        self.show(&model, tested, &path, &mut scores, &mut result)?;
        let curve = self.learning_curve(&mut model, files.report.is_some());
        if let Some(record) = model.record() {
            self.console.paragraphs(findings_in_words(&record.findings));
        }
        result.extend(model.facts_json(&path, curve.as_ref()));
        save_history(&model, &path, self.console);
        if let Some(file) = files.report {
            self.report(&file, &model, scores, curve)?;
        }
        let (program, saved) = (console::program(), path_argument(&path));
        self.console
            .detail("next", format!("{program} predict {saved} TABLE"));
        if self.args.run.json {
            warnings.extend(self.progress.warnings());
            result.insert("warnings".to_string(), json!(warnings));
            console::json(&Value::Object(result));
        }
        Ok(())
    }

    fn report(
        &self,
        file: &ReportFile,
        model: &FittedModel,
        scores: Scores,
        learning_curve: Option<LearningCurve>,
    ) -> Result<(), Error> {
        let options = TrainingReportOptions {
            scores,
            learning_curve,
            command: &self.line.command(console::program()),
            ..TrainingReportOptions::default()
        };
        make_report(file, (self.progress, self.console), || {
            Report::of_training(model, self.data, self.test, options)
        })
    }

    fn cross_validate(
        &self,
        folds: usize,
        out_of_fold: Option<PredictionFile>,
    ) -> Result<CrossValidation, Error> {
        self.data.check_folds("--folds", folds)?;
        let estimator = Estimator::new(self.config.clone());
        let validated = estimator.cross_validate(self.data, folds, &self.context)?;
        self.progress.finish();
        self.console.entry("folds", &validated);
        if let Some(out_of_fold) = out_of_fold {
            let path = out_of_fold.path().to_path_buf();
            out_of_fold.write(&validated.predicted_rows())?;
            self.console.detail("written", path_argument(&path));
        }
        Ok(validated)
    }

    /// Fits the model. If the loss diverges before there is a model, prints the findings.
    fn fit(&self, report_file: Option<&ReportFile>) -> Result<FittedModel, Error> {
        let fitted = Estimator::new(self.config.clone()).fit(self.data, &self.context);
        if let Err(backburn::Error::Diverged { history, findings }) = &fitted {
            self.progress.finish();
            self.console.paragraphs(findings_in_words(findings));
            if let Some(file) = report_file {
                let command = self.line.command(console::program());
                let report =
                    Report::of_failure(history, findings, self.data, self.config, &command);
                write_report(file, &report, self.console)?;
            }
            if self.args.run.json {
                console::json(&json!({ "stop": "Diverged", "findings": findings }));
            }
        }
        Ok(fitted?)
    }

    /// Prints how training ended and the scores. A test that failed is an error after the model is saved.
    fn show(
        &self,
        model: &FittedModel,
        tested: Result<Option<TestResult>, Error>,
        path: &Path,
        scores: &mut Scores,
        result: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        if let Some(ending) = model.ending() {
            self.console.paragraph("training", ending);
        }
        let saved = path_argument(path);
        match tested {
            Ok(tested) => {
                if let Some(tested) = &tested {
                    scores.insert_test(tested, "");
                }
                self.console.lines(model.scores_in_words(tested.as_ref()));
                result.extend(model.scores_json(tested.as_ref()));
                self.console.entry("saved", saved);
                Ok(())
            }
            Err(error) => {
                self.console.entry("saved", saved);
                Err(error)
            }
        }
    }

    /// The learning curve, if the user asked for it, if there is a report, or if there are few rows.
    fn learning_curve(&self, model: &mut FittedModel, report: bool) -> Option<LearningCurve> {
        let rows = model
            .record()
            .map_or(0, |record| record.split.training.len());
        let few = rows <= FEW_ROWS && !self.config.data.refit;
        if !(self.args.learning_curve || report || few) {
            return None;
        }
        self.progress.phase("training on parts of the rows");
        let curve = learning_curve(model, self.data, self.test, self.config, &self.context);
        self.progress.finish();
        let note = no_learning_curve(&curve, self.args.learning_curve);
        self.console.notes(note.as_slice());
        let curve = curve.ok().flatten();
        if let Some(curve) = curve.as_ref().filter(|_| self.args.learning_curve) {
            self.console.entries("curve", curve.lines());
        }
        curve
    }
}
