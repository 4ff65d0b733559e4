//! Hashes of the rows of a table, as a model sees them.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use backburn_preprocessing::{Encoder, Target};
use backburn_table::{Cell, Column, ColumnKind, Table, spelling_key, within_range};
use rayon::prelude::*;
use twox_hash::XxHash3_128;

use crate::error::Error;
use crate::targets::Targets;

/// What a missing value counts as.
pub(crate) const MISSING: u64 = 0x9e37_79b9_7f4a_7c15;

/// A hash of each of `rows` that has a target: of the values of the columns that the encoder uses, and of the
/// target. Equal rows have equal hashes, whatever kind of file they are from. `None` hashes all rows. The table
/// must have been read in the format of the model.
///
/// # Errors
///
/// The table lacks a column.
pub(crate) fn row_hashes(
    table: &Table,
    encoder: &Encoder,
    target: &Target,
    rows: Option<&[usize]>,
) -> Result<Vec<u64>, Error> {
    for column in &encoder.columns {
        table.column(column.name())?;
    }
    let batches = table.batches().par_iter();
    let features: Vec<Vec<u64>> = batches
        .map(|batch| feature_hashes(batch, encoder))
        .collect();
    let features = features.into_iter().flatten();
    let targets = target_hashes(table, target)?;
    let whole = features.zip(targets);
    let whole = whole.map(|(features, target)| Some(combined(features, target?)));
    match rows {
        None => Ok(whole.flatten().collect()),
        Some(rows) => {
            let whole: Vec<Option<u64>> = whole.collect();
            let of_rows = rows
                .iter()
                .filter_map(|&row| whole.get(row).copied().flatten());
            Ok(of_rows.collect())
        }
    }
}

/// The hash of the features of each row of a batch.
fn feature_hashes(batch: &RecordBatch, encoder: &Encoder) -> Vec<u64> {
    let mut hashes = vec![0; batch.num_rows()];
    // Arrow looks names up one after the other.
    let schema = batch.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let places: HashMap<&str, usize> = names.zip(0..).collect();
    for column in &encoder.columns {
        if let Some(&place) = places.get(column.name()) {
            let kind = column.kind();
            let column = Column::new([batch.column(place)]);
            for (hash, cell) in hashes.iter_mut().zip(column.cells()) {
                *hash = combined(*hash, cell_hash(kind, &cell));
            }
        }
    }
    hashes
}

pub(crate) fn cell_hash(kind: ColumnKind, cell: &Cell) -> u64 {
    let number = match kind {
        ColumnKind::Numeric => cell.number(),
        ColumnKind::Boolean => cell.boolean().map(|value| f64::from(u8::from(value))),
        ColumnKind::Date => cell.date(),
        ColumnKind::Categorical | ColumnKind::Ignored => {
            return cell.category().map_or(MISSING, |name| {
                let key = spelling_key(&name);
                hash(key.as_deref().unwrap_or(&name).as_bytes())
            });
        }
    };
    number
        .filter(|n| within_range(*n))
        .map_or(MISSING, number_hash)
}

/// The hash of the target of each row; `None` for rows without one.
fn target_hashes(table: &Table, target: &Target) -> Result<Vec<Option<u64>>, Error> {
    Ok(match Targets::read(table, target)? {
        Targets::Values(values) => {
            let values = values.into_iter();
            values
                .map(|value| (!value.is_nan()).then(|| number_hash(value)))
                .collect()
        }
        Targets::Classes(classes) => {
            let classes = classes.into_iter();
            classes
                .map(|class| class.map(|class| hash(&(class as u64).to_le_bytes())))
                .collect()
        }
    })
}

fn number_hash(number: f64) -> u64 {
    // Both zeros are one number.
    hash(&(number + 0.0).to_le_bytes())
}

pub(crate) fn hash(bytes: &[u8]) -> u64 {
    XxHash3_128::oneshot(bytes) as u64
}

pub(crate) fn combined(hash: u64, cell: u64) -> u64 {
    let mixed = (hash.rotate_left(23) ^ cell).wrapping_mul(0x517c_c1b7_2722_0a95);
    mixed ^ (mixed >> 32)
}

#[cfg(test)]
mod tests {
    use backburn_preprocessing::EncoderOptions;
    use backburn_table::{ReadOptions, infer_table};

    use super::*;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.to_string());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    const TRAINING: &str =
        "n,c,d,y\n1.5,a,2024-01-01,1.25\n2,0.1,2024-01-02,2.5\n,b,2024-01-03,3.5\n";

    /// The hashes of all rows of a table as a model of the training table sees them.
    fn hashes(csv: &str) -> Vec<u64> {
        let training = infer_table(&table(TRAINING), &Default::default()).unwrap();
        let options = EncoderOptions::default();
        let all = [0, 1, 2];
        let fitted = Encoder::fit(&training.table, &training.schema, &["y"], &all, &options);
        let task = backburn_preprocessing::Task::Regression;
        let target = Target::fit(&training.table, "y", task, &all, &all).unwrap();
        let read = training.format.apply_to_table(&table(csv)).unwrap();
        row_hashes(&read, &fitted.unwrap().0, &target, None).unwrap()
    }

    #[test]
    fn equal_rows_have_equal_hashes_however_they_are_written() {
        let training = hashes(TRAINING);
        assert_eq!(training.len(), 3);
        let other = hashes(
            "d,extra,c,y,n\n2024/01/03,x,b,3.50,NA\n2024-01-02,x,0.10,2.5,2.0\n2024-01-01,x,a,,1.5\n",
        );
        assert_eq!(other, [training[2], training[1]]);
    }

    #[test]
    fn rows_that_differ_in_a_value_have_other_hashes() {
        let training = hashes(TRAINING);
        for csv in [
            "n,c,d,y\n1.6,a,2024-01-01,1.25\n",
            "n,c,d,y\n1.5,b,2024-01-01,1.25\n",
            "n,c,d,y\n1.5,a,2024-01-02,1.25\n",
            "n,c,d,y\n1.5,a,2024-01-01,1.5\n",
            "n,c,d,y\n,a,2024-01-01,1.25\n",
        ] {
            let hash = hashes(csv)[0];
            assert!(!training.contains(&hash), "{csv}");
        }
    }
}
