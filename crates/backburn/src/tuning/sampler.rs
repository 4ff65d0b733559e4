//! The settings of the next trial.

use std::fmt;
use std::str::FromStr;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::range::{Position, SettingRange};
use super::space::{SearchSpace, Values};
use super::tpe;
use super::trial::Trial;

/// How the settings of the next trial are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampler {
    /// The tree-structured Parzen estimator: values like those of the best trials, and unlike those of the others.
    #[default]
    Tpe,
    /// At random.
    Random,
}

/// Trials at random before the estimator has enough of them.
const AT_RANDOM: usize = 10;

impl Sampler {
    /// The settings of trial `number`, from 0. The same seed and trials give the same settings.
    pub(crate) fn sample(
        self,
        space: &SearchSpace,
        trials: &[Trial],
        seed: u64,
        number: usize,
    ) -> Values {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Each trial has random numbers of its own, so that those of a resumed search are the same.
        rng.set_stream(number as u64);
        let ranked = ranked(trials);
        let mut values = Values::new();
        for (name, parameter) in space.parameters() {
            if !parameter.is_active(&values) {
                continue;
            }
            let range = &parameter.range;
            let position = match self {
                Self::Tpe if ranked.len() >= AT_RANDOM => tpe::sample(
                    range,
                    &observed(&ranked, name, range),
                    ranked.len(),
                    &mut rng,
                ),
                _ => at_random(range, &mut rng),
            };
            values.insert(name.clone(), range.value(position));
        }
        values
    }
}

/// Trials with a score, the best first: those that were scored on more folds, and then those with a lower error.
fn ranked(trials: &[Trial]) -> Vec<&Trial> {
    let scored = trials.iter().filter(|trial| !trial.errors.is_empty());
    let mut ranked: Vec<&Trial> = scored.collect();
    ranked.sort_by(|a, b| {
        let folds = b.errors.len().cmp(&a.errors.len());
        folds.then(a.error().total_cmp(&b.error()))
    });
    ranked
}

/// The rank of each trial that has a value of a setting, and the position of the value.
fn observed(ranked: &[&Trial], name: &str, range: &SettingRange) -> Vec<(usize, Position)> {
    let trials = ranked.iter().enumerate();
    trials
        .filter_map(|(rank, trial)| {
            let value = trial.settings.get(name)?;
            Some((rank, range.position(value)?))
        })
        .collect()
}

fn at_random(range: &SettingRange, rng: &mut ChaCha8Rng) -> Position {
    match range.choices() {
        Some(count) => Position::Choice(rng.random_range(0..count)),
        None => Position::Number(rng.random_range(0.0..1.0)),
    }
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tpe => "tpe",
            Self::Random => "random",
        })
    }
}

impl FromStr for Sampler {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tpe" => Ok(Self::Tpe),
            "random" => Ok(Self::Random),
            _ => Err("the samplers are tpe and random".to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> SearchSpace {
        let text = "[network]\n\
                    activation = { choices = [\"relu\", \"tanh\"] }\n\
                    dropout = { uniform = [0, 0.9] }\n\
                    [training]\n\
                    learning_rate = { log_uniform = [0.0001, 0.1] }\n";
        SearchSpace::toml(text).unwrap()
    }

    /// The lowest error is 0, at relu, dropout 0.3 and learning rate 0.01.
    fn error(values: &Values) -> f64 {
        let number = |name: &str| values[name].as_float().unwrap();
        let rate = number("training.learning_rate").log10() + 2.0;
        let dropout = number("network.dropout") - 0.3;
        let wrong = values["network.activation"].as_str() != Some("relu");
        rate * rate + dropout * dropout + f64::from(u8::from(wrong))
    }

    /// The trials of a search of this many.
    fn searched(sampler: Sampler, seed: u64, count: usize) -> Vec<Trial> {
        let space = space();
        let mut trials: Vec<Trial> = Vec::new();
        for number in 0..count {
            let settings = sampler.sample(&space, &trials, seed, number);
            let mut trial = Trial::new(settings);
            trial.errors.push(error(&trial.settings));
            trials.push(trial);
        }
        trials
    }

    #[test]
    fn the_same_seed_gives_the_same_trials_also_from_the_middle() {
        let trials = searched(Sampler::Tpe, 3, 20);
        assert_eq!(trials, searched(Sampler::Tpe, 3, 20));
        assert_ne!(trials, searched(Sampler::Tpe, 4, 20));
        let next = Sampler::Tpe.sample(&space(), &trials[..15], 3, 15);
        assert_eq!(next, trials[15].settings);
    }

    #[test]
    fn the_estimator_comes_nearer_than_random_trials() {
        let mean_of_last = |sampler: Sampler| {
            let of_seed = |seed| {
                let trials = searched(sampler, seed, 50);
                trials[40..].iter().map(Trial::error).sum::<f64>() / 10.0
            };
            (0..5).map(of_seed).sum::<f64>() / 5.0
        };
        let (tpe, random) = (mean_of_last(Sampler::Tpe), mean_of_last(Sampler::Random));
        assert!(tpe < 0.5 * random, "{tpe} {random}");
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for sampler in [Sampler::Tpe, Sampler::Random] {
            assert_eq!(sampler.to_string().parse::<Sampler>(), Ok(sampler));
        }
        assert!("grid".parse::<Sampler>().is_err());
    }
}
