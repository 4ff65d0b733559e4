//! The encoding of one column.

use std::collections::HashSet;

use backburn_table::{Cell, ColumnKind, numbers_in_one_spelling, within_range};
use chrono::{DateTime, Datelike, Timelike};
use serde::{Deserialize, Serialize};

use crate::bins::{Bins, quantile};
use crate::encoder_options::{EncoderOptions, NumberScale};
use crate::quantiles::{from_normal, quantiles, to_normal};

/// A column and how it is encoded as numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ColumnEncoder {
    /// A number: scaled, and perhaps with bins. A number that is missing, infinite or too large for an
    /// `f32` becomes zeros if there is an indicator. Otherwise it is imputed, or replaced by `missing`.
    Numeric {
        /// The column.
        name: String,
        /// How it is scaled.
        scale: Scale,
        /// The edges of the bins, in ascending order; see [`Bins`]. Empty, or two or more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        edges: Vec<f64>,
        /// Evenly spaced quantiles of the training rows, in ascending order, if the number is scaled by
        /// them; see [`NumberScale::Quantile`]. Otherwise empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quantiles: Vec<f64>,
        /// Whether a further number is 1 if the value is missing.
        indicator: bool,
        /// The value that replaces a missing one, if there is no indicator and the imputer does not
        /// impute it: the median or the mean of the training rows. `None` means zeros, as in models of
        /// older formats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        missing: Option<f64>,
    },
    /// An exposure: its logarithm. It is a number above 0 in every row, and the first column.
    Exposure {
        /// The column.
        name: String,
    },
    /// The time, as the linear trend of the target over it. It is a number or a date in every row, and the first column.
    Trend {
        /// The column.
        name: String,
        /// Whether times are dates, in seconds since 1970; otherwise they are numbers.
        dates: bool,
        /// The mean time of the training rows, at which the trend is 0.
        origin: f64,
        /// The change of the transformed target per unit of time: for dates, per second.
        slope: f64,
    },
    /// A boolean, standardized from 0 and 1.
    Boolean {
        /// The column.
        name: String,
        /// How it is standardized.
        scale: Scale,
        /// Whether a further number is 1 if the value is missing.
        indicator: bool,
    },
    /// A date: its parts, each standardized.
    Date {
        /// The column.
        name: String,
        /// The parts that vary.
        parts: Vec<(DatePart, Scale)>,
        /// Whether a further number is 1 if the value is missing.
        indicator: bool,
    },
    /// A category, one-hot encoded. A category that was not seen in training is 0 everywhere.
    OneHot {
        /// The column.
        name: String,
        /// The categories seen in training.
        categories: Vec<String>,
        /// Whether a missing value is a category of its own, the last.
        missing: bool,
    },
    /// A category: its index in an embedding table. Index 0 is for categories that are missing or were
    /// not seen in training.
    Embedding {
        /// The column.
        name: String,
        /// The categories seen in training, from index 1 on.
        categories: Vec<String>,
        /// The length of an embedding vector.
        dimension: usize,
    },
}

/// `z = (value - mean) / std`, perhaps with smooth clipping.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// The mean over the training rows, or the median.
    pub mean: f64,
    /// The standard deviation over the training rows, or the interquartile range; above 0.
    pub std: f64,
    /// Whether `z` is replaced by `z / √(1 + (z / 3)²)`, which is within -3 and 3.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clipped: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A column with fewer missing values in the training rows gets no indicator, by which a network would
/// memorize these rows.
const MIN_MISSING: usize = 3;

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
    /// The largest standard score: larger numbers would overflow in the network.
    pub const MAX_DEVIATIONS: f64 = 1e6;

    /// Standard scaling; `None` if the values are constant.
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

    /// Robust scaling with smooth clipping, after Holzmüller and others, "Better by Default" (2024): the
    /// median becomes 0, and the interquartile range 1, or half of the range if the quartiles are equal.
    /// `None` if the values, which are sorted, are constant.
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
            // Values that hardly differ, or whose range overflows.
            std: if std.is_normal() { std } else { standard.std },
            clipped: true,
        })
    }

    /// For a column whose values are all the same or missing.
    fn of_constant(values: &[f64]) -> Self {
        Self {
            mean: values.first().copied().unwrap_or(0.0),
            std: 1.0,
            clipped: false,
        }
    }

    /// The scaled value. It is limited to [`MAX_DEVIATIONS`](Self::MAX_DEVIATIONS).
    pub(crate) fn apply(&self, value: f64) -> f32 {
        let z = (value - self.mean) / self.std;
        let z = z.clamp(-Self::MAX_DEVIATIONS, Self::MAX_DEVIATIONS);
        match self.clipped {
            true => (z / (1.0 + (z / 3.0).powi(2)).sqrt()) as f32,
            false => z as f32,
        }
    }

    /// The inverse of [`apply`](Self::apply).
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
    /// Fits the encoder of a column on its cells in the training rows; `None` if they are constant.
    pub fn fit<'a>(
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
            match cell_value(kind, &cell) {
                Ok(Some(value)) => values.push(value),
                Ok(None) => missing += 1,
                Err(()) => {}
            }
        }
        let indicator = missing >= MIN_MISSING && !values.is_empty();
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
                Scale::fit(&values).or_else(|| indicator.then(|| Scale::of_constant(&values)))?;
            return Some(Self::Boolean {
                name,
                scale,
                indicator,
            });
        }
        Self::fit_numbers(name, values, indicator, (options.numbers, options.bins))
    }

    /// Fits the encoder of a numeric column on its values; `None` if they are constant.
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
            scale: scale.or_else(|| indicator.then(|| Scale::of_constant(&values)))?,
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

    /// The encoder of a constant number.
    pub(crate) fn constant() -> Self {
        Self::Numeric {
            name: String::new(),
            scale: Scale::of_constant(&[]),
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
        let mut categories = numbers_in_one_spelling(categories.into_iter().collect());
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

    /// Whether the encoder is valid. Used for encoders from files, which may hold anything.
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
            Self::Exposure { .. } => true,
            Self::Trend { origin, slope, .. } => within_range(*origin) && within_range(*slope),
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

    /// The name of the column.
    pub fn name(&self) -> &str {
        match self {
            Self::Numeric { name, .. }
            | Self::Exposure { name }
            | Self::Trend { name, .. }
            | Self::Boolean { name, .. }
            | Self::Date { name, .. }
            | Self::OneHot { name, .. }
            | Self::Embedding { name, .. } => name,
        }
    }

    /// What the column holds.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Numeric { .. } | Self::Exposure { .. } => ColumnKind::Numeric,
            Self::Trend { dates: false, .. } => ColumnKind::Numeric,
            Self::Trend { dates: true, .. } => ColumnKind::Date,
            Self::Boolean { .. } => ColumnKind::Boolean,
            Self::Date { .. } => ColumnKind::Date,
            Self::OneHot { .. } | Self::Embedding { .. } => ColumnKind::Categorical,
        }
    }

    /// The scaled number of a value of a numeric column, which is the first of its encoded numbers; 0 for a
    /// column of another kind.
    pub fn scaled(&self, value: f64) -> f32 {
        match self {
            Self::Numeric {
                scale, quantiles, ..
            } => scaled(value, scale, quantiles),
            _ => 0.0,
        }
    }

    /// Whether a value is of the column's kind, so that it can be encoded. Any value can be a category.
    pub fn accepts(&self, cell: &Cell) -> bool {
        match self {
            Self::Exposure { .. } => log_exposure(cell).is_some(),
            Self::Trend { .. } => self.time(cell).is_some(),
            _ => cell_value(self.kind(), cell).is_ok(),
        }
    }

    /// What the column holds, as error messages say it.
    pub fn expected(&self) -> &'static str {
        match self {
            Self::Exposure { .. } => "exposures, which are numbers above 0",
            Self::Trend { dates: false, .. } => "times, which are numbers, one in each row",
            Self::Trend { dates: true, .. } => "times, which are dates, one in each row",
            _ => self.kind().expected(),
        }
    }

    /// The time of a row; `None` if it has none.
    pub(crate) fn time(&self, cell: &Cell) -> Option<f64> {
        cell_value(self.kind(), cell).ok().flatten()
    }

    /// The trend at a time, in the unit of the transformed target; 0 for other columns.
    pub(crate) fn trend_at(&self, time: f64) -> f32 {
        let Self::Trend { origin, slope, .. } = self else {
            return 0.0;
        };
        let trend = slope * (time - origin);
        trend.clamp(-Scale::MAX_DEVIATIONS, Scale::MAX_DEVIATIONS) as f32
    }

    /// Writes the replacement of a missing value that is neither indicated nor imputed; for a boolean
    /// or a date it is zeros, which are the means.
    pub(crate) fn write_default(&self, numbers: &mut [f32]) {
        numbers.fill(0.0);
        if let Self::Numeric {
            missing: Some(value),
            ..
        } = self
        {
            self.write_number(*value, numbers);
        }
    }

    /// Writes a number that is already scaled, and for a numeric column the bins of its value.
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

    /// Writes a value of a numeric column: the scaled number and its bins.
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
        numbers[0] = scaled(value, scale, quantiles);
        for (number, edge) in numbers[1..].iter_mut().zip(edges.windows(2)) {
            let share = (value - edge[0]) / (edge[1] - edge[0]);
            *number = share.clamp(0.0, 1.0) as f32;
        }
    }

    /// Numbers that the column is encoded as, without the index of an embedding.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Numeric {
                edges, indicator, ..
            } => 1 + edges.len().saturating_sub(1) + usize::from(*indicator),
            Self::Exposure { .. } | Self::Trend { .. } => 1,
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

fn scaled(value: f64, scale: &Scale, quantiles: &[f64]) -> f32 {
    match quantiles.is_empty() {
        true => scale.apply(value),
        false => to_normal(value, quantiles),
    }
}

/// The logarithm of an exposure; `None` if it is not a number above 0.
pub(crate) fn log_exposure(cell: &Cell) -> Option<f32> {
    let exposure = cell
        .number()
        .filter(|number| *number > 0.0 && within_range(*number))?;
    Some(exposure.ln() as f32)
}

/// The number that a cell of this kind stands for; `None` if it is missing, infinite, or too large.
///
/// # Errors
///
/// The cell is not of this kind.
pub(crate) fn cell_value(kind: ColumnKind, cell: &Cell) -> Result<Option<f64>, ()> {
    let value = match (kind, cell) {
        (_, Cell::Missing) => return Ok(None),
        (ColumnKind::Numeric, cell) => cell.number(),
        (ColumnKind::Boolean, cell) => cell.boolean().map(|value| f64::from(u8::from(value))),
        (ColumnKind::Date, cell) => cell.date(),
        (ColumnKind::Categorical | ColumnKind::Ignored, _) => return Ok(None),
    };
    match value {
        Some(value) => Ok(within_range(value).then_some(value)),
        // In a file with types, a word such as `NA` is text, and means missing here too.
        None if cell.without_missing_words() == Cell::Missing => Ok(None),
        None => Err(()),
    }
}
