//! One column to numbers.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Timelike};
use serde::{Deserialize, Serialize};

use crate::bins::quantile;
use crate::cell::within_range;
use crate::quantiles::{from_normal, quantiles, to_normal};
use crate::{Bins, Cell, ColumnKind, EncoderOptions, NumberScale};

/// A column and how it becomes numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ColumnEncoder {
    /// A number: scaled, and perhaps by bins. One that is missing, infinite or too large for 32 bits
    /// becomes zeros with an indicator, and else is guessed or what `missing` says.
    Numeric {
        /// The column.
        name: String,
        /// How it is scaled.
        scale: Scale,
        /// The edges of the bins, in order: see [`Bins`](crate::Bins). None but two or more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edges: Vec<f64>,
        /// Values at even shares of the training rows, in order, where it is scaled by these instead: see
        /// [`NumberScale::Quantile`].
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quantiles: Vec<f64>,
        /// Whether a second number tells if it is missing.
        indicator: bool,
        /// What a missing number is taken for where no indicator tells of it, and no
        /// [`Imputer`](crate::Imputer) guesses it: the median of the training rows, or their mean. Zeros
        /// without it, as in models of old.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missing: Option<f64>,
    },
    /// A truth value: standardized from 0 and 1, else like a number.
    Boolean {
        /// The column.
        name: String,
        /// How it is standardized.
        scale: Scale,
        /// Whether a second number tells if it is missing.
        indicator: bool,
    },
    /// A date: its parts, each standardized.
    Date {
        /// The column.
        name: String,
        /// The parts that vary.
        parts: Vec<(DatePart, Scale)>,
        /// Whether a further number tells if it is missing.
        indicator: bool,
    },
    /// A category: a 1 in its place and 0 elsewhere; unseen ones are 0 everywhere.
    OneHot {
        /// The column.
        name: String,
        /// The categories seen in training.
        categories: Vec<String>,
        /// Whether a missing value has a place of its own, the last.
        missing: bool,
    },
    /// A category: its index in a table of learned vectors. 0 is for unseen and missing ones.
    Embedding {
        /// The column.
        name: String,
        /// The categories seen in training, from index 1 on.
        categories: Vec<String>,
        /// The length of the vector.
        dimension: usize,
    },
}

/// `z = (value - mean) / std`, which may then be drawn in.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Mean over the training rows, or their median.
    pub mean: f64,
    /// Standard deviation over the training rows, or the distance between their quartiles; above 0.
    pub std: f64,
    /// Whether `z / √(1 + (z / 3)²)` draws in what is far out, so that nothing is beyond 3.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clipped: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A value that is missing in fewer training rows tells nothing by that: all else about these rows would be
/// learned from it.
const FEWEST_MISSING: usize = 3;

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// Days since 1970, with fractions.
    Days,
    /// 1 to 12.
    Month,
    /// 1 to 31.
    Day,
    /// 1 (Monday) to 7.
    Weekday,
    /// 0 to 24, with fractions.
    Hour,
}

const DATE_PARTS: [DatePart; 5] = [
    DatePart::Days,
    DatePart::Month,
    DatePart::Day,
    DatePart::Weekday,
    DatePart::Hour,
];

impl Scale {
    /// `None` if the values never vary.
    fn fit(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares = values.iter().map(|v| (v - mean) * (v - mean));
        let std = (squares.sum::<f64>() / count).sqrt();
        let usable = mean.is_finite() && std.is_finite() && std > mean.abs() * 1e-12;
        usable.then_some(Self {
            mean,
            std,
            clipped: false,
        })
    }

    /// Robust scaling with smooth clipping, after Holzmüller and others, "Better by Default" (2024):
    /// the median becomes 0 and the distance between the quartiles 1, or half of the range where the
    /// quartiles are one. `sorted` is in order; `None` if the values never vary.
    fn fit_robust(sorted: &[f64]) -> Option<Self> {
        let standard = Self::fit(sorted)?;
        let between = |low, high| quantile(sorted, high) - quantile(sorted, low);
        let quartiles = between(0.25, 0.75);
        let std = match quartiles > 0.0 {
            true => quartiles,
            false => between(0.0, 1.0) / 2.0,
        };
        Some(Self {
            mean: quantile(sorted, 0.5),
            // Numbers that only just differ, or span more than can be told.
            std: if std.is_normal() { std } else { standard.std },
            clipped: true,
        })
    }

    /// For a column that is either one value or missing, which varies by being missing.
    fn of_one(values: &[f64]) -> Self {
        Self {
            mean: values.first().copied().unwrap_or(0.0),
            std: 1.0,
            clipped: false,
        }
    }

    /// A value a million deviations away is as far as a network needs to know; beyond, its own
    /// numbers would overflow.
    pub(crate) fn apply(&self, value: f64) -> f32 {
        const FURTHEST: f64 = 1e6;
        let z = ((value - self.mean) / self.std).clamp(-FURTHEST, FURTHEST);
        match self.clipped {
            true => (z / (1.0 + (z / 3.0).powi(2)).sqrt()) as f32,
            false => z as f32,
        }
    }

    /// The value that is scaled to a number.
    fn invert(&self, number: f32) -> f64 {
        let number = f64::from(number);
        let z = match self.clipped {
            true => number / (1.0 - (number / 3.0).powi(2)).max(1e-12).sqrt(),
            false => number,
        };
        self.mean + self.std * z
    }

    fn is_usable(&self) -> bool {
        self.mean.is_finite() && self.std.is_finite() && self.std > 0.0
    }
}

impl DatePart {
    pub(crate) fn of(self, seconds: f64) -> f64 {
        let days = seconds / 86_400.0;
        let Some(moment) = DateTime::from_timestamp(seconds.floor() as i64, 0) else {
            return days;
        };
        match self {
            Self::Days => days,
            Self::Month => f64::from(moment.month()),
            Self::Day => f64::from(moment.day()),
            Self::Weekday => f64::from(moment.weekday().number_from_monday()),
            Self::Hour => f64::from(moment.num_seconds_from_midnight()) / 3600.0,
        }
    }
}

impl ColumnEncoder {
    /// Learns the encoding of a column from its cells in the training rows; `None` if they never
    /// vary.
    pub(crate) fn fit<'a>(
        name: &str,
        kind: ColumnKind,
        cells: impl Iterator<Item = Cell<'a>>,
        options: &EncoderOptions,
    ) -> Option<Self> {
        let name = name.to_string();
        match kind {
            ColumnKind::Ignored => return None,
            ColumnKind::Categorical => return Self::fit_categories(name, cells, options),
            _ => {}
        }
        let mut values = Vec::new();
        let mut missing = 0;
        for cell in cells {
            match value(kind, &cell) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => missing += 1,
                Err(()) => {}
            }
        }
        let indicator = missing >= FEWEST_MISSING && !values.is_empty();
        if kind == ColumnKind::Date {
            let parts = DATE_PARTS.iter().filter_map(|part| {
                let values: Vec<f64> = values.iter().map(|&seconds| part.of(seconds)).collect();
                Some((*part, Scale::fit(&values)?))
            });
            let parts: Vec<(DatePart, Scale)> = parts.collect();
            return (indicator || !parts.is_empty()).then_some(Self::Date {
                name,
                parts,
                indicator,
            });
        }
        if kind == ColumnKind::Boolean {
            let scale =
                Scale::fit(&values).or_else(|| indicator.then(|| Scale::of_one(&values)))?;
            return Some(Self::Boolean {
                name,
                scale,
                indicator,
            });
        }
        Self::fit_numbers(name, values, indicator, (options.numbers, options.bins))
    }

    /// Learns the encoding of a numeric column from its values; `None` if they never vary.
    pub(crate) fn fit_numbers(
        name: String,
        mut values: Vec<f64>,
        indicator: bool,
        (numbers, bins): (NumberScale, Bins),
    ) -> Option<Self> {
        if numbers != NumberScale::Standard || bins.of(values.len()) > 1 {
            values.sort_unstable_by(f64::total_cmp);
        }
        let scale = match numbers {
            NumberScale::Robust => Scale::fit_robust(&values),
            NumberScale::Standard | NumberScale::Quantile => Scale::fit(&values),
        };
        let by_ranks = numbers == NumberScale::Quantile && scale.is_some();
        Some(Self::Numeric {
            name,
            scale: scale.or_else(|| indicator.then(|| Scale::of_one(&values)))?,
            edges: match scale {
                Some(_) => bins.edges(&values),
                None => Vec::new(),
            },
            quantiles: match by_ranks {
                true => quantiles(&values),
                false => Vec::new(),
            },
            indicator,
            missing: scale.filter(|_| !indicator).map(|scale| scale.mean),
        })
    }

    /// Of a number that never varies.
    pub(crate) fn constant() -> Self {
        Self::Numeric {
            name: String::new(),
            scale: Scale::of_one(&[]),
            edges: Vec::new(),
            quantiles: Vec::new(),
            indicator: false,
            missing: None,
        }
    }

    fn fit_categories<'a>(
        name: String,
        cells: impl Iterator<Item = Cell<'a>>,
        options: &EncoderOptions,
    ) -> Option<Self> {
        let mut missing = false;
        let mut categories = HashSet::new();
        for cell in cells {
            match cell.category() {
                None => missing = true,
                Some(category) if !categories.contains(category.as_ref()) => {
                    categories.insert(category.into_owned());
                }
                Some(_) => {}
            }
        }
        let mut categories: Vec<String> = categories.into_iter().collect();
        categories.sort_unstable();
        let slots = categories.len() + usize::from(missing);
        if slots < 2 || categories.is_empty() {
            return None;
        }
        if categories.len() <= options.one_hot_max {
            return Some(Self::OneHot {
                name,
                categories,
                missing,
            });
        }
        let dimension = match options.embedding_dimension {
            0 => (1.6 * (categories.len() as f64).powf(0.56))
                .round()
                .min(50.0) as usize,
            given => given,
        };
        Some(Self::Embedding {
            name,
            categories,
            dimension,
        })
    }

    /// Whether this encoder can be: a file may hold anything.
    pub(crate) fn is_usable(&self) -> bool {
        match self {
            Self::Numeric {
                scale,
                edges,
                quantiles,
                missing,
                ..
            } => {
                let ascending = edges.is_sorted_by(|a, b| a < b) && quantiles.is_sorted();
                let mut finite = edges.iter().chain(quantiles).chain(missing);
                let finite = finite.all(|&x| within_range(x));
                scale.is_usable() && edges.len() != 1 && ascending && finite
            }
            Self::Boolean { scale, .. } => scale.is_usable(),
            Self::Date {
                parts, indicator, ..
            } => {
                (*indicator || !parts.is_empty())
                    && parts.iter().all(|(_, scale)| scale.is_usable())
            }
            Self::OneHot { categories, .. } => !categories.is_empty(),
            Self::Embedding {
                categories,
                dimension,
                ..
            } => !categories.is_empty() && *dimension > 0,
        }
    }

    /// The column.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. }
            | Self::Boolean { name, .. }
            | Self::Date { name, .. }
            | Self::OneHot { name, .. }
            | Self::Embedding { name, .. } => name,
        }
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Numeric { .. } => ColumnKind::Numeric,
            Self::Boolean { .. } => ColumnKind::Boolean,
            Self::Date { .. } => ColumnKind::Date,
            Self::OneHot { .. } | Self::Embedding { .. } => ColumnKind::Categorical,
        }
    }

    /// Writes what a missing number is taken for where nothing tells of it; zeros of a truth value or a date,
    /// which are their means.
    pub(crate) fn write_middle(&self, numbers: &mut [f32]) {
        numbers.fill(0.0);
        if let Self::Numeric {
            missing: Some(value),
            ..
        } = self
        {
            self.write_number(*value, numbers);
        }
    }

    /// Writes a number that is scaled already, and of a numeric column the bins of its value too.
    pub(crate) fn write_scaled(&self, number: f32, numbers: &mut [f32]) {
        if let Self::Numeric {
            scale, quantiles, ..
        } = self
        {
            let value = match quantiles.is_empty() {
                true => scale.invert(number),
                false => from_normal(number, quantiles),
            };
            self.write_number(value, numbers);
        }
        numbers[0] = number;
    }

    /// Writes a number of a numeric column: scaled, and by bins.
    pub(crate) fn write_number(&self, value: f64, numbers: &mut [f32]) {
        let Self::Numeric {
            scale,
            edges,
            quantiles,
            ..
        } = self
        else {
            return;
        };
        numbers[0] = match quantiles.is_empty() {
            true => scale.apply(value),
            false => to_normal(value, quantiles),
        };
        for (number, edge) in numbers[1..].iter_mut().zip(edges.windows(2)) {
            let share = (value - edge[0]) / (edge[1] - edge[0]);
            *number = share.clamp(0.0, 1.0) as f32;
        }
    }

    /// Numbers that the column becomes, besides an embedding's index.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Numeric {
                edges, indicator, ..
            } => 1 + edges.len().saturating_sub(1) + usize::from(*indicator),
            Self::Boolean { indicator, .. } => 1 + usize::from(*indicator),
            Self::Date {
                parts, indicator, ..
            } => parts.len() + usize::from(*indicator),
            Self::OneHot {
                categories,
                missing,
                ..
            } => categories.len() + usize::from(*missing),
            Self::Embedding { .. } => 0,
        }
    }
}

/// A cell as the number behind its kind; `None` where it is missing, infinite, or too large.
pub(crate) fn value(kind: ColumnKind, cell: &Cell) -> Result<Option<f64>, ()> {
    let value = match (kind, cell) {
        (_, Cell::Missing) => return Ok(None),
        (ColumnKind::Numeric, cell) => cell.number(),
        (ColumnKind::Boolean, cell) => cell.boolean().map(|truth| f64::from(u8::from(truth))),
        (ColumnKind::Date, cell) => cell.date(),
        (ColumnKind::Categorical | ColumnKind::Ignored, _) => return Ok(None),
    };
    value
        .map(|value| within_range(value).then_some(value))
        .ok_or(())
}
