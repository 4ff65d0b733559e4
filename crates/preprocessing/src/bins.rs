//! The bins of a numeric column.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bins of each numeric column, at most. A number `x` then also becomes, for each bin from `a` to
/// `b`, `(x - a) / (b - a)`, cut to 0 and 1: a piecewise linear encoding, after Gorishniy, Rubachev
/// and Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning" (2022), section 3.2,
/// with a bin's edge at each value that fills a bin by itself.
///
/// Written in configs as a number or as `"auto"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bins {
    /// As many as there are hundreds of training rows, at most 64.
    #[default]
    Auto,
    /// So many; 0 or 1 is none.
    AtMost(usize),
}

/// Rows that a bin is learned from, where their number is to be found out.
const ROWS: usize = 100;
/// More bins than this were not more accurate.
const MOST: usize = 64;

impl Bins {
    /// Bins for so many rows to learn from.
    pub fn of(self, rows: usize) -> usize {
        match self {
            Self::Auto => (rows / ROWS).min(MOST),
            Self::AtMost(bins) => bins,
        }
    }

    /// The edges of the bins over numbers in order; none if that is not two bins.
    ///
    /// Few different values are edges each. Of many, those that fill a bin by themselves are edges,
    /// and the others share the bins that are left, about as many of them in each: most rows of a
    /// column may be zero, and its other values still be told apart.
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

/// The value below which a share of them lies, between two of them in proportion.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    low + (high - low) * place.fract()
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
    fn rare_values_share_the_bins_that_common_ones_leave() {
        let mut values = vec![0.0; 900];
        values.extend((1..=100).map(f64::from));
        let edges = Bins::AtMost(5).edges(&values);
        assert_eq!(edges, [0.0, 25.75, 50.5, 75.25, 100.0]);
        // By rows alone, three of four edges would be zero.
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
