//! JSON as objects one after the other.

use std::io::{self, Cursor, Read};

/// JSON without the brackets and commas of an array around the objects.
pub(crate) struct JsonText<R> {
    text: R,
    started: bool,
    is_array: bool,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl<R: Read> JsonText<R> {
    pub fn new(text: R) -> Self {
        Self {
            text,
            started: false,
            is_array: false,
            depth: 0,
            in_string: false,
            escaped: false,
        }
    }

    /// The byte as it is passed on.
    fn outside_array(&mut self, byte: u8) -> u8 {
        if !self.started {
            self.started = !byte.is_ascii_whitespace();
            self.is_array = byte == b'[';
            return if self.is_array { b' ' } else { byte };
        }
        if !self.is_array {
            return byte;
        }
        if self.in_string {
            self.in_string = byte != b'"' || self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            return byte;
        }
        match byte {
            b'"' => self.in_string = true,
            b',' if self.depth == 0 => return b' ',
            b']' if self.depth == 0 => {
                // Nothing may follow but white space, which is checked by the parser.
                self.is_array = false;
                return b' ';
            }
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        byte
    }
}

impl<R: Read> Read for JsonText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.text.read(buffer)?;
        if !self.started || self.is_array {
            for byte in &mut buffer[..read] {
                *byte = self.outside_array(*byte);
            }
        }
        Ok(read)
    }
}

/// JSON as Python and others write it, rewritten as JSON of the standard: `NaN` becomes null, infinite numbers and
/// those that no `f64` holds become the largest one, and commas between objects become spaces.
pub(crate) struct PlainJson<R> {
    text: R,
    input: Vec<u8>,
    output: Cursor<Vec<u8>>,
    /// The number or word that is being read.
    word: Vec<u8>,
    /// Whether the word is too long to be rewritten.
    is_long: bool,
    depth: usize,
    in_string: bool,
    escaped: bool,
    ended: bool,
}

impl<R: Read> PlainJson<R> {
    pub fn new(text: R) -> Self {
        Self {
            text,
            input: vec![0; 64 << 10],
            output: Cursor::default(),
            word: Vec::new(),
            is_long: false,
            depth: 0,
            in_string: false,
            escaped: false,
            ended: false,
        }
    }

    fn refill(&mut self) -> io::Result<()> {
        let mut output = std::mem::take(&mut self.output).into_inner();
        output.clear();
        let mut input = std::mem::take(&mut self.input);
        let read = self.text.read(&mut input);
        let count = *read.as_ref().unwrap_or(&0);
        for &byte in &input[..count] {
            self.rewrite(byte, &mut output);
        }
        self.input = input;
        if read? == 0 {
            self.ended = true;
            self.end_word(&mut output);
        }
        self.output = Cursor::new(output);
        Ok(())
    }

    fn rewrite(&mut self, byte: u8, output: &mut Vec<u8>) {
        /// Longer words are passed on as they are.
        const MAX_WORD: usize = 4096;
        if self.in_string {
            self.in_string = byte != b'"' || self.escaped;
            self.escaped = byte == b'\\' && !self.escaped;
            return output.push(byte);
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
            self.word.push(byte);
            self.is_long |= self.word.len() > MAX_WORD;
            if self.is_long {
                output.append(&mut self.word);
            }
            return;
        }
        self.end_word(output);
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let between = byte == b',' && self.depth == 0;
        output.push(if between { b' ' } else { byte });
    }

    fn end_word(&mut self, output: &mut Vec<u8>) {
        self.is_long = false;
        let word = std::str::from_utf8(&self.word).unwrap_or_default();
        let number = match word {
            "NaN" => {
                output.extend(b"null");
                return self.word.clear();
            }
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ if word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                word.parse().unwrap_or_default()
            }
            _ => 0.0,
        };
        match number.is_infinite() {
            true => output.extend(format!("{:e}", number.clamp(f64::MIN, f64::MAX)).bytes()),
            false => output.extend(&self.word),
        }
        self.word.clear();
    }
}

impl<R: Read> Read for PlainJson<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.output.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.ended {
                return Ok(count);
            }
            self.refill()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut all = String::new();
        let mut reader = PlainJson::new(text.as_bytes());
        reader.read_to_string(&mut all).unwrap();
        all
    }

    #[test]
    fn numbers_of_python_are_rewritten() {
        for (text, expected) in [
            ("{\"x\": NaN}", "{\"x\": null}"),
            (
                "{\"NaN\": \"a NaN\\\" Infinity\"}",
                "{\"NaN\": \"a NaN\\\" Infinity\"}",
            ),
            ("{\"x\":Infinity}", "{\"x\":1.7976931348623157e308}"),
            (
                "[-Infinity,1e400]",
                "[-1.7976931348623157e308,1.7976931348623157e308]",
            ),
            (
                "{\"a\": 1},\n{\"a\": [2, 1e5]},",
                "{\"a\": 1} \n{\"a\": [2, 1e5]} ",
            ),
            ("-1e999", "-1.7976931348623157e308"),
            ("{\"x\": nan, \"y\": 12}", "{\"x\": nan, \"y\": 12}"),
        ] {
            assert_eq!(plain(text), expected);
        }
        let long = "1".repeat(10_000);
        assert_eq!(plain(&long), long);
    }
}
