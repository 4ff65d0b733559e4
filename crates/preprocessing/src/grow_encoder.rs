//! New categories of a fitted encoder.

use std::collections::HashMap;

use backburn_table::{Cell, ColumnKind, Table, TableError, numbers_in_one_spelling};

use crate::category_index::CategoryIndex;
use crate::column_encoder::ColumnEncoder;
use crate::column_profile::ColumnProfile;
use crate::encoder::{Encoder, membership};
use crate::imputer::{Imputer, imputation_width};
use crate::normal::MAX_NUMBERS;

/// The largest number of new categories of a column. The most frequent ones are taken.
const MOST: usize = 1000;

/// A fitted encoder with new categories; made by [`Encoder::grown`].
#[derive(Debug, Clone, PartialEq)]
pub struct GrownEncoder {
    /// The encoder. It encodes a row without new categories like the one before, with zeros in between.
    pub encoder: Encoder,
    /// For each of the [`inputs`](Encoder::inputs), the input that it was before; `None` for that of a new category.
    pub inputs: Vec<Option<usize>>,
    /// The number of new categories of each of the [`embeddings`](Encoder::embeddings).
    pub categories: Vec<usize>,
    /// The new categories of each column that has some.
    pub new: Vec<(String, Vec<String>)>,
}

impl Encoder {
    /// The encoder with the categories of some rows of a table that it does not know yet, at most 1000 in a column.
    /// Everything else stays as it was fitted: scales, bins, what replaces missing values, and k-NN features.
    ///
    /// A new category of a one-hot column is a new input, and one of an embedded column a new index after the known
    /// ones. The imputer takes the new inputs for independent of all others.
    ///
    /// # Errors
    ///
    /// The table lacks a column.
    pub fn grown(&self, table: &Table, rows: &[usize]) -> Result<GrownEncoder, TableError> {
        let used = membership(table.rows(), rows);
        // The imputer describes a limited number of inputs.
        let mut room = match &self.imputer {
            Some(_) => MAX_NUMBERS.saturating_sub(self.imputation_indices().len()),
            None => usize::MAX,
        };
        let mut encoder = self.clone();
        let (mut added, mut new) = (Vec::new(), Vec::new());
        for column in &mut encoder.columns {
            let name = column.name().to_string();
            let is_one_hot = matches!(column, ColumnEncoder::OneHot { .. });
            let mut further = Vec::new();
            if let ColumnEncoder::OneHot { categories, .. }
            | ColumnEncoder::Embedding { categories, .. } = column
            {
                let cells = table.column(&name)?.cells().zip(&used);
                let cells = cells.filter_map(|(cell, used)| used.then_some(cell));
                let most = if is_one_hot { room.min(MOST) } else { MOST };
                further = new_categories(categories, cells, most);
                categories.extend(further.iter().cloned());
            }
            if is_one_hot {
                room -= further.len();
            }
            added.push(further.len());
            if !further.is_empty() {
                new.push((name, further));
            }
        }
        let columns = &self.columns;
        let mut inputs = kept(columns, &added, ColumnEncoder::width);
        let before: usize = columns.iter().map(ColumnEncoder::width).sum();
        inputs.extend((before..self.inputs()).map(Some));
        if let Some(imputer) = &mut encoder.imputer {
            let numbers = kept(columns, &added, imputation_width);
            *imputer = Imputer {
                columns: imputer.columns.clone(),
                normal: imputer.normal.grown(&numbers),
            };
        }
        let embedded = columns.iter().zip(&added);
        let embedded = embedded
            .filter(|(column, _)| matches!(column, ColumnEncoder::Embedding { .. }))
            .map(|(_, &added)| added);
        Ok(GrownEncoder {
            inputs,
            categories: embedded.collect(),
            new,
            encoder,
        })
    }

    /// The encoder whose profile also has some rows of a table, which a model was trained on as well. Models of older
    /// formats have no profile.
    ///
    /// # Errors
    ///
    /// The table lacks a column.
    pub fn with_rows_in_profile(
        mut self,
        table: &Table,
        rows: &[usize],
    ) -> Result<Self, TableError> {
        let used = membership(table.rows(), rows);
        for (column, profile) in self.columns.iter().zip(&mut self.profile) {
            let kind: ColumnKind = column.kind();
            let cells = table.column(column.name())?.cells().zip(&used);
            let cells = cells.filter_map(|(cell, used)| used.then_some(cell));
            *profile = profile.merged(&ColumnProfile::fit(kind, cells));
        }
        Ok(self)
    }
}

/// The categories of cells that are not among the known ones, in alphabetical order.
fn new_categories<'a>(
    known: &[String],
    cells: impl Iterator<Item = Cell<'a>>,
    most: usize,
) -> Vec<String> {
    let index = CategoryIndex::new(known);
    let mut counts: HashMap<String, usize> = HashMap::new();
    for cell in cells {
        let is_missing = cell.without_missing_words() == Cell::Missing;
        if !is_missing
            && index.get(&cell).is_none()
            && let Some(name) = cell.category()
        {
            *counts.entry(name.into_owned()).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    counts.truncate(most);
    let names = counts.into_iter().map(|(name, _)| name).collect();
    let mut names = numbers_in_one_spelling(names);
    names.retain(|name| !known.contains(name));
    names.sort_unstable();
    names
}

/// For each number of the larger columns the number that it was before. A new category of a one-hot column is before the
/// indicator of missing values.
fn kept(
    columns: &[ColumnEncoder],
    added: &[usize],
    width: impl Fn(&ColumnEncoder) -> usize,
) -> Vec<Option<usize>> {
    let mut kept = Vec::new();
    let mut next = 0;
    for (column, &added) in columns.iter().zip(added) {
        let end = next + width(column);
        let (new_at, new) = match column {
            ColumnEncoder::OneHot { categories, .. } => (next + categories.len(), added),
            _ => (end, 0),
        };
        kept.extend((next..new_at).map(Some));
        kept.extend(std::iter::repeat_n(None, new));
        kept.extend((new_at..end).map(Some));
        next = end;
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::{ReadOptions, Schema};

    use super::*;
    use crate::encoder_options::{EncoderOptions, NumberScale};

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    const CSV: &str = "a,c,d,y\n1,x,p,0\n2,,q,0\n4,z,r,1\n3,x,q,1\n";

    fn fitted() -> Encoder {
        let table = table(CSV);
        let schema = Schema::infer(&table, &BTreeMap::new()).unwrap();
        let options = EncoderOptions {
            numbers: NumberScale::Standard,
            one_hot_max: 2,
            embedding_dimension: 3,
            ..EncoderOptions::default()
        };
        let rows = [0, 1, 2, 3];
        let (encoder, _) = Encoder::fit(&table, &schema, &["y"], &rows, &options).unwrap();
        encoder.with_imputer(&table, &rows)
    }

    #[test]
    fn new_categories_get_places_of_their_own() {
        let encoder = fitted();
        let new = table("a,c,d\n9,w,p\n1,v,s\n1,w,NA\n5,u,p\n");
        let grown = encoder.grown(&new, &[0, 1, 2]).unwrap();
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        let expected: Vec<(String, Vec<String>)> = vec![
            ("c".to_string(), names(&["v", "w"])),
            ("d".to_string(), names(&["s"])),
        ];
        assert_eq!(grown.new, expected);
        assert_eq!(grown.categories, [1]);
        // A number, x, z, two new categories, missing.
        let kept = [Some(0), Some(1), Some(2), None, None, Some(3)];
        assert_eq!(grown.inputs, kept);
        assert_eq!(grown.encoder.problem(), None);
        let encoded = grown.encoder.encode(&table("a,c,d\n2,w,s\n")).unwrap();
        assert_eq!(encoded[1..], [0.0, 0.0, 0.0, 1.0, 0.0, 4.0]);
    }

    #[test]
    fn old_rows_are_encoded_as_before() {
        let encoder = fitted();
        let grown = encoder.grown(&table("a,c,d\n1,w,s\n"), &[0]).unwrap();
        let old = table("a,c,d\n1,x,p\n,z,q\n3,,r\n2,x,NA\n");
        let before = encoder.encode(&old).unwrap();
        let after = grown.encoder.encode(&old).unwrap();
        let rows = before.chunks(encoder.width());
        for (before, after) in rows.zip(after.chunks(grown.encoder.width())) {
            let inputs = grown.inputs.iter();
            let mut expected: Vec<f32> = inputs
                .map(|kept| kept.map_or(0.0, |kept| before[kept]))
                .collect();
            expected.extend(&before[encoder.inputs()..]);
            for (found, expected) in after.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_profile_takes_further_rows_in() {
        let encoder = fitted();
        let new = table("a,c,d\n90,x,p\n-5,x,p\n,x,p\n");
        let profile = encoder.with_rows_in_profile(&new, &[0, 1, 2]).unwrap();
        let of_number = &profile.profile[0];
        assert_eq!((of_number.rows, of_number.missing), (7, 1));
        let values = of_number.values.unwrap();
        assert_eq!((values.min, values.max), (-5.0, 90.0));
        assert!((values.mean - 95.0 / 6.0).abs() < 1e-9);
    }
}
