//! The headers of the pages of a Parquet file.
//!
//! The parquet crate allocates memory for what a page header claims, and does not make its own reader
//! of headers public, so this file has one.

use std::io::{self, Read};

/// Nesting of structures, at most; those of a page header nest four deep.
const MAX_DEPTH: usize = 16;

/// The sizes that a page header claims.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// Bytes in the file, compressed.
    pub packed: u64,
    /// Bytes in memory, decompressed.
    pub unpacked: u64,
    /// Number of entries, if the page is a dictionary.
    pub dictionary: Option<u64>,
    /// Bytes at the start of the page that are not compressed.
    pub levels: u64,
    /// Whether the page is not compressed although its column is.
    pub plain: bool,
    /// Whether the page holds texts with DELTA_LENGTH_BYTE_ARRAY or DELTA_BYTE_ARRAY encoding.
    pub delta_encoded: bool,
}

/// A reader of Thrift's compact protocol
/// (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), limited to
/// what a `PageHeader` (<https://github.com/apache/parquet-format>) needs.
pub(crate) struct Compact<R> {
    pub bytes: io::Take<R>,
}

// Types of fields. There is one type for each value of a boolean.
const BOOLEAN: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;
// The types of the fields of each structure, from field 1 on. The decoder reads a field by its number and
// does not check its type.
const PAGE: &[u8] = &[I32, I32, I32, I32, STRUCT, STRUCT, STRUCT, STRUCT];
const DATA_PAGE: &[u8] = &[I32, I32, I32, I32, STRUCT];
const DICTIONARY_PAGE: &[u8] = &[I32, I32, BOOLEAN];
const DATA_PAGE_V2: &[u8] = &[I32, I32, I32, I32, I32, I32, BOOLEAN, STRUCT];
const STATISTICS: &[u8] = &[
    BINARY, BINARY, I64, I64, BINARY, BINARY, BOOLEAN, BOOLEAN, I64,
];

/// Whether a field has the expected type. Unknown fields of later versions of the format are accepted.
fn fits(fields: &[u8], field: i64, kind: u8) -> bool {
    let index = usize::try_from(field - 1).ok();
    let expected = index.and_then(|index| fields.get(index));
    expected.is_none_or(|&expected| expected == kind || (expected, kind) == (BOOLEAN, FALSE))
}

impl<R: Read> Compact<R> {
    /// Reads a page header.
    pub fn page(&mut self) -> io::Result<Page> {
        const DICTIONARY: i64 = 2;
        let (mut kind_of_page, mut packed, mut unpacked) = (None, None, None);
        let (mut entries, mut levels, mut encodings) = (None, 0, [None; 2]);
        let mut is_compressed = None;
        self.fields(|reader, field, kind| {
            match field {
                _ if !fits(PAGE, field, kind) => return Err(invalid()),
                1 => kind_of_page = Some(reader.number_of_32_bits()?),
                2 => unpacked = Some(reader.size()?),
                3 => packed = Some(reader.size()?),
                5 => [encodings[0]] = reader.sizes(DATA_PAGE, [2])?,
                // The header of an index page has no fields.
                6 => reader.fields(|_, _, _| Err(invalid()))?,
                7 => [entries] = reader.sizes(DICTIONARY_PAGE, [1])?,
                8 => {
                    let [encoding, definition, repetition, compressed] =
                        reader.sizes(DATA_PAGE_V2, [4, 5, 6, 7])?;
                    encodings[1] = encoding;
                    is_compressed = compressed;
                    levels = definition.unwrap_or(0) + repetition.unwrap_or(0);
                }
                _ => reader.skip(kind, 0)?,
            }
            Ok(())
        })?;
        let dictionary = match kind_of_page.ok_or_else(invalid)? {
            DICTIONARY => Some(entries.ok_or_else(invalid)?),
            _ => None,
        };
        // The numbers of DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY.
        let delta_encoded = [Some(6), Some(7)];
        Ok(Page {
            packed: packed.ok_or_else(invalid)?,
            unpacked: unpacked.ok_or_else(invalid)?,
            dictionary,
            levels,
            plain: is_compressed == Some(0),
            delta_encoded: encodings.iter().any(|e| delta_encoded.contains(e)),
        })
    }

    /// Calls `read` for each field of a structure, with the number and type of the field.
    fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, i64, u8) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut field = 0i64;
        loop {
            let byte = self.byte()?;
            let kind = byte & 0x0f;
            if kind == 0 {
                return Ok(());
            }
            field = match byte >> 4 {
                0 => self.number()?,
                step => field + i64::from(step),
            };
            if i16::try_from(field).is_err() {
                return Err(invalid());
            }
            read(self, field, kind)?;
        }
    }

    /// Whether a structure has a field of this number.
    pub fn has_field(&mut self, number: i64) -> io::Result<bool> {
        let mut found = false;
        self.fields(|reader, field, kind| {
            found |= field == number;
            reader.skip(kind, 0)
        })?;
        Ok(found)
    }

    /// The values of the fields with these numbers, in a structure whose fields have these types. A boolean
    /// is 0 or 1.
    fn sizes<const N: usize>(
        &mut self,
        fields: &[u8],
        numbers: [i64; N],
    ) -> io::Result<[Option<u64>; N]> {
        let mut sizes = [None; N];
        self.fields(|reader, field, kind| {
            if !fits(fields, field, kind) {
                return Err(invalid());
            }
            match numbers.iter().position(|&number| number == field) {
                Some(index) if matches!(kind, BOOLEAN | FALSE) => {
                    sizes[index] = Some(u64::from(kind == BOOLEAN));
                }
                Some(index) => sizes[index] = Some(reader.size()?),
                None if kind == STRUCT && field as usize <= fields.len() => {
                    let [] = reader.sizes(STATISTICS, [])?;
                }
                None => reader.skip(kind, 0)?,
            }
            Ok(())
        })?;
        Ok(sizes)
    }

    fn skip(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(invalid());
        }
        match kind {
            // A boolean has no bytes besides its type.
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => self.skip_bytes(8)?,
            8 => {
                let length = self.varint()?;
                self.skip_bytes(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let length = match byte >> 4 {
                    15 => self.varint()?,
                    length => u64::from(length),
                };
                for _ in 0..length {
                    match byte & 0x0f {
                        kind @ 3..=12 => self.skip(kind, depth + 1)?,
                        _ => return Err(invalid()),
                    }
                }
            }
            12 => self.fields(|reader, _, kind| reader.skip(kind, depth + 1))?,
            _ => return Err(invalid()),
        }
        Ok(())
    }

    fn size(&mut self) -> io::Result<u64> {
        u64::try_from(self.number_of_32_bits()?).map_err(|_| invalid())
    }

    /// The decoder truncates larger numbers, so they are refused.
    fn number_of_32_bits(&mut self) -> io::Result<i64> {
        let number = self.number()?;
        match i32::try_from(number) {
            Ok(_) => Ok(number),
            Err(_) => Err(invalid()),
        }
    }

    /// A signed number in zigzag encoding.
    fn number(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// An unsigned number in groups of seven bits, the lowest group first.
    pub fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(invalid())
    }

    pub fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    pub fn skip_bytes(&mut self, length: u64) -> io::Result<()> {
        match io::copy(&mut self.bytes.by_ref().take(length), &mut io::sink())? == length {
            true => Ok(()),
            false => Err(invalid()),
        }
    }
}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(header: &[u8]) -> io::Result<Page> {
        let bytes = header.take(header.len() as u64);
        Compact { bytes }.page()
    }

    #[test]
    fn headers_state_the_sizes_of_pages() {
        // A dictionary page of 3 values: 34 bytes, 20 packed.
        let header = [
            0x15, 4, 0x15, 68, 0x15, 40, 0x4c, 0x15, 6, 0x15, 0, 0x11, 0, 0,
        ];
        let expected = Page {
            packed: 20,
            unpacked: 34,
            dictionary: Some(3),
            ..Page::default()
        };
        assert_eq!(page(&header).unwrap(), expected);
        // A page of data with a checksum and statistics, which are skipped.
        let header = [
            0x15, 0, 0x15, 68, 0x15, 40, 0x15, 2, 0x1c, 0x15, 10, 0x4c, 0x18, 2, b'a', b'b', 0, 0,
            0,
        ];
        let expected = Page {
            packed: 20,
            unpacked: 34,
            ..Page::default()
        };
        assert_eq!(page(&header).unwrap(), expected);
        for length in 0..header.len() {
            assert!(page(&header[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn fields_of_another_type_are_refused() {
        // A data page that becomes a dictionary of two billion values if fields 4 to 6 are read by number
        // alone.
        let header = [
            0x15, 0, 0x15, 2, 0x15, 0x30, 0x21, 0x15, 2, 0x1c, 0, 0x1c, 0, 0x15, 0, 0, 5, 2, 4, 5,
            4, 8, 5, 6, 8, 0x4c, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15, 0, 0, 0,
        ];
        assert!(page(&header).is_err());
        // A checksum of 64 bits, and an encoding that is a text.
        let data = |checksum, encoding| {
            [
                0x15, 0, 0x15, 68, 0x15, 40, checksum, 2, 0x1c, 0x15, 10, encoding, 2, 2, 0, 0,
            ]
        };
        assert!(page(&data(0x16, 0x15)).is_err());
        assert!(page(&data(0x15, 0x18)).is_err());
        // DELTA_BYTE_ARRAY: encoding 7.
        let header = [
            0x15, 0, 0x15, 68, 0x15, 40, 0x2c, 0x15, 10, 0x15, 14, 0x15, 6, 0x15, 6, 0, 0,
        ];
        assert!(page(&header).unwrap().delta_encoded);
    }

    #[test]
    fn endless_headers_are_refused() {
        assert!(page(&[0x15; 40]).is_err());
        assert!(page(&[0]).is_err(), "nothing in it");
        // A size as a number of 64 bits, and one beyond 32.
        assert!(page(&[0x15, 0, 0x16, 68, 0x15, 40, 0x2c, 0x15, 10, 0, 0]).is_err());
        let beyond = [
            0x15, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x1f, 0x15, 40, 0x2c, 0x15, 10, 0, 0,
        ];
        assert!(page(&beyond).is_err());
        assert!(page(&[0xff; 40]).is_err());
        assert!(page(&[0x1c; 100_000]).is_err(), "structures in structures");
        let lists = [&[0x19][..], &[0x19; 100_000]].concat();
        assert!(page(&lists).is_err());
    }
}
