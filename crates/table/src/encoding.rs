//! Encodings of text: found by the first bytes or named, and decoded to UTF-8.

use std::fmt;
use std::io::{self, Cursor, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE};

/// An encoding of text, by its name in the WHATWG standard, such as `utf-8`, `windows-1252` or
/// `latin1`.
///
/// ```
/// use backburn_table::Encoding;
///
/// let encoding: Encoding = "latin1".parse()?;
/// assert_eq!(encoding.to_string(), "windows-1252");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let encoding = encoding_rs::Encoding::for_label_no_replacement(name.trim().as_bytes());
        encoding.map(Self).ok_or_else(|| {
            format!(
                "{name:?} is no encoding that is known: use a name such as utf-8, utf-16le, \
                 windows-1252, latin1, iso-8859-15, windows-1251, shift_jis or gbk"
            )
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name().to_lowercase())
    }
}

/// The text of a file as UTF-8, without a byte order mark. UTF-8 passes through unchecked. The
/// encoding is found by a byte order mark or by zero bytes, unless it is given; a mark decides in any
/// case.
pub(crate) fn as_utf8(
    mut bytes: impl Read + Send + 'static,
    given: Option<Encoding>,
) -> io::Result<Box<dyn Read + Send>> {
    const SAMPLE: u64 = 4 << 10;
    let mut start = Vec::new();
    bytes.by_ref().take(SAMPLE).read_to_end(&mut start)?;
    let (encoding, mark) = match encoding_rs::Encoding::for_bom(&start) {
        Some(found) => found,
        None => match given {
            Some(Encoding(encoding)) => (encoding, 0),
            None => (by_zero_bytes(&start).unwrap_or(UTF_8), 0),
        },
    };
    start.drain(..mark);
    let all = Cursor::new(start).chain(bytes);
    Ok(match encoding == UTF_8 {
        true => Box::new(all),
        false => Box::new(Decoded::new(all, encoding)),
    })
}

/// UTF-16, where every second byte of a text in mostly Latin letters is zero.
fn by_zero_bytes(start: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let pairs = start.chunks_exact(2);
    let count = pairs.len();
    let [first, second] = [0, 1].map(|side| pairs.clone().filter(|pair| pair[side] == 0).count());
    match () {
        () if count == 0 => None,
        () if second * 4 > count && first * 8 <= second => Some(UTF_16LE),
        () if first * 4 > count && second * 8 <= first => Some(UTF_16BE),
        () => None,
    }
}

/// Decodes text to UTF-8. Bytes that are no text in the encoding are an error.
struct Decoded<R> {
    reader: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// The part of `input` that was not decoded yet.
    start: usize,
    end: usize,
    ended: bool,
    output: Cursor<Vec<u8>>,
    line: usize,
}

impl<R: Read> Decoded<R> {
    fn new(reader: R, encoding: &'static encoding_rs::Encoding) -> Self {
        Self {
            reader,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: vec![0; 32 << 10],
            start: 0,
            end: 0,
            ended: false,
            output: Cursor::default(),
            line: 1,
        }
    }

    /// Decodes further bytes into the empty output.
    fn refill(&mut self) -> io::Result<()> {
        const OUTPUT_BYTES: usize = 64 << 10;
        let mut output = std::mem::take(&mut self.output).into_inner();
        output.resize(OUTPUT_BYTES, 0);
        if self.start == self.end {
            (self.start, self.end) = (0, self.reader.read(&mut self.input)?);
            self.ended = self.end == 0;
        }
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.input[self.start..self.end],
            &mut output,
            self.ended,
        );
        self.start += read;
        output.truncate(written);
        self.line += output.iter().filter(|&&byte| byte == b'\n').count();
        if let DecoderResult::Malformed(..) = result {
            let (line, name) = (self.line, Encoding(self.decoder.encoding()));
            return Err(io::Error::other(format!(
                "line {line} is not text in the encoding {name}: pass the right one as --encoding"
            )));
        }
        self.output = Cursor::new(output);
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
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

    const TEXT: &str = "größe,preis €\n1,😀\n";

    fn read(bytes: &[u8], given: Option<&str>) -> Result<String, String> {
        let given = given.map(|name| name.parse().unwrap());
        let mut text = String::new();
        let mut reader = as_utf8(Cursor::new(bytes.to_vec()), given).unwrap();
        match reader.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(error.to_string()),
        }
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn utf16_is_found_by_its_mark_or_by_zero_bytes() {
        let long = TEXT.repeat(20_000);
        for text in [TEXT, &long] {
            for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let marked = utf16(&format!("\u{feff}{text}"), to_bytes);
                assert_eq!(read(&marked, None).as_deref(), Ok(text));
                assert_eq!(read(&utf16(text, to_bytes), None).as_deref(), Ok(text));
            }
        }
        assert_eq!(
            read("\u{feff}ä,b\n".as_bytes(), None).as_deref(),
            Ok("ä,b\n")
        );
        assert_eq!(read(b"", None).as_deref(), Ok(""));
        let half = &utf16(TEXT, u16::to_le_bytes)[..7];
        assert!(read(half, None).unwrap_err().starts_with("line 1 is not"));
    }

    #[test]
    fn other_encodings_are_given_by_name() {
        assert_eq!(
            read(b"a\xe9,\x80\n", Some("latin1")).as_deref(),
            Ok("aé,€\n")
        );
        assert_eq!(
            read(b"\xc4\xb1\n", Some("windows-1251")).as_deref(),
            Ok("Д±\n")
        );
        assert_eq!(read(TEXT.as_bytes(), Some("utf-8")).as_deref(), Ok(TEXT));
        let error = "klingon".parse::<Encoding>().unwrap_err();
        assert!(error.contains("windows-1252"), "{error}");
    }
}
