//! The encoding of rows: from the columns of a table to the inputs of a network.

use std::collections::HashMap;
use std::ops::Range;

use backburn::{ColumnEncoder, SavedModel};
use backburn_preprocessing::{DatePart, Encoder, EncoderTensor, Imputer, Scale};
use backburn_table::{Cell, ColumnFormat};

use crate::dates::{DateParts, without_sentinels};
use crate::error::ExportError;
use crate::graph::{Graph, Kind, Value};
use crate::imputation::impute;
use crate::neighbors::neighbor_means;
use crate::numbers::{NumberEncoder, bin_places, bins, scaled, scaled_numbers, unscaled_numbers};
use crate::piece::{Piece, assemble};
use crate::texts::{booleans, category_index};

/// The inputs of a network.
pub(crate) struct EncodedRows<'g> {
    /// The numbers, `[rows, inputs]`; `None` if all inputs are embedded categories.
    pub numbers: Option<Value<'g>>,
    /// For each embedding the index of the category, `[rows, 1]`.
    pub categories: Vec<Value<'g>>,
    /// What imputed values add to the squared error of each row, as a share of the mean squared error, `[rows, 1]`; `None`
    /// if they add nothing.
    pub widening: Option<Value<'g>>,
}

/// The columns of a table on their way to an encoded row. A place is the index of a number in an encoded row.
struct Encoding<'g, 'a> {
    graph: &'g Graph,
    model: &'a SavedModel,
    encoder: &'a Encoder,
    /// The input of each column, `[rows, 1]`.
    inputs: &'a [Value<'g>],
    ranges: Vec<Range<usize>>,
    /// What an encoded row has where its values are missing and not imputed.
    defaults: Vec<f32>,
}

/// The numeric columns.
struct Numeric<'g, 'a> {
    /// The index of each column.
    indices: Vec<usize>,
    encoders: Vec<NumberEncoder<'a>>,
    /// `[rows, columns]`.
    values: Value<'g>,
    is_valid: Value<'g>,
}

/// Encodes rows. `inputs` has the values of each of the encoder's columns.
///
/// # Errors
///
/// A column is encoded in a way that this version does not export.
pub(crate) fn encode<'g>(
    graph: &'g Graph,
    model: &SavedModel,
    inputs: &[Value<'g>],
) -> Result<EncodedRows<'g>, ExportError> {
    let encoder = &model.encoder;
    let encoding = Encoding {
        graph,
        model,
        encoder,
        inputs,
        ranges: encoder
            .column_ranges()
            .into_iter()
            .map(|(_, r)| r)
            .collect(),
        defaults: defaults(encoder)?,
    };
    let numeric = encoding.numeric();
    let (mut pieces, shares) = encoding.pieces(numeric.as_ref());

    // Everything but the bins and the neighbor features, in the order of the columns.
    let mut core_places: Vec<usize> = pieces.iter().flat_map(|p| p.places.clone()).collect();
    core_places.sort_unstable();
    let in_core: HashMap<usize, usize> = core_places.iter().copied().zip(0..).collect();
    for piece in &mut pieces {
        piece
            .places
            .iter_mut()
            .for_each(|place| *place = in_core[place]);
    }
    let marked = assemble(graph, &pieces, core_places.len());
    let core = marked.map(|marked| encoding.imputed(marked, &core_places));

    let mut all = Vec::new();
    if let (Some(core), Some(marked)) = (core, marked) {
        all.push(Piece::new(core, core_places.clone()));
        if let Some(numeric) = &numeric {
            let completed = encoding.completed(numeric, core, marked, &in_core);
            all.extend(encoding.bin_piece(numeric, completed));
        }
        all.extend(encoding.neighbor_pieces(core, &in_core)?);
    }
    Ok(EncodedRows {
        numbers: assemble(graph, &all, encoder.inputs()),
        categories: encoding.embedded_categories(),
        widening: shares,
    })
}

/// An encoded row whose values are all missing, without imputation.
fn defaults(encoder: &Encoder) -> Result<Vec<f32>, ExportError> {
    let plain = Encoder {
        imputer: None,
        knn_features: Vec::new(),
        ..encoder.clone()
    };
    let cells = vec![Cell::Missing; plain.columns.len()];
    let row = plain.row_encoder().encode(&cells);
    let mut row = row.map_err(|error| ExportError::Unsupported {
        part: error.to_string(),
        advice: "other columns",
    })?;
    row.resize(encoder.width(), 0.0);
    Ok(row)
}

/// Whether a further number marks missing values.
fn has_indicator(column: &ColumnEncoder) -> bool {
    matches!(
        column,
        ColumnEncoder::Numeric {
            indicator: true,
            ..
        } | ColumnEncoder::Boolean {
            indicator: true,
            ..
        } | ColumnEncoder::Date {
            indicator: true,
            ..
        }
    )
}

impl<'g, 'a> Encoding<'g, 'a> {
    /// All columns but the bins of numbers, and what imputed values add to the squared error of each row.
    fn pieces(&self, numeric: Option<&Numeric<'g, 'a>>) -> (Vec<Piece<'g>>, Option<Value<'g>>) {
        let mut pieces = Vec::new();
        let mut shares = Vec::new();
        if let Some(numeric) = numeric {
            pieces.extend(self.scaled_pieces(numeric));
            shares.extend(self.imputed_shares(&numeric.indices, numeric.is_valid));
        }
        for (of_kind, of_imputed) in [self.boolean_pieces(), self.date_pieces()] {
            pieces.extend(of_kind);
            shares.extend(of_imputed);
        }
        pieces.extend(self.one_hot_pieces());
        (
            pieces,
            shares.into_iter().reduce(|sum, of_kind| sum + of_kind),
        )
    }

    /// The columns that `choose` chooses, with their indices.
    fn columns<T>(&self, choose: impl Fn(&'a ColumnEncoder) -> Option<T>) -> (Vec<usize>, Vec<T>) {
        let columns = self.encoder.columns.iter().enumerate();
        let chosen = columns.filter_map(|(index, column)| Some((index, choose(column)?)));
        chosen.unzip()
    }

    /// The inputs of some columns as one matrix.
    fn matrix(&self, indices: &[usize]) -> Value<'g> {
        let inputs: Vec<Value> = indices.iter().map(|&index| self.inputs[index]).collect();
        self.graph.concat(&inputs, 1)
    }

    /// Numbers of columns, with their places, in which those that are not valid are replaced: by NaN if they
    /// may be imputed, otherwise by the default.
    fn with_missing(
        &self,
        numbers: Value<'g>,
        is_valid: Value<'g>,
        columns_and_places: &[(usize, usize)],
    ) -> Piece<'g> {
        let imputes = self.encoder.imputer.is_some();
        let fill = columns_and_places.iter().map(|&(column, place)| {
            let imputable = imputes && !has_indicator(&self.encoder.columns[column]);
            if imputable {
                f32::NAN
            } else {
                self.defaults[place]
            }
        });
        let fill = self
            .graph
            .floats(&[columns_and_places.len()], &fill.collect::<Vec<f32>>());
        let places = columns_and_places.iter().map(|&(_, place)| place);
        Piece::new(is_valid.choose(numbers, fill), places.collect())
    }

    /// The indicators of missing values of these columns, if they have any.
    fn indicators(&self, indices: &[usize], is_valid: Value<'g>) -> Option<Piece<'g>> {
        let marked = |&at: &usize| has_indicator(&self.encoder.columns[indices[at]]);
        let marked: Vec<usize> = (0..indices.len()).filter(marked).collect();
        if marked.is_empty() {
            return None;
        }
        let valid = is_valid.columns(&marked, indices.len());
        let missing = self.graph.op("Not", &[valid], Kind::Bool);
        let places = marked.iter().map(|&at| self.ranges[indices[at]].end - 1);
        Some(Piece::new(missing.cast(Kind::Float), places.collect()))
    }

    fn numeric(&self) -> Option<Numeric<'g, 'a>> {
        let (indices, encoders) = self.columns(NumberEncoder::of);
        if indices.is_empty() {
            return None;
        }
        let values = self.without_words(self.matrix(&indices), &indices);
        // Other numbers count as missing, and NaN is not less.
        let is_valid = values.same("Abs");
        let is_valid = is_valid.compare_to("Less", f64::from(f32::MAX));
        Some(Numeric {
            indices,
            encoders,
            values,
            is_valid,
        })
    }

    /// Numbers in which those that stand for missing values are NaN.
    fn without_words(&self, values: Value<'g>, indices: &[usize]) -> Value<'g> {
        let format = &self.model.format;
        let words = format.missing.words().iter();
        let words: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
        let nan = self.graph.scalar(Kind::Double, f64::NAN);
        words.into_iter().fold(values, |values, word| {
            let of_column = |&index: &usize| {
                let name = self.encoder.columns[index].name();
                match format.columns.get(name) {
                    // A word is text, which a number of hours is not.
                    Some(ColumnFormat::Duration(_)) => f64::NAN,
                    _ => word,
                }
            };
            let words: Vec<f64> = indices.iter().map(of_column).collect();
            let words = self.graph.doubles(&[words.len()], &words);
            values.compare("Equal", words).choose(nan, values)
        })
    }

    fn scaled_pieces(&self, numeric: &Numeric<'g, 'a>) -> Vec<Piece<'g>> {
        let numbers = scaled_numbers(numeric.values, &numeric.encoders);
        let places = numeric.indices.iter();
        let places: Vec<(usize, usize)> = places
            .map(|&index| (index, self.ranges[index].start))
            .collect();
        let scaled = self.with_missing(numbers, numeric.is_valid, &places);
        let indicators = self.indicators(&numeric.indices, numeric.is_valid);
        [scaled].into_iter().chain(indicators).collect()
    }

    /// By which share the squared error of each row grows because of imputed values of these columns, `[rows, 1]`;
    /// `None` if it does not.
    fn imputed_shares(&self, indices: &[usize], is_valid: Value<'g>) -> Option<Value<'g>> {
        let shares = self.model.target.error_scale()?.imputed();
        let of_column = indices.iter().map(|&index| {
            let column = &self.encoder.columns[index];
            let share = shares.get(column.name()).copied();
            share.filter(|_| !has_indicator(column)).unwrap_or(0.0)
        });
        let of_column: Vec<f64> = of_column.collect();
        if of_column.iter().all(|share| *share == 0.0) {
            return None;
        }
        let missing = self.graph.op("Not", &[is_valid], Kind::Bool);
        let of_column = self.graph.doubles(&[of_column.len()], &of_column);
        Some((missing.cast(Kind::Double) * of_column).sum(1))
    }

    /// The pieces of booleans, and what their imputed values add to the squared error.
    fn boolean_pieces(&self) -> (Vec<Piece<'g>>, Option<Value<'g>>) {
        let (indices, scales) = self.columns(|column| match column {
            ColumnEncoder::Boolean { scale, .. } => Some(scale),
            _ => None,
        });
        if indices.is_empty() {
            return (Vec::new(), None);
        }
        let values = booleans(self.matrix(&indices));
        let is_valid = values.compare_to("GreaterOrEqual", 0.0);
        let numbers = scaled(values.cast(Kind::Double), &scales);
        let places = indices.iter();
        let places: Vec<(usize, usize)> = places
            .map(|&index| (index, self.ranges[index].start))
            .collect();
        let scaled = self.with_missing(numbers, is_valid, &places);
        let indicators = self.indicators(&indices, is_valid);
        let pieces = [scaled].into_iter().chain(indicators).collect();
        (pieces, self.imputed_shares(&indices, is_valid))
    }

    /// The pieces of dates, and what their imputed values add to the squared error.
    fn date_pieces(&self) -> (Vec<Piece<'g>>, Option<Value<'g>>) {
        let (indices, parts) = self.columns(|column| match column {
            ColumnEncoder::Date { parts, .. } => Some(parts),
            _ => None,
        });
        if indices.is_empty() {
            return (Vec::new(), None);
        }
        let of = indices.len();
        let sentinels: Vec<&[String]> = indices.iter().map(|&i| self.sentinels(i)).collect();
        let seconds = without_sentinels(self.graph, self.matrix(&indices), &sentinels);
        let is_valid = seconds.same("Abs");
        let is_valid = is_valid.compare_to("Less", f64::from(f32::MAX));
        let indicators = self.indicators(&indices, is_valid);
        let shares = self.imputed_shares(&indices, is_valid);
        let dates = DateParts::new(seconds);
        let mut pieces: Vec<Piece> = indicators.into_iter().collect();
        let kinds = [
            DatePart::Days,
            DatePart::Month,
            DatePart::Day,
            DatePart::Weekday,
            DatePart::Hour,
        ];
        for kind in kinds {
            let mut columns: Vec<usize> = Vec::new();
            let mut scales: Vec<&Scale> = Vec::new();
            let mut places: Vec<(usize, usize)> = Vec::new();
            for (at, parts) in parts.iter().enumerate() {
                let part = parts.iter().position(|(part, _)| *part == kind);
                if let Some(part) = part {
                    columns.push(at);
                    scales.push(&parts[part].1);
                    places.push((indices[at], self.ranges[indices[at]].start + part));
                }
            }
            if !columns.is_empty() {
                let numbers = scaled(dates.part(kind).columns(&columns, of), &scales);
                let is_valid = is_valid.columns(&columns, of);
                pieces.push(self.with_missing(numbers, is_valid, &places));
            }
        }
        (pieces, shares)
    }

    /// The days that stand for no date in a column.
    fn sentinels(&self, index: usize) -> &'a [String] {
        let name = self.encoder.columns[index].name();
        match self.model.format.columns.get(name) {
            Some(ColumnFormat::Date(format)) => &format.sentinels,
            _ => &[],
        }
    }

    /// The one-hot encoded categories. For the imputer, a row without a category has NaN in all places of the
    /// column.
    fn one_hot_pieces(&self) -> Option<Piece<'g>> {
        let words = self.model.format.missing.words();
        let (indices, chosen) = self.columns(|column| match column {
            ColumnEncoder::OneHot {
                categories,
                missing,
                ..
            } => Some((categories, *missing)),
            _ => None,
        });
        if indices.is_empty() {
            return None;
        }
        let (mut columns, mut slots, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut found = Vec::new();
        for (at, (&index, (categories, missing))) in indices.iter().zip(chosen).enumerate() {
            let last = if missing { categories.len() as i64 } else { -1 };
            let texts = self.inputs[index];
            found.push(category_index(texts, categories, words, last, -1));
            for place in self.ranges[index].clone() {
                columns.push(at);
                slots.push((place - self.ranges[index].start) as i64);
                places.push(place);
            }
        }
        let found = self
            .graph
            .concat(&found, 1)
            .columns(&columns, indices.len());
        let numbers = found.compare("Equal", self.graph.ints(&slots));
        let numbers = numbers.cast(Kind::Float);
        let numbers = match self.encoder.imputer {
            None => numbers,
            Some(_) => {
                let nan = self.graph.scalar(Kind::Float, f64::NAN);
                found.compare_to("Less", 0.0).choose(nan, numbers)
            }
        };
        Some(Piece::new(numbers, places))
    }

    /// Whether missing values of a column get their conditional mean.
    fn is_imputed(&self, column: &ColumnEncoder) -> bool {
        let mut columns = self
            .encoder
            .imputer
            .iter()
            .flat_map(|imputer| &imputer.columns);
        !has_indicator(column) && columns.any(|name| name == column.name())
    }

    /// The numbers at these places with what the imputer makes of the NaNs among them.
    fn imputed(&self, marked: Value<'g>, places: &[usize]) -> Value<'g> {
        let tensors = self.encoder.tensors();
        let normal = tensors.iter().find(|tensor| tensor.name == Imputer::TENSOR);
        let Some(normal) = normal else {
            return marked;
        };
        let (mut imputed, mut may_miss, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
        for &place in places {
            let column = self.ranges.iter().position(|range| range.contains(&place));
            let column = column.map(|column| &self.encoder.columns[column]);
            let is_category = matches!(column, Some(ColumnEncoder::OneHot { .. }));
            may_miss.push(!is_category);
            imputed.push(column.is_some_and(|column| self.is_imputed(column)));
            // No category stays no category.
            defaults.push(if is_category {
                0.0
            } else {
                self.defaults[place]
            });
        }
        impute(marked, normal, &imputed, &may_miss, &defaults)
    }

    /// The numeric columns with the values that imputed numbers stand for, and whether they are valid.
    fn completed(
        &self,
        numeric: &Numeric<'g, 'a>,
        core: Value<'g>,
        marked: Value<'g>,
        in_core: &HashMap<usize, usize>,
    ) -> (Value<'g>, Value<'g>) {
        let of = numeric.indices.len();
        let is_imputed = |&at: &usize| self.is_imputed(&self.encoder.columns[numeric.indices[at]]);
        let (imputed, others): (Vec<usize>, Vec<usize>) = (0..of).partition(is_imputed);
        if imputed.is_empty() {
            return (numeric.values, numeric.is_valid);
        }
        let places = imputed.iter();
        let places: Vec<usize> = places
            .map(|&at| in_core[&self.ranges[numeric.indices[at]].start])
            .collect();
        let encoders: Vec<NumberEncoder> = imputed.iter().map(|&at| numeric.encoders[at]).collect();
        let is_missing = marked.columns(&places, in_core.len()).is_nan();
        let numbers = core.columns(&places, in_core.len());
        let values = numeric.values.columns(&imputed, of);
        let values = is_missing.choose(unscaled_numbers(numbers, &encoders), values);
        let mut pieces = vec![Piece::new(values, imputed.clone())];
        if !others.is_empty() {
            pieces.push(Piece::new(numeric.values.columns(&others, of), others));
        }
        let values = assemble(self.graph, &pieces, of).unwrap_or(numeric.values);
        let is_imputed: Vec<bool> = (0..of).map(|at| imputed.contains(&at)).collect();
        let is_imputed = self.graph.bools(&is_imputed);
        let inputs = [numeric.is_valid, is_imputed];
        (values, self.graph.op("Or", &inputs, Kind::Bool))
    }

    /// The bins of the numeric columns.
    fn bin_piece(
        &self,
        numeric: &Numeric<'g, 'a>,
        (values, is_valid): (Value<'g>, Value<'g>),
    ) -> Option<Piece<'g>> {
        let (numbers, columns) = bins(values, &numeric.encoders)?;
        let starts = numeric.indices.iter();
        let starts: Vec<usize> = starts.map(|&index| self.ranges[index].start).collect();
        let places = bin_places(&numeric.encoders, &starts);
        let is_valid = is_valid.columns(&columns, numeric.indices.len());
        let defaults: Vec<f32> = places.iter().map(|&place| self.defaults[place]).collect();
        let defaults = self.graph.floats(&[places.len()], &defaults);
        Some(Piece::new(is_valid.choose(numbers, defaults), places))
    }

    fn neighbor_pieces(
        &self,
        core: Value<'g>,
        in_core: &HashMap<usize, usize>,
    ) -> Result<Vec<Piece<'g>>, ExportError> {
        let starts: HashMap<&str, usize> = self
            .encoder
            .column_ranges()
            .into_iter()
            .map(|(name, range)| (name, range.start))
            .collect();
        let tensors: Vec<EncoderTensor> = self.encoder.tensors();
        let ranges = self.encoder.knn_ranges().into_iter();
        let encoders = self.encoder.knn_features.iter().zip(ranges).zip(&tensors);
        let mut pieces = Vec::new();
        for ((knn, (columns, range)), index) in encoders {
            let coordinates = columns.iter();
            let coordinates: Option<Vec<usize>> = coordinates
                .map(|column| in_core.get(starts.get(column.as_str())?).copied())
                .collect();
            let means: Option<Vec<NumberEncoder>> =
                knn.means.iter().map(NumberEncoder::of).collect();
            let (Some(coordinates), Some(means)) = (coordinates, means) else {
                return Err(ExportError::Unsupported {
                    part: "these neighbor features".to_string(),
                    advice: "data.neighbor_features=false and data.knn_features=never",
                });
            };
            let at = core.columns(&coordinates, in_core.len());
            let values = neighbor_means(at, knn, index).cast(Kind::Double);
            let widths = means
                .iter()
                .map(|mean| 1 + mean.edges.len().saturating_sub(1));
            let starts = widths.scan(range.start, |next, width| {
                let start = *next;
                *next += width;
                Some(start)
            });
            let starts: Vec<usize> = starts.collect();
            pieces.push(Piece::new(scaled_numbers(values, &means), starts.clone()));
            if let Some((numbers, _)) = bins(values, &means) {
                pieces.push(Piece::new(numbers, bin_places(&means, &starts)));
            }
        }
        Ok(pieces)
    }

    /// The index of the category for each embedding.
    fn embedded_categories(&self) -> Vec<Value<'g>> {
        let words = self.model.format.missing.words();
        let columns = self.encoder.columns.iter().zip(self.inputs);
        let indices = columns.filter_map(|(column, &texts)| match column {
            ColumnEncoder::Embedding { categories, .. } => {
                Some(category_index(texts, categories, words, -1, -1) + 1.0)
            }
            _ => None,
        });
        indices.collect()
    }
}
