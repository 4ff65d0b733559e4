//! A comparison of simple methods and the presets by cross-validation.

use std::fmt;

use backburn_table::Split;
use backburn_training::metrics::Metric;
use serde_json::{Value, json};
use web_time::Instant;

use crate::baselines;
use crate::config::Config;
use crate::context::FitContext;
use crate::dataset::Dataset;
#[cfg(feature = "boosting")]
use crate::encoded_split::check_room;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::event::Event;
use crate::exposures::check_compared;
use crate::plan::{Plan, PlanOptions};
use crate::preset::Preset;
use crate::runner::JobRunner;
use crate::score::{Metrics, Score, mean_and_std};
use crate::scoring::Scoring;
use crate::scoring_config::ScoringConfig;
use crate::settings::Settings;
use crate::standard_error::mean_difference;
use crate::text::{mean_and_deviation, seconds};
#[cfg(feature = "boosting")]
use crate::work_memory::Work;

/// A method to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ComparedMethod {
    /// The mean of the training rows, or their class frequencies.
    Constant,
    /// A network without hidden layers.
    Linear,
    /// Two layers of 128 ReLU units on standardized numbers.
    Mlp,
    /// 500 gradient-boosted trees.
    #[cfg(feature = "boosting")]
    Boosting,
    /// The preset `fast`.
    Fast,
    /// The preset `default`.
    Default,
    /// The preset `best`.
    Best,
}

impl ComparedMethod {
    /// All methods, the simplest first.
    pub const ALL: &'static [Self] = &[
        Self::Constant,
        Self::Linear,
        Self::Mlp,
        #[cfg(feature = "boosting")]
        Self::Boosting,
        Self::Fast,
        Self::Default,
        Self::Best,
    ];

    /// These methods, or all of them if none is named.
    pub fn only(named: &[Self]) -> &[Self] {
        match named.is_empty() {
            true => Self::ALL,
            false => named,
        }
    }

    /// A short name, such as `plain MLP`.
    pub fn name(self) -> &'static str {
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

    /// Its name in one word, for the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Mlp => "mlp",
            other => other.name(),
        }
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Constant => "The mean of the training rows, or their class frequencies",
            Self::Linear => "A network without hidden layers",
            Self::Mlp => "Two layers of 128 ReLU units on standardized numbers",
            #[cfg(feature = "boosting")]
            Self::Boosting => "500 gradient-boosted trees",
            Self::Fast => "The preset `fast`",
            Self::Default => "The preset `default`",
            Self::Best => "The preset `best`",
        }
    }

    /// The settings of a method that is a network, or of the encoding of one that is not.
    ///
    /// # Errors
    ///
    /// A seed that is not a valid setting.
    pub fn config(self, seed: u64) -> Result<Config, Error> {
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
        settings.over(preset)
    }
}

/// The scores of a method on all folds; made by [`compare`].
#[derive(Debug, Clone)]
pub struct MethodScores {
    /// The method.
    pub method: ComparedMethod,
    /// For each fold, the score of a model that was trained on the other folds.
    pub scores: Vec<Score>,
    /// The mean time for a fold, in seconds.
    pub seconds: f64,
}

/// Checks that all methods fit into memory, before the first of them takes its time.
///
/// # Errors
///
/// Exposures, a method that does not fit, or rows that cannot be encoded.
pub fn check_room_to_compare(
    methods: &[ComparedMethod],
    data: &Dataset,
    splits: &[Split],
    seed: u64,
    context: &FitContext,
) -> Result<(), Error> {
    check_compared(data.offset())?;
    let Some(split) = splits.first() else {
        return Ok(());
    };
    let fold = data.subset(&split.training);
    for method in methods {
        let config = method.config(seed)?.for_rows(fold.rows().len());
        match method {
            ComparedMethod::Constant => {}
            #[cfg(feature = "boosting")]
            ComparedMethod::Boosting => {
                check_room(data, split, &config, context.device.get()?, &Work::Boosting)?;
            }
            _ => {
                let rows = fold.split_to_fit(fold.rows(), &config);
                let plan = Plan::new("fold", &fold, rows, &config, PlanOptions::default())?;
                JobRunner::new(&fold, context).check_room(&plan)?;
            }
        }
    }
    Ok(())
}

/// Trains a method for each split, and scores it on the split's validation rows. `seed` is the seed of
/// the trainings, and `scoring` has the metric that is compared, if it is not the usual one. After each
/// split, the observer gets an [`Event::FoldEnd`]. It does not get what the fits select, nor the scores of
/// their networks. If the run is stopped, the scores of the remaining splits are missing.
///
/// # Errors
///
/// Exposures, a method that cannot be trained, or a fold that cannot be scored.
pub fn compare(
    method: ComparedMethod,
    data: &Dataset,
    splits: &[Split],
    seed: u64,
    scoring: &ScoringConfig,
    context: &FitContext,
) -> Result<MethodScores, Error> {
    check_compared(data.offset())?;
    let mut config = method.config(seed)?;
    config.scoring = scoring.clone();
    config.validate()?;
    config.check_task(data.task())?;
    let observer = context.observer;
    let without_parts = |event: &Event| {
        if !is_part_of_a_fit(event) {
            observer.on_event(event);
        }
    };
    // Each fit is a run of its own: one folder of checkpoints cannot serve them all.
    let context = &FitContext {
        checkpoints: None,
        observer: &without_parts,
        ..context.quiet()
    };
    let started = Instant::now();
    let mut scores = Vec::new();
    for (fold, split) in splits.iter().enumerate() {
        if context.stop.is_stopped() {
            break;
        }
        let fold_started = Instant::now();
        let score = score(method, data, split, &config, context)?;
        // A model that was stopped early is no score of the method.
        if context.stop.is_stopped() {
            break;
        }
        context.observer.on_event(&Event::FoldEnd {
            fold,
            name: data.splitter().fold_name(split),
            folds: splits.len(),
            score: &score,
            time: fold_started.elapsed(),
        });
        scores.push(score);
    }
    Ok(MethodScores {
        method,
        seconds: started.elapsed().as_secs_f64() / scores.len().max(1) as f64,
        scores,
    })
}

/// Whether an event is about a selection or an ensemble. A comparison has too many of them to show.
fn is_part_of_a_fit(event: &Event) -> bool {
    matches!(
        event,
        Event::SelectionStart { .. }
            | Event::TrialEnd { .. }
            | Event::Selected { .. }
            | Event::EnsembleStart { .. }
            | Event::MemberEnd { .. }
    )
}

fn score(
    method: ComparedMethod,
    data: &Dataset,
    fold: &Split,
    config: &Config,
    context: &FitContext,
) -> Result<Score, Error> {
    #[cfg(feature = "boosting")]
    if method == ComparedMethod::Boosting {
        let (device, stop) = (context.device.get()?, &context.stop);
        return crate::boosting::boosted(data, fold, config, device, stop);
    }
    let held_out = data.table().select("the fold", &fold.validation)?;
    let data = data.subset(&fold.training);
    if method == ComparedMethod::Constant {
        let target = data.fit_target(data.rows())?;
        let target = config.scoring.decided(target)?;
        let scoring = Scoring::new(&data, config).of_rows(&fold.validation);
        return baselines::constant(&data, &target, &held_out, &scoring);
    }
    let model = Estimator::new(config.clone()).fit(&data, context)?;
    model.evaluate(&held_out)
}

impl MethodScores {
    /// Each metric with its mean over the folds and its standard deviation between them. The metric that was
    /// asked for is the first.
    pub fn metrics(&self) -> Vec<(&'static str, f64, f64)> {
        let usual: &[&str] = match self.scores.first().map(|score| &score.metrics) {
            Some(Metrics::Regression(_)) => &["rmse", "mae", "r2"],
            _ => &["log_loss", "accuracy", "auc"],
        };
        let mut names = usual.to_vec();
        if let Some(metric) = self.metric() {
            names.retain(|name| *name != metric.name());
            names.insert(0, metric.name());
        }
        let metric = |name: &'static str| {
            let (mean, std) = mean_and_std(&self.scores, name);
            (name, mean, std)
        };
        names.into_iter().map(metric).collect()
    }

    /// The metric that was asked for.
    fn metric(&self) -> Option<Metric> {
        let (metric, _) = self.scores.first()?.chosen?;
        Some(metric)
    }

    /// The mean over the folds of the error: of the metric that was asked for, or of the RMSE or the log loss.
    fn error(&self) -> f64 {
        let mean = self.metrics()[0].1;
        self.metric().map_or(mean, |metric| metric.error(mean))
    }

    /// The names of the metrics, above the columns of the text of the scores.
    pub fn header(&self) -> String {
        let metrics = self.metrics().into_iter();
        let names: String = metrics.map(|(name, ..)| format!("{name:>21}")).collect();
        format!("{:10}{names}{:>14}", "", "time per fold")
    }

    /// The scores as JSON: those of each fold, and the mean and standard deviation of each metric.
    pub fn json(&self) -> Value {
        let folds: Vec<_> = self.scores.iter().map(Score::metrics).collect();
        let mut row =
            json!({ "method": self.method.name(), "seconds": self.seconds, "folds": folds });
        for (name, mean, deviation) in self.metrics() {
            row[name] = json!({ "mean": mean, "std": deviation });
        }
        row
    }
}

impl fmt::Display for MethodScores {
    /// A line of a table: the method, each metric with its deviation, and the time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:10}", self.method.name())?;
        for (_, mean, deviation) in self.metrics() {
            write!(f, "{:>21}", mean_and_deviation(mean, deviation))?;
        }
        write!(f, "{:>14}", seconds(self.seconds))
    }
}

/// A comparison as JSON, with the [scores](MethodScores::json) of each method.
pub fn comparison_json(data: &Dataset, folds: usize, methods: &[MethodScores]) -> Value {
    let rows: Vec<Value> = methods.iter().map(MethodScores::json).collect();
    json!({
        "target": data.target(), "folds": folds, "methods": rows, "verdict": verdict(methods),
        "weighted": data.weights().is_some(), "warnings": data.warnings(),
    })
}

/// What the scores of a comparison over so many folds are, in words.
pub fn compared_scores(data: &Dataset, folds: usize) -> String {
    let weighted = match data.weights() {
        Some(_) => " (weighted)",
        None => "",
    };
    format!(
        "mean of {folds} folds ± standard deviation over the folds; lower errors are better{weighted}"
    )
}

/// Which method is best, in a sentence that also names the simplest other method that is as good. `methods` are
/// in order from the simplest.
pub fn verdict(methods: &[MethodScores]) -> String {
    let Some(best) = methods
        .iter()
        .min_by(|a, b| a.error().total_cmp(&b.error()))
    else {
        return String::new();
    };
    let as_good = |row: &&MethodScores| {
        let pairs = row.scores.iter().zip(&best.scores);
        let worse: Vec<f64> = pairs.map(|(a, b)| a.error().1 - b.error().1).collect();
        let (mean, standard_error) = mean_difference(&worse);
        mean <= standard_error
    };
    let name = best.method.name();
    if methods.len() == 1 {
        return format!("only {name} was scored: compare it with a second method");
    }
    let mut others = methods.iter().filter(|row| row.method != best.method);
    match others.find(as_good).map(|other| other.method.name()) {
        Some(other) => format!(
            "{name} has the lowest error; {other} is as good, within the standard error over the folds"
        ),
        None => {
            format!("{name} has the lowest error, by more than the standard error over the folds")
        }
    }
}

#[cfg(test)]
mod tests {
    use backburn_training::metrics::RegressionScore;

    use super::*;

    fn scores(method: ComparedMethod, errors: &[f64]) -> MethodScores {
        let score = |&error: &f64| Score {
            rows: 2,
            skipped: 0,
            unknown_classes: Default::default(),
            metrics: Metrics::Regression(
                RegressionScore::new(&[error, -error], &[0.0, 0.0]).unwrap(),
            ),
            standard_errors: Default::default(),
            units: None,
            chosen: None,
            weighted: false,
            distribution: None,
        };
        MethodScores {
            method,
            scores: errors.iter().map(score).collect(),
            seconds: 0.0,
        }
    }

    #[test]
    fn a_verdict_names_another_method_only_if_it_is_as_good() {
        use ComparedMethod::{Best, Default, Linear};
        let verdict = |methods: &[MethodScores]| super::verdict(methods);
        let default = scores(Default, &[1.0, 2.0, 3.0]);
        let worse = scores(Linear, &[2.0, 3.0, 4.0]);
        let alike = scores(Best, &[1.1, 1.9, 3.1]);
        assert_eq!(verdict(&[]), "");
        assert_eq!(
            verdict(std::slice::from_ref(&worse)),
            "only linear was scored: compare it with a second method"
        );
        let text = verdict(&[worse.clone(), default.clone()]);
        assert!(
            text.starts_with("default has the lowest error, by more"),
            "{text}"
        );
        let text = verdict(&[worse, default, alike]);
        assert!(text.contains("best is as good"), "{text}");
    }
}
