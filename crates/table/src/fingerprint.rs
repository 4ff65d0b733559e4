//! A table's fingerprint.

use twox_hash::XxHash3_128;

use crate::cell::Cell;
use crate::error::TableError;
use crate::table::Table;

impl Table {
    /// A hash of the column names and of every cell, in order: XXH3 with 128 bits, as 32 hexadecimal
    /// digits. Two tables that differ in a cell, a name or the order of rows or columns have different
    /// fingerprints.
    ///
    /// # Errors
    ///
    /// Never for a table that came from a reader.
    pub fn fingerprint(&self) -> Result<String, TableError> {
        let mut hasher = XxHash3_128::new();
        let mut write = |kind: u8, bytes: &[u8]| {
            hasher.write(&[kind]);
            hasher.write(&(bytes.len() as u64).to_le_bytes());
            hasher.write(bytes);
        };
        for name in self.columns() {
            write(b'c', name.as_bytes());
            for cell in self.column(name)?.cells() {
                match cell {
                    Cell::Missing => write(b'm', &[]),
                    Cell::Number(number) => write(b'n', &number.to_le_bytes()),
                    // As before there were cells of integers, if a float holds the number.
                    Cell::Integer(whole) if whole as f64 as i128 == whole => {
                        write(b'n', &(whole as f64).to_le_bytes());
                    }
                    Cell::Integer(whole) => write(b'i', &whole.to_le_bytes()),
                    Cell::Boolean(value) => write(b'b', &[u8::from(value)]),
                    Cell::Date(seconds) => write(b'd', &seconds.to_le_bytes()),
                    Cell::Text(text) => write(b't', text.as_bytes()),
                }
            }
        }
        Ok(format!("{:032x}", hasher.finish_128()))
    }
}

#[cfg(test)]
mod tests {
    use crate::read_options::ReadOptions;
    use crate::table::Table;

    fn fingerprint(csv: &'static str) -> String {
        let table = Table::from_reader("test", csv.as_bytes(), &ReadOptions::default());
        table.unwrap().fingerprint().unwrap()
    }

    #[test]
    fn a_different_cell_name_or_order_changes_the_fingerprint() {
        let one = fingerprint("a,b\n1,2\n3,\n");
        assert_eq!(one, fingerprint("a,b\n1 ,2\n3,NA\n"));
        for other in [
            "a,b\n1,2\n3,4\n",
            "a,c\n1,2\n3,\n",
            "a,b\n3,\n1,2\n",
            "b,a\n2,1\n,3\n",
            "a,b\n1,2\n",
            "a,b\n12,\n3,\n",
        ] {
            assert_ne!(one, fingerprint(other), "{other:?}");
        }
    }
}
