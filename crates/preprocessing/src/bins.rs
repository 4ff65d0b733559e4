//! Bins of a numeric column: a piecewise linear encoding.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest number of bins of each numeric column. For each bin from `a` to `b`, a number `x` is
/// also encoded as `(x - a) / (b - a)`, limited to the range from 0 to 1. This is the piecewise linear
/// encoding of Gorishniy, Rubachev and Babenko, "On Embeddings for Numerical Features in Tabular Deep
/// Learning" (2022), section 3.2, with an edge at each value that is common enough to fill a bin.
///
/// Written in configs as a number or as `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bins {
    /// One bin for each 100 training rows, at most 64.
    #[default]
    Auto,
    /// This number; 0 or 1 means no bins.
    AtMost(usize),
}

/// Training rows for each bin with [`Bins::Auto`].
const ROWS: usize = 100;
/// The largest number of bins with [`Bins::Auto`]; more were not more accurate.
const MAX_BINS: usize = 64;

impl Bins {
    /// The largest number of bins for this many training rows.
    pub fn of(self, rows: usize) -> usize {
        match self {
            Self::Auto => (rows / ROWS).min(MAX_BINS),
            Self::AtMost(bins) => bins,
        }
    }

    /// The edges of the bins for sorted numbers; empty if they would be fewer than two bins.
    ///
    /// If there are few different values, each is an edge. Otherwise each value that is common enough
    /// to fill a bin is an edge, and quantiles divide the other values evenly among the remaining bins.
    /// So the values of a zero-inflated column other than zero still get bins.
    pub(crate) fn edges(self, sorted: &[f64]) -> Vec<f64> {
        let bins = self.of(sorted.len());
        if bins < 2 {
            return Vec::new();
        }
        let different = sorted.chunk_by(|a, b| a == b);
        let mut edges: Vec<f64> = different.clone().map(|same| same[0]).collect();
        if edges.len() > bins + 1 {
            let (common, rare): (Vec<&[f64]>, Vec<&[f64]>) =
                different.partition(|same| same.len() * bins >= sorted.len());
            let rare = rare.concat();
            let shared = bins.saturating_sub(common.len()).max(1);
            let between = (1..shared).map(|bin| bin as f64 / shared as f64);
            let ends = [sorted[0], sorted[sorted.len() - 1]];
            edges = common.iter().map(|same| same[0]).chain(ends).collect();
            edges.extend(between.map(|share| quantile(&rare, share)));
            edges.sort_unstable_by(f64::total_cmp);
            edges.dedup();
        }
        match edges.len() > 2 {
            true => edges,
            false => Vec::new(),
        }
    }
}

/// The quantile of sorted values, with linear interpolation; there must be at least one value.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[position.floor() as usize],
        sorted[position.ceil() as usize],
    );
    low + (high - low) * position.fract()
}

impl fmt::Display for Bins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::AtMost(bins) => write!(f, "{bins}"),
        }
    }
}

impl Serialize for Bins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::AtMost(bins) => serializer.serialize_u64(*bins as u64),
        }
    }
}

impl<'de> Deserialize<'de> for Bins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrAuto;
        impl Visitor<'_> for NumberOrAuto {
            type Value = Bins;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a whole number or \"auto\"")
            }

            fn visit_u64<E: Error>(self, bins: u64) -> Result<Bins, E> {
                let bins = usize::try_from(bins);
                Ok(Bins::AtMost(bins.unwrap_or(usize::MAX)))
            }

            fn visit_i64<E: Error>(self, bins: i64) -> Result<Bins, E> {
                match u64::try_from(bins) {
                    Ok(bins) => self.visit_u64(bins),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(bins), &self)),
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bins, E> {
                match text {
                    "auto" => Ok(Bins::Auto),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrAuto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_values_share_the_remaining_bins() {
        let mut values = vec![0.0; 900];
        values.extend((1..=100).map(f64::from));
        let edges = Bins::AtMost(5).edges(&values);
        assert_eq!(edges, [0.0, 25.75, 50.5, 75.25, 100.0]);
        // With plain quantiles, three of four edges would be zero.
        assert_eq!(Bins::Auto.of(1_000), 10);
        assert_eq!(Bins::Auto.edges(&values).len(), 10);
    }

    #[test]
    fn few_values_are_edges_each() {
        let values = [1.0, 2.0, 2.0, 2.0, 7.0];
        assert_eq!(Bins::AtMost(3).edges(&values), [1.0, 2.0, 7.0]);
        assert_eq!(Bins::AtMost(3).edges(&values[..4]), [0.0; 0]);
        assert_eq!(Bins::Auto.edges(&values), [0.0; 0]);
    }

    #[test]
    fn bins_are_a_number_or_auto() {
        for (text, bins) in [("\"auto\"", Bins::Auto), ("12", Bins::AtMost(12))] {
            assert_eq!(serde_json::from_str::<Bins>(text).unwrap(), bins);
            assert_eq!(serde_json::to_string(&bins).unwrap(), text);
        }
        for text in ["-1", "\"many\"", "1.5"] {
            assert!(serde_json::from_str::<Bins>(text).is_err(), "{text}");
        }
    }
}
