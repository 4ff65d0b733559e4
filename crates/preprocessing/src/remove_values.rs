//! Makes values of encoded rows missing, to measure what their imputation costs.

use std::collections::HashSet;

use crate::encoder::Encoder;
use crate::imputer::is_imputable;
use crate::row_writer::RowWriter;

impl Encoder {
    /// The indices of the columns whose missing values are imputed: numbers, booleans and dates that hardly any training
    /// row lacks.
    pub fn imputed_columns(&self) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        let columns = columns.filter(|(_, column)| is_imputable(column));
        columns.map(|(index, _)| index).collect()
    }

    /// Makes values of encoded rows missing, and imputes them as those of new rows. `is_missing` says it for the index of
    /// a row and that of one of the [`imputed_columns`](Self::imputed_columns). k-NN features change only if a value of
    /// their columns is missing, so that those of training rows still do not use their own target.
    pub fn remove_values(
        &self,
        rows: &mut [f32],
        is_missing: impl Fn(usize, usize) -> bool + Sync,
    ) {
        let width = self.width().max(1);
        let columns = self.imputed_columns();
        let ranges = self.column_ranges();
        let writer = RowWriter::new(self);
        for (index, row) in rows.chunks_mut(width).enumerate() {
            for &column in columns.iter().filter(|&&column| is_missing(index, column)) {
                let (_, range) = &ranges[column];
                row[range.clone()].fill(0.0);
                writer.columns[column].write_missing(&mut row[range.start..]);
            }
        }
        let knn = self.knn_features.iter();
        let used = knn.map(|knn| {
            let names: HashSet<&str> = knn.columns.iter().map(String::as_str).collect();
            let columns = columns.iter().copied();
            let used = columns.filter(|&column| names.contains(self.columns[column].name()));
            used.collect::<Vec<usize>>()
        });
        let used: Vec<Vec<usize>> = used.collect();
        writer.complete_some(rows, width, |index, knn| {
            used[knn].iter().any(|&column| is_missing(index, column))
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::{ReadOptions, Schema, Table};

    use super::*;
    use crate::encoder_options::EncoderOptions;

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn removed_values_are_imputed_as_those_of_new_rows() {
        let mut csv = "a,b,flag,c,gap,y\n".to_string();
        for row in 0..60 {
            let flag = ["yes", "no"][row / 3 % 2];
            let category = ["x", "z", "w"][row % 3];
            let gap = if row % 4 == 0 { "" } else { "5.5" };
            csv += &format!(
                "{},{}.5,{flag},{category},{gap},0\n",
                row * row % 97,
                row * 7 % 31
            );
        }
        let known = table(&csv);
        let schema = Schema::infer(&known, &BTreeMap::new()).unwrap();
        let rows: Vec<usize> = (0..60).collect();
        let options = EncoderOptions::default();
        let (encoder, _) = Encoder::fit(&known, &schema, &["y"], &rows, &options).unwrap();
        let complete = "a,b,flag,c,gap\n5,6,yes,x,1\n7,8,no,z,2\n";
        let missing = "a,b,flag,c,gap\n,6,yes,x,1\n7,8,,z,2\n";
        for encoder in [encoder.clone(), encoder.with_imputer(&known, &rows)] {
            let names = encoder.imputed_columns().into_iter();
            let names: Vec<&str> = names.map(|index| encoder.columns[index].name()).collect();
            assert_eq!(names, ["a", "b", "flag"]);
            let place = |name: &str| encoder.columns.iter().position(|c| c.name() == name);
            let (a, flag) = (place("a").unwrap(), place("flag").unwrap());
            let mut removed = encoder.encode(&table(complete)).unwrap();
            encoder.remove_values(&mut removed, |row, column| {
                (row, column) == (0, a) || (row, column) == (1, flag)
            });
            assert_eq!(removed, encoder.encode(&table(missing)).unwrap());
            let mut kept = encoder.encode(&table(complete)).unwrap();
            encoder.remove_values(&mut kept, |_, _| false);
            assert_eq!(kept, encoder.encode(&table(complete)).unwrap());
        }
    }
}
