//! Cells to numbers, row by row.

use std::collections::HashMap;
use std::ops::Range;

use arrow_array::{ArrayRef, RecordBatch};
use rayon::prelude::*;

use crate::column_encoder::value;
use crate::imputer::{Guessing, Last};
use crate::{Cell, CellError, Column, ColumnEncoder, ColumnKind, Encoder, Neighbours, Unseen};

/// What encodes a row.
#[derive(Debug)]
pub(crate) struct Writers<'a> {
    pub columns: Vec<Writer<'a>>,
    /// With the places of the scaled numbers, and that of the inputs.
    neighbours: Vec<(&'a Neighbours, Vec<usize>, Range<usize>)>,
    guessing: Option<Guessing<'a>>,
}

impl Encoder {
    /// What encodes a row, ready to be used again and again.
    pub(crate) fn writers(&self) -> Writers<'_> {
        let marks = self.imputer.is_some();
        let places = self.places();
        let columns = self.columns.iter().zip(&places);
        let of_neighbours = self.neighbours.iter().zip(self.neighbour_places());
        let neighbours = of_neighbours
            .map(|(neighbours, (columns, place))| (neighbours, self.scaled_places(columns), place));
        Writers {
            neighbours: neighbours.collect(),
            columns: columns
                .map(|(encoder, (_, place))| Writer::new(encoder, place.start, marks))
                .collect(),
            guessing: Guessing::of(self),
        }
    }

    /// Completes rows whose columns are encoded, by [`encode_columns`](Self::encode_columns) or as they were
    /// changed since: numbers that are `NaN` are guessed, and what neighbours say is written.
    pub fn complete(&self, rows: &mut [f32]) {
        self.writers().complete(rows, self.width());
    }

    /// Where the scaled numbers of numeric columns are.
    pub(crate) fn scaled_places(&self, columns: &[String]) -> Vec<usize> {
        let places: HashMap<&str, Range<usize>> = self.places().into_iter().collect();
        let place = |name: &String| places.get(name.as_str()).map_or(0, |place| place.start);
        columns.iter().map(place).collect()
    }
}

impl Writers<'_> {
    /// Completes rows whose columns are written: what is missing is guessed, and what neighbours say
    /// is written.
    pub fn complete(&self, rows: &mut [f32], width: usize) {
        if self.guessing.is_none() && self.neighbours.is_empty() {
            return;
        }
        let rows = rows.par_chunks_mut(width);
        rows.for_each_init(Last::default, |last, row| {
            if let Some(guessing) = &self.guessing {
                guessing.write(row, last);
            }
            self.write_neighbours(row, 0);
        });
    }

    /// Writes what the neighbours of a row say, from the first of them that is asked for, into a row whose
    /// columns are written.
    pub fn write_neighbours(&self, row: &mut [f32], first: usize) {
        for (neighbours, at, inputs) in &self.neighbours[first..] {
            let at: Vec<f32> = at.iter().map(|&place| row[place]).collect();
            let inputs = &mut row[inputs.clone()];
            inputs.fill(0.0);
            neighbours.write(&at, inputs);
        }
    }
}

/// Encodes the columns of a record batch into `rows * width` zeros.
pub(crate) fn encode_into(
    writers: &Writers,
    batch: &RecordBatch,
    width: usize,
    numbers: &mut [f32],
) -> Result<Unseen, CellError> {
    let nothing = arrow_array::new_null_array(&arrow_schema::DataType::Null, batch.num_rows());
    let schema = batch.schema_ref();
    let by_name: HashMap<&str, &ArrayRef> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .zip(batch.columns())
        .collect();
    let mut unseen = Unseen::default();
    for writer in &writers.columns {
        let name = writer.encoder.name();
        let column = Column::new([*by_name.get(name).unwrap_or(&&nothing)]);
        let rows = writer.fill(&column, numbers, width)?;
        if rows > 0 {
            unseen.0.insert(name.to_string(), rows);
        }
    }
    Ok(unseen)
}

/// A column's encoder at work.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub encoder: &'a ColumnEncoder,
    /// The place of the column's first number in a row.
    pub first: usize,
    /// Whether what no indicator tells of is marked where it is missing, to be guessed: as no number.
    marks: bool,
    index: Index<'a>,
}

impl<'a> Writer<'a> {
    pub fn new(encoder: &'a ColumnEncoder, first: usize, marks: bool) -> Self {
        let index = Index::new(match encoder {
            ColumnEncoder::OneHot { categories, .. }
            | ColumnEncoder::Embedding { categories, .. } => categories,
            _ => &[],
        });
        Self {
            encoder,
            first,
            marks,
            index,
        }
    }

    /// Writes the column's numbers into rows of `width` zeros, and returns how many rows have a
    /// category that was not seen in training.
    pub fn fill(
        &self,
        column: &Column,
        numbers: &mut [f32],
        width: usize,
    ) -> Result<usize, CellError> {
        if let Some(data_type) = column.unreadable() {
            return Err(CellError {
                column: self.encoder.name().to_string(),
                row: 0,
                value: format!("a value of type {data_type}"),
                expected: self.encoder.kind().expected(),
            });
        }
        let mut unseen = 0;
        let rows = numbers.chunks_mut(width).enumerate();
        for ((row, numbers), cell) in rows.zip(column.cells()) {
            let seen = self.write(cell, &mut numbers[self.first..]);
            unseen += usize::from(!seen.map_err(|()| self.error(row, &cell))?);
        }
        Ok(unseen)
    }

    /// Writes a cell's numbers, and returns whether its category was seen in training.
    ///
    /// # Errors
    ///
    /// A value that is not of the column's kind.
    pub fn write(&self, cell: Cell, numbers: &mut [f32]) -> Result<bool, ()> {
        match (self.encoder, &self.index) {
            (
                ColumnEncoder::Numeric {
                    edges, indicator, ..
                },
                _,
            ) => match value(ColumnKind::Numeric, &cell)? {
                Some(value) => self.encoder.write_number(value, numbers),
                None if *indicator => numbers[edges.len().max(1)] = 1.0,
                None if self.marks => numbers[0] = f32::NAN,
                None => self
                    .encoder
                    .write_middle(&mut numbers[..edges.len().max(1)]),
            },
            (
                ColumnEncoder::Boolean {
                    scale, indicator, ..
                },
                _,
            ) => match value(self.encoder.kind(), &cell)? {
                Some(value) => numbers[0] = scale.apply(value),
                None if *indicator => numbers[1] = 1.0,
                None if self.marks => numbers[0] = f32::NAN,
                None => {}
            },
            (
                ColumnEncoder::Date {
                    parts, indicator, ..
                },
                _,
            ) => match value(ColumnKind::Date, &cell)? {
                Some(seconds) => {
                    for (number, (part, scale)) in numbers.iter_mut().zip(parts) {
                        *number = scale.apply(part.of(seconds));
                    }
                }
                None if *indicator => numbers[parts.len()] = 1.0,
                None if self.marks => numbers[..parts.len()].fill(f32::NAN),
                None => {}
            },
            (
                ColumnEncoder::OneHot {
                    categories,
                    missing,
                    ..
                },
                index,
            ) => match index.get(&cell) {
                Some(category) => numbers[category] = 1.0,
                None if cell != Cell::Missing => return Ok(false),
                None if *missing => numbers[categories.len()] = 1.0,
                None => {}
            },
            (ColumnEncoder::Embedding { .. }, index) => match index.get(&cell) {
                Some(category) => numbers[0] = (category + 1) as f32,
                None => return Ok(cell == Cell::Missing),
            },
        }
        Ok(true)
    }

    /// What is wrong with a cell that cannot be written.
    pub fn error(&self, row: usize, cell: &Cell) -> CellError {
        CellError {
            column: self.encoder.name().to_string(),
            row,
            value: cell.category().unwrap_or_default().into_owned(),
            expected: self.encoder.kind().expected(),
        }
    }
}

/// The places of categories by name.
#[derive(Debug)]
struct Index<'a>(HashMap<&'a str, usize>);

impl<'a> Index<'a> {
    fn new(categories: &'a [String]) -> Self {
        let places = categories.iter().enumerate();
        Self(places.map(|(place, name)| (name.as_str(), place)).collect())
    }

    fn get(&self, cell: &Cell) -> Option<usize> {
        self.0.get(cell.category()?.as_ref()).copied()
    }
}
