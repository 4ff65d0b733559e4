//! The tree-structured Parzen estimator for a single setting.
//!
//! J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for Hyper-Parameter Optimization", 2011. The numbers of
//! trials, the weights and the bandwidths are those that Optuna's `TPESampler` has by default, where each setting is
//! sampled on its own.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::range::{Position, SettingRange};

/// Values that are drawn from the estimate of the good trials, of which the most promising one is taken.
const CANDIDATES: usize = 24;
/// The largest number of good trials.
const MOST_GOOD: usize = 25;
/// The latest trials up to this number have full weight.
const FULL_WEIGHT: usize = 25;

/// The next value of a setting, from the ranks of trials (0 is the best of `trials`) and their values.
pub(crate) fn sample(
    range: &SettingRange,
    observed: &[(usize, Position)],
    trials: usize,
    rng: &mut ChaCha8Rng,
) -> Position {
    let good = trials.div_ceil(10).min(MOST_GOOD);
    let of = |is_good: bool| {
        let some = observed
            .iter()
            .filter(|(rank, _)| (*rank < good) == is_good);
        some.map(|(_, position)| *position).collect::<Vec<_>>()
    };
    let (good, others) = (of(true), of(false));
    match range.choices() {
        Some(count) => sample_choice(count, &good, &others, rng),
        None => sample_number(range, &good, &others, rng),
    }
}

fn sample_choice(
    count: usize,
    good: &[Position],
    others: &[Position],
    rng: &mut ChaCha8Rng,
) -> Position {
    let (good, others) = (shares(count, good), shares(count, others));
    let mut best = (f64::NEG_INFINITY, 0);
    for _ in 0..CANDIDATES {
        let choice = drawn(&good, rng);
        let gain = (good[choice] / others[choice]).ln();
        if gain > best.0 {
            best = (gain, choice);
        }
    }
    Position::Choice(best.1)
}

/// The probability of each choice: how often it was taken, beside a prior of one trial.
fn shares(count: usize, taken: &[Position]) -> Vec<f64> {
    let mut counts = vec![1.0 / count as f64; count];
    for position in taken {
        if let Position::Choice(choice) = position {
            counts[*choice] += 1.0;
        }
    }
    let all = 1.0 + taken.len() as f64;
    counts.iter().map(|count| count / all).collect()
}

/// An index, drawn by weights.
fn drawn(weights: &[f64], rng: &mut ChaCha8Rng) -> usize {
    let mut left = rng.random_range(0.0..1.0f64) * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len().saturating_sub(1)
}

fn sample_number(
    range: &SettingRange,
    good: &[Position],
    others: &[Position],
    rng: &mut ChaCha8Rng,
) -> Position {
    let (good, others) = (Density::new(good), Density::new(others));
    let mut best = (f64::NEG_INFINITY, Position::Number(0.5));
    for _ in 0..CANDIDATES {
        // Where the value is that the trial will have, which may be a whole number.
        let value = range.value(Position::Number(good.draw(rng)));
        let Some(Position::Number(place)) = range.position(&value) else {
            continue;
        };
        let gain = good.at(place).ln() - others.at(place).ln();
        if gain > best.0 {
            best = (gain, Position::Number(place));
        }
    }
    best.1
}

/// A mixture of normal distributions, each cut off outside of 0 to 1: one for each value, and a wide one as the prior.
struct Density {
    /// The weight, the mean and the standard deviation of each.
    parts: Vec<[f64; 3]>,
}

impl Density {
    fn new(values: &[Position]) -> Self {
        let numbers = values.iter().filter_map(|position| match position {
            Position::Number(number) => Some(*number),
            Position::Choice(_) => None,
        });
        let numbers: Vec<f64> = numbers.collect();
        // The prior is the last one: its mean is the middle, and its deviation the whole range.
        let mut means: Vec<(usize, f64)> = numbers.iter().copied().enumerate().collect();
        means.push((numbers.len(), 0.5));
        means.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let weights = weights(numbers.len());
        let narrowest = 1.0 / (1.0 + means.len() as f64).min(100.0);
        let part = |index: usize| {
            let (value, mean) = means[index];
            // The first and the last one have a neighbor on one side only.
            let below = index.checked_sub(1).map_or(mean, |below| means[below].1);
            let above = means.get(index + 1).map_or(mean, |above| above.1);
            match value == numbers.len() {
                true => [weights[value], mean, 1.0],
                false => {
                    let deviation = (mean - below).max(above - mean);
                    [weights[value], mean, deviation.clamp(narrowest, 1.0)]
                }
            }
        };
        Self {
            parts: (0..means.len()).map(part).collect(),
        }
    }

    /// The density at a place from 0 to 1.
    fn at(&self, place: f64) -> f64 {
        let parts = self.parts.iter();
        let densities = parts.map(|[weight, mean, deviation]| {
            let inside = normal_share((1.0 - mean) / deviation) - normal_share(-mean / deviation);
            let z = (place - mean) / deviation;
            let height = (-0.5 * z * z).exp() / (deviation * (2.0 * std::f64::consts::PI).sqrt());
            weight * height / inside
        });
        densities.sum::<f64>().max(f64::MIN_POSITIVE)
    }

    /// A place from 0 to 1.
    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        const TRIES: usize = 100;
        let weights: Vec<f64> = self.parts.iter().map(|part| part[0]).collect();
        let [_, mean, deviation] = self.parts[drawn(&weights, rng)];
        // At least a third of the tries are inside, since the mean is.
        let tries = (0..TRIES).map(|_| mean + deviation * normal(rng));
        let inside = tries.into_iter().find(|place| (0.0..=1.0).contains(place));
        inside.unwrap_or(mean)
    }
}

/// The weights of values, which begin with the best, and of the prior after them. They sum up to 1.
fn weights(values: usize) -> Vec<f64> {
    // From this number on, the values that come last have less weight.
    let light = values.saturating_sub(FULL_WEIGHT);
    let weight = |index: usize| match index {
        _ if index >= values || light == 0 => 1.0,
        _ if index < FULL_WEIGHT => 1.0,
        _ => {
            let lowest = 1.0 / values as f64;
            let share = (index - FULL_WEIGHT + 1) as f64 / light as f64;
            1.0 + share * (lowest - 1.0)
        }
    };
    let weights: Vec<f64> = (0..=values).map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// A number of the standard normal distribution (Box and Muller, 1958).
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random_range(0.0..1.0f64)).ln()).sqrt();
    radius * (2.0 * std::f64::consts::PI * rng.random_range(0.0..1.0f64)).cos()
}

/// The share of the standard normal distribution below `z`, to 1e-7 (Abramowitz and Stegun, 26.2.17).
fn normal_share(z: f64) -> f64 {
    const FACTORS: [f64; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let sum = FACTORS
        .iter()
        .rev()
        .fold(0.0, |sum, factor| (sum + factor) * t);
    let above = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum;
    if z >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn numbers(values: &[f64]) -> Vec<Position> {
        values
            .iter()
            .map(|value| Position::Number(*value))
            .collect()
    }

    #[test]
    fn shares_of_the_normal_distribution_are_those_of_tables() {
        for (z, share) in [
            (0.0, 0.5),
            (1.0, 0.841_344_746),
            (-1.0, 0.158_655_254),
            (1.959_963_985, 0.975),
            (-3.0, 0.001_349_898),
        ] {
            let error: f64 = normal_share(z) - share;
            assert!(error.abs() < 1e-7, "{z}: {error}");
        }
    }

    #[test]
    fn a_density_sums_up_to_one_and_its_draws_follow_it() {
        let density = Density::new(&numbers(&[0.1, 0.12, 0.9]));
        let steps = 1000;
        let place = |step: usize| (step as f64 + 0.5) / steps as f64;
        let below_half = |step: &usize| place(*step) < 0.5;
        let mass = |steps: &mut dyn Iterator<Item = usize>| -> f64 {
            steps.map(|step| density.at(place(step)) / 1000.0).sum()
        };
        assert!((mass(&mut (0..steps)) - 1.0).abs() < 1e-3);
        let expected = mass(&mut (0..steps).filter(below_half));
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let draws: Vec<f64> = (0..4000).map(|_| density.draw(&mut rng)).collect();
        assert!(draws.iter().all(|place| (0.0..=1.0).contains(place)));
        let share = draws.iter().filter(|place| **place < 0.5).count() as f64 / 4000.0;
        assert!((share - expected).abs() < 0.03, "{share} {expected}");
    }

    #[test]
    fn values_like_those_of_the_good_trials_are_drawn() {
        let range = SettingRange::Uniform([0.0, 1.0]);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        // The two best of twenty trials are near 0.8, the others are spread.
        let mut observed = vec![(0, 0.8), (1, 0.82)];
        observed.extend((2..20).map(|rank| (rank, rank as f64 / 30.0)));
        let observed: Vec<(usize, Position)> = observed
            .into_iter()
            .map(|(rank, place)| (rank, Position::Number(place)))
            .collect();
        let drawn = (0..50).map(|_| match sample(&range, &observed, 20, &mut rng) {
            Position::Number(place) => place,
            Position::Choice(_) => panic!("a choice"),
        });
        let near = drawn.filter(|place| *place > 0.6).count();
        assert!(near > 40, "{near}");
    }

    #[test]
    fn choices_of_the_good_trials_are_more_probable() {
        let taken = [0, 0, 1].map(Position::Choice);
        let shares = shares(4, &taken);
        assert_eq!(shares.iter().sum::<f64>(), 1.0);
        assert_eq!(shares[0], (2.0 + 0.25) / 4.0);
        assert_eq!(shares[3], 0.25 / 4.0);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let drawn = sample_choice(3, &taken[..2], &[1, 2].map(Position::Choice), &mut rng);
        assert_eq!(drawn, Position::Choice(0));
    }

    #[test]
    fn later_values_of_many_have_less_weight() {
        assert_eq!(weights(3), [0.25; 4]);
        let many = weights(50);
        assert!((many.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(many[0], many[24]);
        assert!(many[30] < many[25] && many[49] < many[30]);
        assert_eq!(many[50], many[0]);
    }
}
