//! `trainer compare`.

use std::time::Instant;

use backburn::text::{count, mean_and_deviation, seconds};
use backburn::{
    Config, Dataset, Estimator, FitContext, Preset, Score, Settings, Split, Target, baselines,
    k_folds, read_table,
};
use serde_json::{Value, json};

use super::args::{CompareArgs, Method};
use crate::device;
use crate::error::Error;
use crate::interrupt;
use crate::ui::console::{self, Console};
use crate::ui::progress::Progress;
use crate::ui::words;

const ALL: &[Method] = &[
    Method::Constant,
    Method::Linear,
    Method::Mlp,
    #[cfg(feature = "boosting")]
    Method::Boosting,
    Method::Fast,
    Method::Default,
    Method::Best,
];

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Mlp => "plain MLP",
            #[cfg(feature = "boosting")]
            Self::Boosting => "boosting",
            Self::Fast => "fast",
            Self::Default => "default",
            Self::Best => "best",
        }
    }

    /// The settings of a method that is a network.
    fn config(self, seed: u64) -> Result<Config, Error> {
        const PLAIN: [&str; 6] = [
            "data.numeric_scaler=standard",
            "data.bins=0",
            "data.target_transform=standard",
            "data.neighbor_features=false",
            "data.knn_features=never",
            "ensemble.members=1",
        ];
        const MLP: [&str; 2] = ["network.dropout=0", "network.activation=relu"];
        const LINEAR: [&str; 2] = ["network.hidden=[]", "training.learning_rate=0.01"];
        let (preset, set) = match self {
            Self::Fast => (Preset::Fast, Vec::new()),
            Self::Best => (Preset::Best, Vec::new()),
            Self::Default | Self::Constant => (Preset::Default, Vec::new()),
            Self::Linear => (Preset::Default, [PLAIN.as_slice(), &LINEAR].concat()),
            _ => (Preset::Default, [PLAIN.as_slice(), &MLP].concat()),
        };
        let mut settings = Settings::new();
        for assignment in set {
            settings = settings.set(assignment)?;
        }
        let settings = settings.set(&format!("training.seed={seed}"))?;
        Ok(settings.over(preset)?)
    }
}

/// The result of a method on all folds.
struct Row {
    method: Method,
    scores: Vec<Score>,
    seconds: f64,
}

pub fn run(args: &CompareArgs) -> Result<(), Error> {
    let device = device::choose(args.device.name())?;
    let table = read_table(&args.table.table, &args.table.read.options())?;
    let config = Method::Default.config(args.seed)?;
    let data = Dataset::new(table, &args.table.target, &args.table.options(&config))?;
    let folds = usize::from(args.folds);
    if folds > data.rows().len() {
        let rows = count(data.rows().len(), "row");
        return Err(Error::Usage(format!(
            "--folds {folds}: must be at most the number of rows, and there are {rows}"
        )));
    }
    let stop = interrupt::catch();
    let console = Console::for_json(args.json);
    words::describe(&data, None, console);
    let splits = k_folds(data.rows(), folds, data.classes(), args.seed);
    let line = format!("mean of {folds} folds ± standard deviation; lower errors are better");
    console.detail("scores", line);
    let progress = Progress::new(console, "");
    let context = FitContext {
        stop: stop.clone(),
        time_limit: args.time_limit,
        observer: &progress,
        ..FitContext::new(device).quiet()
    };
    let methods = match args.only.is_empty() {
        true => ALL,
        false => args.only.as_slice(),
    };
    let mut rows: Vec<Row> = Vec::new();
    for &method in methods {
        let started = Instant::now();
        progress.phase(method.name());
        let scores = scores(method, &data, &splits, args.seed, &context)?;
        progress.finish();
        if stop.is_stopped() {
            let reason = "interrupted: the remaining methods are not compared".to_string();
            return Err(Error::Failed(reason));
        }
        let row = Row {
            method,
            scores,
            seconds: started.elapsed().as_secs_f64() / folds as f64,
        };
        if rows.is_empty() {
            console.say(row.header());
        }
        console.say(row.line());
        rows.push(row);
    }
    console.paragraph("verdict", verdict(&rows));
    if args.json {
        let rows: Vec<Value> = rows.iter().map(Row::json).collect();
        console::json(&json!({ "target": data.target(), "folds": folds, "methods": rows }));
    }
    Ok(())
}

/// For each fold, the score of a model that was trained on the other folds.
fn scores(
    method: Method,
    data: &Dataset,
    splits: &[Split],
    seed: u64,
    context: &FitContext,
) -> Result<Vec<Score>, Error> {
    let config = method.config(seed)?;
    let mut scores = Vec::new();
    for fold in splits {
        if context.stop.is_stopped() {
            break;
        }
        scores.push(score(method, data, fold, &config, context)?);
    }
    Ok(scores)
}

fn score(
    method: Method,
    data: &Dataset,
    fold: &Split,
    config: &Config,
    context: &FitContext,
) -> Result<Score, Error> {
    #[cfg(feature = "boosting")]
    if method == Method::Boosting {
        let (device, stop) = (&context.device.device, &context.stop);
        return super::boosting::boosted(data, fold, config, device, stop);
    }
    let held_out = data.table().select("the fold", &fold.validation)?;
    let data = data.subset(&fold.training);
    if method == Method::Constant {
        let (rows, target) = (data.rows(), data.target());
        let target = Target::fit(data.table(), target, data.task(), rows, rows)?;
        return Ok(baselines::constant(&data, &target, &held_out)?);
    }
    let model = Estimator::new(config.clone()).fit(&data, context)?;
    Ok(model.evaluate(&held_out)?)
}

impl Row {
    /// Each metric with its mean over the folds and its standard deviation between them.
    fn metrics(&self) -> Vec<(&'static str, f64, f64)> {
        let names: &[&str] = match self.scores[0].error().0 {
            "RMSE" => &["rmse", "mae", "r2"],
            _ => &["log_loss", "accuracy", "auc"],
        };
        let metric = |name: &&'static str| {
            let values = self.scores.iter().map(|s| s.metrics().get(*name).copied());
            let values: Vec<f64> = values.map(|v| v.unwrap_or(f64::NAN)).collect();
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            let squares = values.iter().map(|v| (v - mean) * (v - mean));
            (*name, mean, (squares.sum::<f64>() / count).sqrt())
        };
        names.iter().map(metric).collect()
    }

    fn header(&self) -> String {
        let names = self
            .metrics()
            .into_iter()
            .map(|(name, ..)| format!("{name:>21}"));
        let names: Vec<String> = names.collect();
        format!("{:10}{}{:>14}", "", names.join(""), "time a fold")
    }

    fn line(&self) -> String {
        let metrics = self
            .metrics()
            .into_iter()
            .map(|(_, mean, deviation)| format!("{:>21}", mean_and_deviation(mean, deviation)));
        let metrics: Vec<String> = metrics.collect();
        let time = seconds(self.seconds);
        format!("{:10}{}{time:>14}", self.method.name(), metrics.join(""))
    }

    fn json(&self) -> Value {
        let folds: Vec<_> = self.scores.iter().map(Score::metrics).collect();
        let mut row =
            json!({ "method": self.method.name(), "seconds": self.seconds, "folds": folds });
        for (name, mean, deviation) in self.metrics() {
            row[name] = json!({ "mean": mean, "std": deviation });
        }
        row
    }
}

/// Which method is best, in a sentence. A simpler one that is as good is named.
fn verdict(rows: &[Row]) -> String {
    let error = |row: &Row| row.metrics()[0].1;
    let Some(best) = rows.iter().min_by(|a, b| error(a).total_cmp(&error(b))) else {
        return String::new();
    };
    // Paired by fold, so that differences between the folds cancel out.
    let as_good = |row: &&Row| {
        let pairs = row.scores.iter().zip(&best.scores);
        let worse: Vec<f64> = pairs.map(|(a, b)| a.error().1 - b.error().1).collect();
        let count = worse.len() as f64;
        let mean = worse.iter().sum::<f64>() / count;
        let squares = worse.iter().map(|w| (w - mean) * (w - mean));
        let standard_error = (squares.sum::<f64>() / (count - 1.0).max(1.0) / count).sqrt();
        mean <= standard_error
    };
    let name = best.method.name();
    match rows.iter().find(as_good) {
        Some(simple) if simple.method != best.method => format!(
            "{name} has the lowest error. {} is simpler, and the difference is within the spread of the folds",
            simple.method.name()
        ),
        _ => format!(
            "{name} has the lowest error, and the difference is larger than the spread of the folds"
        ),
    }
}
