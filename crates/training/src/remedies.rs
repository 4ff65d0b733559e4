//! What to do about the problems of a run. A remedy leaves out what is set already.

use backburn_model::{Initializer, MlpConfig, Normalization};

use crate::diagnosis_context::DiagnosisContext;
use crate::learning_rate::LearningRate;
use crate::optimizer::OptimizerName;
use crate::report::StartReport;

/// What to do about a problem.
pub(crate) struct Remedy {
    /// A sentence without a full stop.
    pub text: String,
    /// The same as settings, `KEY=VALUE`, as far as settings can do it.
    pub settings: Vec<String>,
}

/// One thing to do.
struct Step {
    words: &'static str,
    /// `KEY=VALUE`. `None` for what is not a setting, or is a setting of a network that is not known.
    setting: Option<String>,
}

impl Step {
    fn setting(words: &'static str, setting: impl Into<String>) -> Self {
        Self {
            words,
            setting: Some(setting.into()),
        }
    }

    fn words(words: &'static str) -> Self {
        Self {
            words,
            setting: None,
        }
    }
}

impl Remedy {
    /// All of these steps, or `otherwise` if there are none.
    fn all(
        steps: impl IntoIterator<Item = Option<Step>>,
        otherwise: impl FnOnce() -> Step,
    ) -> Self {
        let mut steps: Vec<Step> = steps.into_iter().flatten().collect();
        if steps.is_empty() {
            steps.push(otherwise());
        }
        let words: Vec<&str> = steps.iter().map(|step| step.words).collect();
        Self {
            text: match words.as_slice() {
                [one] => (*one).to_string(),
                [one, two] => format!("{one}, and {two}"),
                [some @ .., last] => format!("{}, and {last}", some.join(", ")),
                [] => String::new(),
            },
            settings: steps.into_iter().filter_map(|step| step.setting).collect(),
        }
    }

    /// Adds words that are not a setting.
    fn with(mut self, words: &str) -> Self {
        self.text += words;
        self
    }
}

/// The remedies for the problems of a run with these settings.
pub(crate) struct Remedies<'a> {
    pub context: DiagnosisContext<'a>,
    pub start: &'a StartReport,
}

impl Remedies<'_> {
    pub fn exploding(&self) -> Remedy {
        let steps = [self.clip(), self.initializer(), self.normalization()];
        Remedy::all(steps, || self.lower_rate())
    }

    pub fn divergence(&self) -> Remedy {
        let steps = [Some(self.lower_rate()), self.clip()];
        Remedy::all(steps, || self.lower_rate())
    }

    pub fn vanishing(&self) -> Remedy {
        let steps = [self.normalization(), self.residual(), self.initializer()];
        Remedy::all(steps, || {
            self.unbounded().unwrap_or_else(|| self.fewer_layers())
        })
    }

    pub fn dead(&self) -> Remedy {
        let slope = Step::setting(
            "use an activation function with a slope below zero",
            "network.activation=leaky_relu(0.01)",
        );
        // If the initializer is not the cause, the steps were too large.
        let cause = self.initializer().filter(|step| step.setting.is_some());
        let cause = cause.unwrap_or_else(|| self.lower_rate());
        Remedy::all([Some(slope), Some(cause)], || self.lower_rate())
    }

    pub fn saturated(&self) -> Remedy {
        let steps = [self.initializer(), self.normalization()];
        Remedy::all(steps, || {
            self.unbounded().unwrap_or_else(|| self.lower_rate())
        })
    }

    pub fn rate_too_high(&self) -> Remedy {
        let remedy = Remedy::all([Some(self.lower_rate())], || self.lower_rate());
        remedy.with(self.or_range_test())
    }

    pub fn rate_too_low(&self) -> Remedy {
        let epochs = self.start.epochs.saturating_mul(2);
        let remedy = Remedy::all([self.higher_rate()], || {
            Step::setting("train for more epochs", format!("training.epochs={epochs}"))
        });
        remedy.with(self.or_range_test())
    }

    pub fn plateau(&self) -> Remedy {
        // At a usual rate, small steps are not the cause.
        const LOW_RATE: f64 = 1e-4;
        let is_low = self.start.learning_rate < LOW_RATE;
        let raise = is_low.then(|| self.higher_rate()).flatten();
        let steps = [self.optimizer(), self.initializer(), raise];
        if steps.iter().all(Option::is_none) {
            return Remedy::all([], || {
                Step::words(
                    "check whether the columns say anything about the target: a linear model or boosted trees \
                     should then predict better than a constant, too",
                )
            });
        }
        let remedy = Remedy::all(steps, || self.lower_rate());
        remedy.with("; if that does not help, the columns may say little about the target")
    }

    pub fn overfitting(&self) -> Remedy {
        let steps = [self.more_dropout().or_else(|| self.fewer_units())];
        let more_rows = || Step::words("collect more rows, or leave out columns");
        let remedy = match steps {
            [None] => Remedy::all([], more_rows),
            steps => Remedy::all(steps, more_rows).with(", or collect more rows"),
        };
        remedy.with("; the model has the weights of the best epoch in any case")
    }

    pub fn underfitting(&self) -> Remedy {
        const USUAL_EPOCHS: usize = 100;
        let Some(network) = self.context.network else {
            let larger = Step::words("use more or wider layers, less dropout, or more epochs");
            return Remedy::all([], || larger);
        };
        let dropout =
            (network.dropout > 0.0).then(|| Step::setting("turn dropout off", "network.dropout=0"));
        let larger = match self.start.epochs < USUAL_EPOCHS / 5 {
            true => Step::setting(
                "train for more epochs",
                format!("training.epochs={USUAL_EPOCHS}"),
            ),
            false => wider(network),
        };
        Remedy::all([dropout, Some(larger)], || wider(network))
    }

    fn clip(&self) -> Option<Step> {
        const NORM: f64 = 1.0;
        let norm = self
            .context
            .training
            .and_then(|training| training.clip_norm);
        norm.is_none_or(|norm| norm > NORM)
            .then(|| Step::setting("clip the gradient", "training.clip_norm=1.0"))
    }

    fn lower_rate(&self) -> Step {
        let rate = plain(self.start.learning_rate / 10.0);
        Step::setting(
            "reduce the learning rate",
            format!("training.learning_rate={rate}"),
        )
    }

    fn higher_rate(&self) -> Option<Step> {
        let rate = self.start.learning_rate;
        let higher = plain((rate * 10.0).min(1.0));
        (rate < 1.0).then(|| {
            let setting = format!("training.learning_rate={higher}");
            Step::setting("raise the learning rate", setting)
        })
    }

    /// The range test as another way to a learning rate, unless it chose this one.
    fn or_range_test(&self) -> &'static str {
        let rate = self.context.training.map(|training| training.learning_rate);
        match rate == Some(LearningRate::Auto) {
            true => "",
            false => ", or let a range test find it (training.learning_rate=auto)",
        }
    }

    fn optimizer(&self) -> Option<Step> {
        let name = self
            .context
            .training
            .map(|training| training.optimizer.name);
        matches!(name, None | Some(OptimizerName::Sgd)).then(|| {
            Step::setting(
                "use an adaptive optimizer such as AdamW",
                "training.optimizer.name=adamw",
            )
        })
    }

    fn initializer(&self) -> Option<Step> {
        let words = "use the initializer that fits the activation function";
        match self.context.network {
            None => Some(Step::words(words)),
            Some(network) => (network.initializer != Initializer::Auto)
                .then(|| Step::setting(words, "network.initializer=auto")),
        }
    }

    fn normalization(&self) -> Option<Step> {
        let words = "normalize the hidden layers";
        match self.context.network {
            None => Some(Step::words(words)),
            Some(network) => {
                let is_off = network.normalization == Normalization::None;
                (is_off && !network.hidden.is_empty())
                    .then(|| Step::setting(words, "network.normalization=batch"))
            }
        }
    }

    fn residual(&self) -> Option<Step> {
        let words = "add residual connections";
        match self.context.network {
            None => Some(Step::words(words)),
            Some(network) => {
                let widths_repeat = network.hidden.windows(2).any(|pair| pair[0] == pair[1]);
                (!network.residual && widths_repeat)
                    .then(|| Step::setting(words, "network.residual=true"))
            }
        }
    }

    /// Another activation function, if that of the network has bounds.
    fn unbounded(&self) -> Option<Step> {
        let network = self.context.network?;
        network.activation.bounds().map(|_| {
            Step::setting(
                "use an activation function without bounds",
                "network.activation=silu",
            )
        })
    }

    fn fewer_layers(&self) -> Step {
        let words = "use fewer hidden layers";
        let hidden = self.context.network.map(|network| &network.hidden);
        match hidden {
            Some(hidden) if hidden.len() > 1 => {
                let fewer = &hidden[..hidden.len().div_ceil(2)];
                Step::setting(words, format!("network.hidden={fewer:?}"))
            }
            _ => self.lower_rate(),
        }
    }

    fn more_dropout(&self) -> Option<Step> {
        let words = "use more dropout";
        let Some(network) = self.context.network else {
            return Some(Step::words(words));
        };
        let more = if network.dropout < 0.3 { 0.3 } else { 0.5 };
        (network.dropout < more && !network.hidden.is_empty())
            .then(|| Step::setting(words, format!("network.dropout={more}")))
    }

    fn fewer_units(&self) -> Option<Step> {
        let hidden = &self.context.network?.hidden;
        let fewer: Vec<usize> = hidden.iter().map(|units| (units / 2).max(1)).collect();
        (*hidden != fewer)
            .then(|| Step::setting("use fewer units", format!("network.hidden={fewer:?}")))
    }
}

/// More or wider hidden layers.
fn wider(network: &MlpConfig) -> Step {
    let widest = network.hidden.iter().copied().max().unwrap_or(0);
    let units = match widest < 128 {
        true => 128,
        false => widest.saturating_mul(2),
    };
    let layers = vec![units; network.hidden.len().max(2)];
    Step::setting(
        "use more or wider hidden layers",
        format!("network.hidden={layers:?}"),
    )
}

/// A number with three significant digits and without an exponent, as it is written in a config file.
fn plain(number: f64) -> String {
    let rounded: f64 = format!("{number:.2e}").parse().unwrap_or(number);
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use backburn_model::Activation;

    use super::*;
    use crate::config::TrainingConfig;

    fn start(learning_rate: f64) -> StartReport {
        StartReport {
            rows: 1000,
            validation_rows: 200,
            parameters: 100,
            batch_size: 32,
            steps: 32,
            epochs: 100,
            learning_rate,
            constant_loss: 1.0,
            target: None,
        }
    }

    /// The remedy for a network with settings like those of the command line.
    fn remedy(
        change: impl FnOnce(&mut MlpConfig, &mut TrainingConfig),
        of: impl FnOnce(&Remedies) -> Remedy,
    ) -> (String, Vec<String>) {
        let mut network = MlpConfig::new(3, 1).with_hidden([64, 64]);
        network.dropout = 0.1;
        let mut training = TrainingConfig::default();
        change(&mut network, &mut training);
        let context = DiagnosisContext {
            network: Some(&network),
            training: Some(&training),
            nearest_rows_loss: None,
        };
        let start = start(0.003);
        let remedies = Remedies {
            context,
            start: &start,
        };
        let Remedy { text, settings } = of(&remedies);
        (text, settings)
    }

    #[test]
    fn steps_are_listed_and_set() {
        let (text, settings) = remedy(
            |network, _| network.initializer = Initializer::PyTorch,
            |r| r.vanishing(),
        );
        assert_eq!(
            text,
            "normalize the hidden layers, add residual connections, and use the initializer that fits the \
             activation function"
        );
        assert_eq!(
            settings,
            [
                "network.normalization=batch",
                "network.residual=true",
                "network.initializer=auto"
            ]
        );
    }

    #[test]
    fn what_is_set_is_not_advised() {
        let (text, settings) = remedy(|_, _| (), |r| r.plateau());
        assert!(
            !text.contains("AdamW") && !text.contains("initializer"),
            "{text}"
        );
        assert!(settings.is_empty(), "{settings:?}");
        let sgd = |_: &mut MlpConfig, training: &mut TrainingConfig| {
            training.optimizer.name = OptimizerName::Sgd;
        };
        let (text, settings) = remedy(sgd, |r| r.plateau());
        assert!(
            text.starts_with("use an adaptive optimizer such as AdamW; if"),
            "{text}"
        );
        assert_eq!(settings, ["training.optimizer.name=adamw"]);

        let clipped = |_: &mut MlpConfig, training: &mut TrainingConfig| {
            training.clip_norm = Some(0.5);
        };
        let (text, settings) = remedy(clipped, |r| r.divergence());
        assert_eq!(text, "reduce the learning rate");
        assert_eq!(settings, ["training.learning_rate=0.0003"]);

        let auto = |_: &mut MlpConfig, training: &mut TrainingConfig| {
            training.learning_rate = LearningRate::Auto;
        };
        assert_eq!(
            remedy(auto, |r| r.rate_too_high()).0,
            "reduce the learning rate"
        );
        let (text, _) = remedy(|_, _| (), |r| r.rate_too_high());
        assert!(text.ends_with("(training.learning_rate=auto)"), "{text}");
    }

    #[test]
    fn a_plateau_at_a_low_rate_has_a_higher_rate() {
        let start = start(1e-6);
        let training = TrainingConfig::default();
        let remedies = Remedies {
            context: DiagnosisContext {
                training: Some(&training),
                ..DiagnosisContext::default()
            },
            start: &start,
        };
        let settings = remedies.plateau().settings;
        assert_eq!(settings, ["training.learning_rate=0.00001"]);
    }

    #[test]
    fn there_is_something_to_do_where_all_is_set() {
        let all = |network: &mut MlpConfig, _: &mut TrainingConfig| {
            network.normalization = Normalization::Layer;
            network.residual = true;
            network.activation = Activation::Sigmoid;
        };
        let silu = ["network.activation=silu"];
        assert_eq!(remedy(all, |r| r.vanishing()).1, silu);
        assert_eq!(remedy(all, |r| r.saturated()).1, silu);
        let relu = |network: &mut MlpConfig, training: &mut TrainingConfig| {
            all(network, training);
            network.activation = Activation::Relu;
        };
        assert_eq!(remedy(relu, |r| r.vanishing()).1, ["network.hidden=[64]"]);
        let rate = ["training.learning_rate=0.0003"];
        assert_eq!(remedy(relu, |r| r.saturated()).1, rate);
    }

    #[test]
    fn overfitting_has_more_dropout_or_fewer_units_or_fewer_columns() {
        let with = |dropout: f64, hidden: &[usize]| {
            let change = |network: &mut MlpConfig, _: &mut TrainingConfig| {
                network.dropout = dropout;
                network.hidden = hidden.to_vec();
            };
            remedy(change, |r| r.overfitting()).1
        };
        assert_eq!(with(0.1, &[64]), ["network.dropout=0.3"]);
        assert_eq!(with(0.3, &[64]), ["network.dropout=0.5"]);
        assert_eq!(with(0.5, &[64, 9]), ["network.hidden=[32, 4]"]);
        assert!(with(0.0, &[]).is_empty());
        let none = |network: &mut MlpConfig, _: &mut TrainingConfig| network.hidden.clear();
        let (text, _) = remedy(none, |r| r.overfitting());
        assert!(
            text.starts_with("collect more rows, or leave out columns;"),
            "{text}"
        );
    }

    #[test]
    fn underfitting_keeps_the_number_of_layers() {
        let deep = |network: &mut MlpConfig, _: &mut TrainingConfig| {
            network.hidden = vec![200; 3];
            network.dropout = 0.0;
        };
        let (_, settings) = remedy(deep, |r| r.underfitting());
        assert_eq!(settings, ["network.hidden=[400, 400, 400]"]);
        let (text, settings) = remedy(|_, _| (), |r| r.underfitting());
        assert_eq!(
            text,
            "turn dropout off, and use more or wider hidden layers"
        );
        assert_eq!(settings, ["network.dropout=0", "network.hidden=[128, 128]"]);
    }

    #[test]
    fn settings_have_plain_numbers() {
        for (number, text) in [(0.0003, "0.0003"), (1.0, "1"), (2.345_67e-5, "0.0000235")] {
            assert_eq!(plain(number), text);
        }
    }
}
