//! What stands before a page of a Parquet file.

use std::io::{self, Read};

/// Structures within structures: those of a page have four.
const DEEPEST: usize = 16;

/// What a page's header says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// Bytes in the file, and in memory.
    pub packed: u64,
    pub unpacked: u64,
    /// Entries of a dictionary.
    pub dictionary: Option<u64>,
    /// Bytes at its beginning that are not packed.
    pub levels: u64,
    /// Whether it holds texts by their lengths or by what they share, which are differences.
    pub by_differences: bool,
}

/// Thrift's compact protocol
/// (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>), as far as
/// it takes to read a `PageHeader` (<https://github.com/apache/parquet-format>).
pub(crate) struct Compact<R> {
    pub bytes: io::Take<R>,
}

// Types of fields. A boolean is its own value.
const BOOLEAN: u8 = 1;
const FALSE: u8 = 2;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const STRUCT: u8 = 12;
// The types of the fields of each structure, from field 1 on. The decoder reads them by their number, whatever
// type they say.
const PAGE: &[u8] = &[I32, I32, I32, I32, STRUCT, STRUCT, STRUCT, STRUCT];
const DATA_PAGE: &[u8] = &[I32, I32, I32, I32, STRUCT];
const DICTIONARY_PAGE: &[u8] = &[I32, I32, BOOLEAN];
const DATA_PAGE_V2: &[u8] = &[I32, I32, I32, I32, I32, I32, BOOLEAN, STRUCT];
const STATISTICS: &[u8] = &[
    BINARY, BINARY, I64, I64, BINARY, BINARY, BOOLEAN, BOOLEAN, I64,
];

/// Whether a field has the type that its structure has there. A later version may have further fields.
fn fits(fields: &[u8], field: i64, kind: u8) -> bool {
    let place = usize::try_from(field - 1).ok();
    let expected = place.and_then(|place| fields.get(place));
    expected.is_none_or(|&expected| expected == kind || (expected, kind) == (BOOLEAN, FALSE))
}

impl<R: Read> Compact<R> {
    pub fn page(&mut self) -> io::Result<Page> {
        const DICTIONARY: i64 = 2;
        let (mut kind_of_page, mut packed, mut unpacked) = (None, None, None);
        let (mut entries, mut levels, mut encodings) = (None, 0, [None; 2]);
        self.fields(|reader, field, kind| {
            match field {
                _ if !fits(PAGE, field, kind) => return Err(nonsense()),
                1 => kind_of_page = Some(reader.number_of_32_bits()?),
                2 => unpacked = Some(reader.size()?),
                3 => packed = Some(reader.size()?),
                5 => [encodings[0]] = reader.sizes(DATA_PAGE, [2])?,
                // That of an index has no fields.
                6 => reader.fields(|_, _, _| Err(nonsense()))?,
                7 => [entries] = reader.sizes(DICTIONARY_PAGE, [1])?,
                8 => {
                    let [encoding, definition, repetition] =
                        reader.sizes(DATA_PAGE_V2, [4, 5, 6])?;
                    encodings[1] = encoding;
                    levels = definition.unwrap_or(0) + repetition.unwrap_or(0);
                }
                _ => reader.skip(kind, 0)?,
            }
            Ok(())
        })?;
        let dictionary = match kind_of_page.ok_or_else(nonsense)? {
            DICTIONARY => Some(entries.ok_or_else(nonsense)?),
            _ => None,
        };
        // DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY.
        let by_differences = [Some(6), Some(7)];
        Ok(Page {
            packed: packed.ok_or_else(nonsense)?,
            unpacked: unpacked.ok_or_else(nonsense)?,
            dictionary,
            levels,
            by_differences: encodings.iter().any(|e| by_differences.contains(e)),
        })
    }

    /// Gives each field of a structure, by its number and type.
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
                return Err(nonsense());
            }
            read(self, field, kind)?;
        }
    }

    /// The fields of a structure that have these numbers, of the types of its fields.
    fn sizes<const N: usize>(
        &mut self,
        fields: &[u8],
        numbers: [i64; N],
    ) -> io::Result<[Option<u64>; N]> {
        let mut sizes = [None; N];
        self.fields(|reader, field, kind| {
            if !fits(fields, field, kind) {
                return Err(nonsense());
            }
            match numbers.iter().position(|&number| number == field) {
                Some(place) => sizes[place] = Some(reader.size()?),
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
        if depth > DEEPEST {
            return Err(nonsense());
        }
        match kind {
            // Booleans are their type.
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => self.pass(8)?,
            8 => {
                let length = self.varint()?;
                self.pass(length)?;
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
                        _ => return Err(nonsense()),
                    }
                }
            }
            12 => self.fields(|reader, _, kind| reader.skip(kind, depth + 1))?,
            _ => return Err(nonsense()),
        }
        Ok(())
    }

    fn size(&mut self) -> io::Result<u64> {
        u64::try_from(self.number_of_32_bits()?).map_err(|_| nonsense())
    }

    /// The decoder cuts larger ones.
    fn number_of_32_bits(&mut self) -> io::Result<i64> {
        let number = self.number()?;
        match i32::try_from(number) {
            Ok(_) => Ok(number),
            Err(_) => Err(nonsense()),
        }
    }

    /// A number with its sign at the end.
    fn number(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A number in sevens of bits, the lowest first.
    pub fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(nonsense())
    }

    pub fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    pub fn pass(&mut self, length: u64) -> io::Result<()> {
        match io::copy(&mut self.bytes.by_ref().take(length), &mut io::sink())? == length {
            true => Ok(()),
            false => Err(nonsense()),
        }
    }
}

fn nonsense() -> io::Error {
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
    fn headers_say_what_pages_hold() {
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
        // A page of data with a checksum and statistics, which are passed over.
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
    fn fields_of_another_type_are_none() {
        // A page of data that becomes a dictionary of two thousand million values where fields 4 to 6 are read by
        // their number alone.
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
        // By what texts share: encoding 7.
        let header = [
            0x15, 0, 0x15, 68, 0x15, 40, 0x2c, 0x15, 10, 0x15, 14, 0x15, 6, 0x15, 6, 0, 0,
        ];
        assert!(page(&header).unwrap().by_differences);
    }

    #[test]
    fn headers_without_end_are_none() {
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
