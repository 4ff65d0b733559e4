//! `trainer compare`.

use std::time::Instant;

use backburn_tabular::{Split, Table, Target, k_folds};
use serde_json::{Value, json};

use crate::args::{CompareArgs, Method, RunArgs};
use crate::baseline;
use crate::boosting::boosted;
use crate::config::{Preset, RunConfig};
use crate::console::{self, Console, count, number};
use crate::data::Understood;
use crate::device::{self, Chosen};
use crate::error::Error;
use crate::interrupt;
use crate::memory::read_table;
use crate::progress::seconds;
use crate::score::Score;
use crate::training::{Manner, train};

const ALL: [Method; 7] = [
    Method::Constant,
    Method::Linear,
    Method::Mlp,
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
            Self::Boosting => "boosting",
            Self::Fast => "fast",
            Self::Default => "default",
            Self::Best => "best",
        }
    }

    fn config(self, seed: u64) -> Result<RunConfig, Error> {
        const PLAIN: [&str; 8] = [
            "data.numbers=standard",
            "data.bins=0",
            "data.target_scale=standard",
            "data.neighbours=false",
            "data.similar_rows=never",
            "ensemble.members=1",
            "network.dropout=0",
            "network.activation=relu",
        ];
        let preset = match self {
            Self::Fast => Preset::Fast,
            Self::Best => Preset::Best,
            _ => Preset::Default,
        };
        let set: &[&str] = match self {
            Self::Mlp | Self::Boosting => &PLAIN,
            Self::Linear => &[
                PLAIN[0],
                PLAIN[1],
                PLAIN[2],
                PLAIN[3],
                PLAIN[4],
                PLAIN[5],
                "network.hidden=[]",
                "training.learning_rate=0.01",
            ],
            _ => &[],
        };
        RunConfig::from_args(&RunArgs {
            preset: Some(preset),
            set: set.iter().map(|s| (*s).to_string()).collect(),
            seed: Some(seed),
            ..RunArgs::default()
        })
    }
}

/// What a method came to on all folds.
struct Row {
    method: Method,
    scores: Vec<Score>,
    seconds: f64,
}

pub fn run(args: &CompareArgs) -> Result<(), Error> {
    let chosen = device::choose(&args.device)?;
    let table = read_table(&args.table.table, &args.table.read.options())?;
    let plain = Method::Default.config(args.seed)?;
    let understood = Understood::of_args(&table, &args.table, &plain)?;
    let folds = usize::from(args.folds);
    if folds > understood.rows.len() {
        let rows = count(understood.rows.len(), "row");
        return Err(Error::Usage(format!("--folds {folds}: there are {rows}")));
    }
    interrupt::catch();
    let console = Console::for_json(args.json);
    console.entry(
        "data",
        format!("{}: {}", table.name(), count(table.rows(), "row")),
    );
    console.paragraph("columns", understood.columns_in_words());
    let splits = k_folds(
        &understood.rows,
        folds,
        understood.classes.as_deref(),
        args.seed,
    );
    let line = format!("mean of {folds} folds ± deviation between them; lower errors are better");
    console.entry("scores", line);
    let methods = match args.only.is_empty() {
        true => &ALL,
        false => args.only.as_slice(),
    };
    let mut rows: Vec<Row> = Vec::new();
    for &method in methods {
        let started = Instant::now();
        let scores = scores(method, &table, &understood, &splits, args, &chosen)?;
        if interrupt::requested() {
            break;
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
    if interrupt::requested() {
        return Err(Error::Failed(
            "interrupted: the rest is not compared".to_string(),
        ));
    }
    console.paragraph("worth", verdict(&rows));
    if args.json {
        let rows: Vec<Value> = rows.iter().map(Row::json).collect();
        console::json(&json!({ "target": understood.target, "folds": folds, "methods": rows }));
    }
    Ok(())
}

/// The scores on each fold of a model trained on the others.
fn scores(
    method: Method,
    table: &Table,
    understood: &Understood,
    splits: &[Split],
    args: &CompareArgs,
    chosen: &Chosen,
) -> Result<Vec<Score>, Error> {
    let config = method.config(args.seed)?;
    let mut scores = Vec::new();
    for fold in splits {
        if interrupt::requested() {
            break;
        }
        if method == Method::Boosting {
            scores.push(boosted(table, understood, fold, &config, chosen)?);
            continue;
        }
        let held_out = table.select("the fold", &fold.validation)?;
        let understood = understood.on(&fold.training);
        if method == Method::Constant {
            let (rows, target) = (&understood.rows, &understood.target);
            let target = Target::fit(table, target, understood.task, rows, rows)?;
            scores.push(baseline::constant(table, &understood, &target, &held_out)?);
            continue;
        }
        let manner = Manner {
            time_limit: args.time_limit,
            ..Manner::quiet(Console::for_json(args.json))
        };
        let split = understood.split(&config);
        let config = config.clone().for_rows(understood.rows.len());
        let trained = train(table, &understood, split, &config, chosen, manner)?;
        let predictions = trained.predictor(chosen).predict_table(&held_out)?;
        scores.push(Score::of_table(
            &predictions,
            &held_out,
            &trained.model.target,
        )?);
    }
    Ok(scores)
}

impl Row {
    /// Of each metric, its mean over the folds and the deviation between them.
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
        let metrics = self.metrics().into_iter().map(|(_, mean, deviation)| {
            format!(
                "{:>21}",
                format!("{} ± {}", number(mean), number(deviation))
            )
        });
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

/// What the networks are worth, in a sentence: a simpler model that is as good is named.
fn verdict(rows: &[Row]) -> String {
    let error = |row: &Row| row.metrics()[0].1;
    let Some(best) = rows.iter().min_by(|a, b| error(a).total_cmp(&error(b))) else {
        return String::new();
    };
    // By fold, so that what all folds have in common does not count.
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
            "{name} has the lowest error, and {}, which is simpler, is as good within the spread of the folds",
            simple.method.name()
        ),
        _ => format!("{name} has the lowest error, beyond the spread of the folds"),
    }
}
