//! Encodes tables and record batches.

use arrow_array::RecordBatch;
use backburn_table::{CellError, Table, TableError};
use rayon::prelude::*;

use crate::column_counts::ColumnCounts;
use crate::encoder::Encoder;
use crate::row_writer::RowWriter;

/// Encoded rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Encoded {
    /// `rows * width` numbers, row by row.
    pub numbers: Vec<f32>,
    /// Counts of what the rows have in each of [`Encoder::columns`].
    pub counts: Vec<ColumnCounts>,
    /// The number of rows.
    pub rows: usize,
    /// The row and the column of each value that is imputed: it is missing, and hardly any training row lacks it.
    pub imputed: Vec<(usize, usize)>,
}

impl Encoded {
    /// Adds rows of the same encoder after these.
    pub fn extend(&mut self, further: Self) {
        match self.numbers.is_empty() {
            true => self.numbers = further.numbers,
            false => self.numbers.extend(further.numbers),
        }
        self.counts
            .resize(further.counts.len(), ColumnCounts::default());
        for (sum, counts) in self.counts.iter_mut().zip(&further.counts) {
            sum.add(counts);
        }
        let before = self.rows;
        let imputed = further.imputed.into_iter();
        self.imputed
            .extend(imputed.map(|(row, column)| (before + row, column)));
        self.rows += further.rows;
    }
}

impl Encoder {
    /// Encodes a table: `rows * width` numbers, row by row.
    ///
    /// # Errors
    ///
    /// The table lacks a column, or a value is not of its column's kind.
    pub fn encode(&self, table: &Table) -> Result<Vec<f32>, TableError> {
        let mut numbers = self.encode_columns(table)?;
        self.complete(&mut numbers);
        Ok(numbers)
    }

    /// Encodes the columns of a table like [`encode`](Self::encode), without imputing values and without
    /// k-NN features: missing values to impute are NaN, and k-NN features are zero.
    /// [`complete`](Self::complete) fills them in.
    ///
    /// # Errors
    ///
    /// The same as for [`encode`](Self::encode).
    pub fn encode_columns(&self, table: &Table) -> Result<Vec<f32>, TableError> {
        let width = self.width();
        if let Some(column) = self.lacking(table.columns()).first() {
            table.column(column)?;
        }
        let mut numbers = vec![0.0; table.rows() * width];
        let mut rest = numbers.as_mut_slice();
        let mut parts = Vec::new();
        let mut before = 0;
        for batch in table.batches() {
            let (part, further) = rest.split_at_mut(batch.num_rows() * width);
            parts.push((batch, before, part));
            rest = further;
            before += batch.num_rows();
        }
        let writer = RowWriter::new(self);
        let encoded = parts.into_par_iter().map(|(batch, before, part)| {
            let encoded = writer.write_columns(batch, width, part);
            // What was written is counted for predictions alone. Kept for a whole table, it takes more memory than the
            // numbers if most values are missing.
            encoded.map(drop).map_err(|error| CellError {
                row: before + error.row,
                ..error
            })
        });
        // The error is about the first wrong row, whichever thread finds one first.
        let encoded: Vec<Result<(), CellError>> = encoded.collect();
        for part in encoded {
            part.map_err(|error| table.cell_error(error))?;
        }
        Ok(numbers)
    }

    /// Encodes a table batch by batch, each like [`encode_batch`](Self::encode_batch).
    pub fn encode_by_batch<'a>(
        &'a self,
        table: &'a Table,
    ) -> impl Iterator<Item = Result<Encoded, TableError>> + 'a {
        let lacking = self.lacking(table.columns()).first().copied();
        let mut before = 0;
        table.batches().iter().map(move |batch| {
            if let Some(column) = lacking {
                table.column(column)?;
            }
            let encoded = self.encode_batch(batch).map_err(|error| {
                table.cell_error(CellError {
                    row: before + error.row,
                    ..error
                })
            })?;
            before += batch.num_rows();
            Ok(encoded)
        })
    }

    /// Encodes a record batch with the column types that
    /// [`TableReader`](backburn_table::TableReader) returns. A column that the batch lacks counts as
    /// missing in every row; see [`lacking`](Self::lacking).
    ///
    /// # Errors
    ///
    /// A value is not of its column's kind; the row of the error is counted within the batch.
    pub fn encode_batch(&self, batch: &RecordBatch) -> Result<Encoded, CellError> {
        self.batch_encoder().encode(batch)
    }

    /// Prepares the encoding of many small batches: what [`encode_batch`](Self::encode_batch) looks up for
    /// each batch is looked up once.
    pub fn batch_encoder(&self) -> BatchEncoder<'_> {
        BatchEncoder {
            writer: RowWriter::new(self),
            width: self.width(),
        }
    }

    /// Completes rows whose columns are encoded by [`encode_columns`](Self::encode_columns), and
    /// perhaps changed since: NaNs are imputed, and k-NN features are computed.
    pub fn complete(&self, rows: &mut [f32]) {
        RowWriter::new(self).complete(rows, self.width());
    }
}

/// Encodes record batches one after the other; made by [`Encoder::batch_encoder`].
#[derive(Debug)]
pub struct BatchEncoder<'a> {
    writer: RowWriter<'a>,
    width: usize,
}

impl BatchEncoder<'_> {
    /// Encodes a record batch like [`Encoder::encode_batch`].
    ///
    /// # Errors
    ///
    /// The same as for [`Encoder::encode_batch`].
    pub fn encode(&self, batch: &RecordBatch) -> Result<Encoded, CellError> {
        let mut numbers = vec![0.0; batch.num_rows() * self.width];
        let written = self.writer.write_columns(batch, self.width, &mut numbers)?;
        self.writer.complete(&mut numbers, self.width);
        Ok(Encoded {
            numbers,
            counts: written.counts,
            rows: batch.num_rows(),
            imputed: written.imputed,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backburn_table::{ReadOptions, Schema};

    use super::*;
    use crate::bins::Bins;
    use crate::column_encoder::{ColumnEncoder, DatePart};
    use crate::encoder_options::{EncoderOptions, NumberScale};

    fn table(csv: &str) -> Table {
        let bytes = std::io::Cursor::new(csv.as_bytes().to_vec());
        Table::from_reader("test.csv", bytes, &ReadOptions::default()).unwrap()
    }

    fn fitted(csv: &str, training: &[usize], options: &EncoderOptions) -> Encoder {
        let table = table(csv);
        let schema = Schema::infer(&table, &BTreeMap::new()).unwrap();
        Encoder::fit(&table, &schema, &["y"], training, options)
            .unwrap()
            .0
    }

    fn standard() -> EncoderOptions {
        EncoderOptions {
            numbers: NumberScale::Standard,
            ..EncoderOptions::default()
        }
    }

    fn unseen(encoder: &Encoder, table: &Table) -> Vec<(String, usize)> {
        let mut unseen = Vec::new();
        for batch in encoder.encode_by_batch(table) {
            for (column, counts) in encoder.columns.iter().zip(batch.unwrap().counts) {
                if counts.unseen > 0 {
                    unseen.push((column.name().to_string(), counts.unseen));
                }
            }
        }
        unseen
    }

    #[test]
    fn statistics_come_from_the_training_rows_alone() {
        let csv = "a,y\n1,0\n3,0\n1000,0\n";
        let encoder = fitted(csv, &[0, 1], &standard());
        assert_eq!(encoder.encode(&table(csv)).unwrap(), [-1.0, 1.0, 998.0]);
    }

    #[test]
    fn missing_infinite_and_unseen_values_are_encoded() {
        let csv = "a,c,y\n1,x,0\n3,z,0\n,,0\ninf,x,1\n,x,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4], &standard());
        assert_eq!(encoder.width(), 2 + 3);
        let new = table("c,a\nz,2\nnew,NA\n,3\n");
        assert_eq!(unseen(&encoder, &new), [("c".to_string(), 1)]);
        let rows = encoder.encode(&new).unwrap();
        assert_eq!(
            rows,
            [0., 0., 0., 1., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1.]
        );
    }

    #[test]
    fn numbers_by_quartiles_and_by_bins() {
        let options = EncoderOptions {
            numbers: NumberScale::Robust,
            bins: Bins::AtMost(2),
            ..EncoderOptions::default()
        };
        // Quartiles 1, 2 and 3; three are missing.
        let csv = "a,flag,y\n0,0,0\n1,1,0\n2,0,0\n3,1,0\n4,0,0\n,1,0\n,1,0\n,0,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4, 5, 6, 7], &options);
        assert_eq!(encoder.columns[0].width(), 1 + 2 + 1);
        let new = table("a,flag\n2,0\n5,0\n1e30,0\n,0\n-1,0\n");
        let rows = encoder.encode(&new).unwrap();
        let rows: Vec<&[f32]> = rows.chunks(encoder.width()).map(|row| &row[..4]).collect();
        let clip = |z: f64| (z / (1.0 + (z / 3.0).powi(2)).sqrt()) as f32;
        assert_eq!(rows[0], [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(rows[1], [clip(1.5), 1.0, 1.0, 0.0]);
        assert!((rows[2][0] - 3.0).abs() < 1e-6, "{:?}", rows[2]);
        assert_eq!(rows[3], [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(rows[4], [clip(-1.5), 0.0, 0.0, 0.0]);
    }

    #[test]
    fn rarely_missing_values_become_the_median() {
        let options = EncoderOptions {
            bins: Bins::AtMost(2),
            ..EncoderOptions::default()
        };
        let csv = "a,flag,y\n0,0,0\n1,1,0\n2,0,0\n3,1,0\n4,0,0\n,1,0\n,0,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4, 5, 6], &options);
        assert_eq!(encoder.columns[0].width(), 1 + 2);
        let rows = encoder.encode(&table("a,flag\n2,0\n,0\n")).unwrap();
        let (known, missing) = rows.split_at(encoder.width());
        assert_eq!(known, missing);
    }

    #[test]
    fn bins_where_values_repeat_are_fewer() {
        let options = EncoderOptions {
            numbers: NumberScale::Robust,
            bins: Bins::AtMost(8),
            ..EncoderOptions::default()
        };
        // The quartiles are equal: half of the range is used instead.
        let csv = "a,b,y\n0,0,0\n0,7,0\n0,7,0\n0,7,0\n0,7,0\n0,7,0\n0,9,0\n0,7,0\n1,7,0\n";
        let rows: Vec<usize> = (0..9).collect();
        let encoder = fitted(csv, &rows, &options);
        assert_eq!(encoder.columns[0].width(), 1, "two values are two edges");
        assert_eq!(encoder.columns[1].width(), 1 + 2);
        let encoded = encoder.encode(&table("a,b\n1,8\n")).unwrap();
        assert!((encoded[0] - 2.0 / (1.0f32 + 4.0 / 9.0).sqrt()).abs() < 1e-6);
        assert_eq!(encoded[2..], [1.0, 0.5]);
    }

    #[test]
    fn a_whole_number_is_one_category_with_and_without_its_point() {
        let options = EncoderOptions::default();
        let encoder = fitted("c,y\nx,0\n1,0\n2,0\n", &[0, 1, 2], &options);
        let rows = encoder.encode(&table("c\n1.0\n2\nx\n")).unwrap();
        assert_eq!(rows, [1., 0., 0., 0., 1., 0., 0., 0., 1.]);
    }

    #[test]
    fn many_categories_are_embedded_after_the_numbers() {
        let options = EncoderOptions {
            one_hot_max: 2,
            embedding_dimension: 0,
            ..EncoderOptions::default()
        };
        let encoder = fitted("c,a,y\nx,1,0\nz,2,0\nw,3,0\n", &[0, 1, 2], &options);
        assert_eq!((encoder.inputs(), encoder.width()), (1, 2));
        assert_eq!(encoder.embeddings()[0].categories, 4);
        let new = table("c,a\nw,2\nnew,2\nz,2\n");
        assert_eq!(encoder.encode(&new).unwrap(), [0., 1., 0., 0., 0., 3.]);
        assert_eq!(unseen(&encoder, &new), [("c".to_string(), 1)]);
    }

    #[test]
    fn a_value_of_another_kind_names_its_row() {
        let encoder = fitted("a,y\n1,0\n2,0\n", &[0, 1], &EncoderOptions::default());
        let error = encoder.encode(&table("a\n1\nx\n")).unwrap_err().to_string();
        assert!(
            error.contains("data row 2: column `a` holds numbers, but here is \"x\""),
            "{error}"
        );
        let error = encoder.encode(&table("b\n1\n")).unwrap_err().to_string();
        assert!(error.contains("has no column `a`"), "{error}");
    }

    #[test]
    fn imputed_values_are_listed_row_by_row_of_all_batches() {
        let csv = "a,b,c,y\n1,1,x,0\n7,,z,0\n3,,x,0\n9,,x,0\n5,5,,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4], &standard());
        let encode = |csv: &str| encoder.encode_batch(&table(csv).batches()[0]).unwrap();
        let mut all = encode("a,b,c\n1,,x\n,2,\n");
        // `b` has an indicator, and categories are not imputed.
        assert_eq!((all.rows, all.imputed.clone()), (2, vec![(1, 0)]));
        all.extend(encode("a,b,c\n,,x\n1,1,x\n"));
        assert_eq!((all.rows, all.imputed), (4, vec![(1, 0), (2, 0)]));
        assert_eq!(all.numbers.len(), 4 * encoder.width());
        assert_eq!((all.counts[0].missing, all.counts[1].missing), (2, 2));
        // A column that is absent is missing in all rows.
        assert_eq!(encode("b,c\n1,x\n2,x\n").imputed, [(0, 0), (1, 0)]);
    }

    #[test]
    fn a_batch_encoder_encodes_like_the_encoder() {
        let csv = "a,c,y\n1,x,0\n3,z,0\n,,0\ninf,x,1\n,x,0\n";
        let encoder = fitted(csv, &[0, 1, 2, 3, 4], &standard());
        let batches = encoder.batch_encoder();
        for csv in ["c,a\nz,2\n", "a,b\n3,1\n,\n", "a,c\n1,new\n"] {
            let table = table(csv);
            let batch = &table.batches()[0];
            assert_eq!(batches.encode(batch), encoder.encode_batch(batch));
        }
    }

    #[test]
    fn dates_become_the_parts_that_vary() {
        let encoder = fitted(
            "d,y\n2024-01-01,0\n2024-01-03,0\n",
            &[0, 1],
            &EncoderOptions::default(),
        );
        let ColumnEncoder::Date { parts, .. } = &encoder.columns[0] else {
            panic!("a date")
        };
        let names: Vec<DatePart> = parts.iter().map(|(part, _)| *part).collect();
        assert_eq!(names, [DatePart::Days, DatePart::Day, DatePart::Weekday]);
    }

    #[test]
    fn values_are_counted_against_those_of_the_training_rows() {
        let csv = "a,d,c,y\n1,2024-01-01,x,0\n-2,2024-01-05,z,0\n3,2024-01-03,x,0\n";
        let encoder = fitted(csv, &[0, 1, 2], &standard());
        let csv = "a,d,c\n0,2024-01-02,x\n300,2025-01-01,\n,,new\n0.001,2024-01-01,z\ninf,,z\n";
        let counts = encoder
            .encode_batch(&table(csv).batches()[0])
            .unwrap()
            .counts;
        let a = ColumnCounts {
            missing: 2,
            values: 3,
            beyond: 1,
            nonzero: 2,
            large: 1,
            small: 1,
            ..ColumnCounts::default()
        };
        assert_eq!(counts[0], a);
        assert_eq!((counts[1].missing, counts[1].beyond), (2, 1));
        assert_eq!((counts[2].missing, counts[2].unseen), (1, 1));
        // The training rows themselves are like the training rows.
        let own =
            encoder.encode_batch(&table("a,d,c\n1,2024-01-01,x\n-2,2024-01-05,z\n").batches()[0]);
        for counts in own.unwrap().counts {
            assert_eq!((counts.missing, counts.beyond, counts.unseen), (0, 0, 0));
        }
    }
}
