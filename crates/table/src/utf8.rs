//! A check that text is UTF-8.

use std::io::{self, Read};
use std::str::from_utf8;

use crate::encoding_guess::Guess;

/// Passes bytes through, and returns an error where they are not UTF-8.
///
/// Arrow's CSV reader validates the fields of a batch joined together, without the delimiters between
/// them. Two halves of a character in two neighboring fields pass its check, although neither field is
/// UTF-8; reading one of them as text is then undefined behavior. So all bytes are checked first.
pub(crate) struct Utf8<R> {
    reader: R,
    /// The first bytes of a character whose other bytes were not read yet.
    partial: Vec<u8>,
    line: usize,
    /// What the encoding may be.
    guess: Guess,
}

impl<R> Utf8<R> {
    pub fn new(reader: R, guess: Guess) -> Self {
        Self {
            reader,
            partial: Vec::new(),
            line: 1,
            guess,
        }
    }

    /// Checks the next bytes; an empty slice is the end of the text.
    fn check(&mut self, mut bytes: &[u8]) -> Result<(), ()> {
        if bytes.is_empty() {
            return if self.partial.is_empty() {
                Ok(())
            } else {
                Err(())
            };
        }
        while let (false, Some((&first, rest))) = (self.partial.is_empty(), bytes.split_first()) {
            self.partial.push(first);
            bytes = rest;
            match from_utf8(&self.partial) {
                Ok(_) => self.partial.clear(),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(()),
            }
        }
        let valid = match from_utf8(bytes) {
            Ok(_) => bytes.len(),
            Err(error) => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                if error.error_len().is_none() {
                    self.partial.extend(rest);
                }
                valid.len()
            }
        };
        self.line += bytes[..valid].iter().filter(|&&b| b == b'\n').count();
        match valid + self.partial.len() < bytes.len() {
            true => Err(()),
            false => Ok(()),
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if buffer.is_empty() {
            return Ok(count);
        }
        self.check(&buffer[..count]).map_err(|()| {
            let line = self.line;
            let advice = self.guess.advice(&buffer[..count]);
            io::Error::other(format!("line {line} is not UTF-8 text: {advice}"))
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn read(bytes: &[u8], step: usize) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        let mut reader = Utf8::new(Slowly(bytes, step), Guess::Unknown);
        match reader.read_to_end(&mut all) {
            Ok(_) => Ok(all),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn characters_may_be_split_between_reads_and_invalid_bytes_are_refused() {
        let text = "a,é\n€,😀\n".as_bytes();
        for step in 1..=text.len() {
            assert_eq!(read(text, step).unwrap(), text);
            for bad in [
                &b"a\n\xc2,\x8d\n"[..],
                b"a\n\"\xc2\"\"\x8d\"\n",
                b"a\n\xff",
                b"a\n\xe2\x82",
            ] {
                let error = read(bad, step).unwrap_err();
                assert!(error.starts_with("line 2 is not UTF-8"), "{error}");
            }
        }
    }
}
