//! Scaled numbers and their bins.

use backburn_preprocessing::{ColumnEncoder, Scale};

use crate::graph::{Graph, Kind, Value};
use crate::piece::{Piece, assemble};
use crate::quantiles::{from_normal, to_normal};

/// How a numeric column is encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberEncoder<'a> {
    pub scale: &'a Scale,
    pub edges: &'a [f64],
    pub quantiles: &'a [f64],
    pub encoder: &'a ColumnEncoder,
}

impl<'a> NumberEncoder<'a> {
    /// The encoder of a numeric column; `None` for a column of another kind.
    pub fn of(encoder: &'a ColumnEncoder) -> Option<Self> {
        match encoder {
            ColumnEncoder::Numeric {
                scale,
                edges,
                quantiles,
                ..
            } => Some(Self {
                scale,
                edges,
                quantiles,
                encoder,
            }),
            _ => None,
        }
    }

    fn bins(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }
}

/// Standard scores of columns `[rows, scales.len()]`, as 32-bit numbers.
pub(crate) fn scaled<'g>(x: Value<'g>, scales: &[&Scale]) -> Value<'g> {
    let z = scores(x, scales);
    z.cast(Kind::Float)
}

fn scores<'g>(x: Value<'g>, scales: &[&Scale]) -> Value<'g> {
    let (mean, std) = mean_and_std(x.graph, scales);
    ((x - mean) / std).clip(-Scale::MAX_DEVIATIONS, Scale::MAX_DEVIATIONS)
}

fn mean_and_std<'g>(graph: &'g Graph, scales: &[&Scale]) -> (Value<'g>, Value<'g>) {
    let means: Vec<f64> = scales.iter().map(|scale| scale.mean).collect();
    let stds: Vec<f64> = scales.iter().map(|scale| scale.std).collect();
    let shape = [scales.len()];
    (graph.doubles(&shape, &means), graph.doubles(&shape, &stds))
}

/// The indices of the columns that are scaled alike: by standard scores, with smooth clipping, by quantiles.
fn methods(encoders: &[NumberEncoder]) -> [Vec<usize>; 3] {
    let mut methods = [const { Vec::new() }; 3];
    for (index, encoder) in encoders.iter().enumerate() {
        let method = match (encoder.quantiles.is_empty(), encoder.scale.clipped) {
            (true, false) => 0,
            (true, true) => 1,
            (false, _) => 2,
        };
        methods[method].push(index);
    }
    methods
}

/// The scaled numbers of the columns `x`, `[rows, encoders.len()]`, as 32-bit numbers.
pub(crate) fn scaled_numbers<'g>(x: Value<'g>, encoders: &[NumberEncoder]) -> Value<'g> {
    let of = encoders.len();
    let methods = methods(encoders).into_iter().enumerate();
    let pieces = methods.filter(|(_, indices)| !indices.is_empty());
    let pieces = pieces.map(|(method, indices)| {
        let x = x.columns(&indices, of);
        let scales: Vec<&Scale> = indices.iter().map(|&i| encoders[i].scale).collect();
        let numbers = match method {
            0 => scaled(x, &scales),
            1 => {
                let z = scores(x, &scales);
                let third = z / 3.0;
                let scaled = z / (third * third + 1.0).same("Sqrt");
                scaled.cast(Kind::Float)
            }
            _ => {
                let quantiles: Vec<&[f64]> =
                    indices.iter().map(|&i| encoders[i].quantiles).collect();
                to_normal(x, &quantiles)
            }
        };
        Piece::new(numbers, indices)
    });
    let pieces: Vec<Piece> = pieces.collect();
    assemble(x.graph, &pieces, of).unwrap_or(x)
}

/// The values that scaled numbers `[rows, encoders.len()]` of 32 bits stand for.
pub(crate) fn unscaled_numbers<'g>(numbers: Value<'g>, encoders: &[NumberEncoder]) -> Value<'g> {
    let of = encoders.len();
    let methods = methods(encoders).into_iter().enumerate();
    let pieces = methods.filter(|(_, indices)| !indices.is_empty());
    let pieces = pieces.map(|(method, indices)| {
        let numbers = numbers.columns(&indices, of);
        let chosen: Vec<NumberEncoder> = indices.iter().map(|&i| encoders[i]).collect();
        let values = match method {
            2 => {
                let quantiles: Vec<&[f64]> = chosen.iter().map(|c| c.quantiles).collect();
                from_normal(numbers, &quantiles, |column, value| {
                    chosen[column].encoder.scaled(value)
                })
            }
            _ => {
                let scales: Vec<&Scale> = chosen.iter().map(|encoder| encoder.scale).collect();
                let (mean, std) = mean_and_std(numbers.graph, &scales);
                let number = numbers.cast(Kind::Double);
                let z = match method {
                    0 => number,
                    _ => {
                        let third = number / 3.0;
                        let rest = -(third * third) + 1.0;
                        let least = rest.graph.scalar(Kind::Double, 1e-12);
                        number / rest.max(least).same("Sqrt")
                    }
                };
                mean + std * z
            }
        };
        Piece::new(values, indices)
    });
    let pieces: Vec<Piece> = pieces.collect();
    assemble(numbers.graph, &pieces, of).unwrap_or(numbers)
}

/// The bins of the columns `x`, column by column, as 32-bit numbers; `None` if no column has bins. Returns
/// the column of each bin too.
pub(crate) fn bins<'g>(
    x: Value<'g>,
    encoders: &[NumberEncoder],
) -> Option<(Value<'g>, Vec<usize>)> {
    let graph = x.graph;
    let (mut starts, mut widths, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for (column, encoder) in encoders.iter().enumerate() {
        for edge in encoder.edges.windows(2) {
            starts.push(edge[0]);
            widths.push(edge[1] - edge[0]);
            columns.push(column);
        }
    }
    if columns.is_empty() {
        return None;
    }
    let shape = [columns.len()];
    let x = x.columns(&columns, encoders.len());
    let share = (x - graph.doubles(&shape, &starts)) / graph.doubles(&shape, &widths);
    Some((share.clip(0.0, 1.0).cast(Kind::Float), columns))
}

/// Where the bins of columns are in an encoded row, in the order of [`bins`]. `starts` has the index of each
/// column's first number.
pub(crate) fn bin_places(encoders: &[NumberEncoder], starts: &[usize]) -> Vec<usize> {
    let columns = encoders.iter().zip(starts);
    columns
        .flat_map(|(encoder, start)| start + 1..start + 1 + encoder.bins())
        .collect()
}
