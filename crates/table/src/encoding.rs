//! Encodings of text: found by the first bytes or named, and decoded to UTF-8.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use crate::clean_text::CleanText;

/// An encoding of text, by any of its names in the WHATWG standard, such as `utf-8`, `windows-1252` or
/// `latin1`, or by its name in Python, such as `cp932` or `utf-8-sig`.
///
/// ```
/// use backburn_table::Encoding;
///
/// let encoding: Encoding = "latin1".parse()?;
/// assert_eq!(encoding.to_string(), "windows-1252");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(pub(crate) &'static encoding_rs::Encoding);

/// Names in Python, and of other programs, that the WHATWG standard does not have, with dashes.
const OTHER_NAMES: [(&str, &str); 42] = [
    ("utf-8-sig", "utf-8"),
    ("utf8-sig", "utf-8"),
    ("utf-8-bom", "utf-8"),
    ("utf8-bom", "utf-8"),
    ("utf8mb4", "utf-8"),
    ("utf8mb3", "utf-8"),
    ("u8", "utf-8"),
    ("utf-16-le", "utf-16le"),
    ("utf16-le", "utf-16le"),
    ("utf16le", "utf-16le"),
    ("utf16", "utf-16le"),
    ("utf-16-be", "utf-16be"),
    ("utf16-be", "utf-16be"),
    ("utf16be", "utf-16be"),
    ("646", "ascii"),
    ("latin7", "iso-8859-13"),
    ("latin8", "iso-8859-14"),
    ("latin9", "iso-8859-15"),
    ("latin10", "iso-8859-16"),
    ("thai", "windows-874"),
    ("tis620", "windows-874"),
    ("shiftjis", "shift_jis"),
    ("s-jis", "shift_jis"),
    ("mskanji", "shift_jis"),
    ("ms-kanji", "shift_jis"),
    ("eucjp", "euc-jp"),
    ("ujis", "euc-jp"),
    ("iso2022-jp", "iso-2022-jp"),
    ("iso2022jp", "iso-2022-jp"),
    ("euckr", "euc-kr"),
    ("uhc", "euc-kr"),
    ("euccn", "gbk"),
    ("euc-cn", "gbk"),
    ("gb18030-2000", "gb18030"),
    ("big5-tw", "big5"),
    ("big5hkscs", "big5"),
    ("hkscs", "big5"),
    ("mac-roman", "macintosh"),
    ("macroman", "macintosh"),
    ("mac-cyrillic", "x-mac-cyrillic"),
    ("maccyrillic", "x-mac-cyrillic"),
    ("macukrainian", "x-mac-cyrillic"),
];

/// Code pages of Windows by their numbers, beside 1250 to 1258 and those of ISO 8859.
const CODE_PAGES: [(u32, &str); 18] = [
    (874, "windows-874"),
    (866, "ibm866"),
    (932, "shift_jis"),
    (936, "gbk"),
    (949, "euc-kr"),
    (950, "big5"),
    (1200, "utf-16le"),
    (1201, "utf-16be"),
    (10_000, "macintosh"),
    (20_127, "ascii"),
    (20_866, "koi8-r"),
    (20_932, "euc-jp"),
    (21_866, "koi8-u"),
    (50_220, "iso-2022-jp"),
    (50_221, "iso-2022-jp"),
    (51_932, "euc-jp"),
    (54_936, "gb18030"),
    (65_001, "utf-8"),
];

/// The encodings that are read, for messages.
const READ: &str = "utf-8, utf-16le, utf-16be, windows-1250 to windows-1258 (1252 is Latin-1 too), windows-874, \
                    iso-8859-2 to iso-8859-16, koi8-r, koi8-u, ibm866, macintosh, x-mac-cyrillic, shift_jis, \
                    euc-jp, iso-2022-jp, gbk, gb18030, big5 and euc-kr";

/// The standard name of a code page that is named by its number: `cp874`, `win1252`, `1252`, `cp28592`.
fn code_page(dashed: &str) -> Option<String> {
    let prefixes = [
        "windows-", "windows", "win-", "win", "cp-", "cp", "ms-", "ms",
    ];
    let number = prefixes
        .iter()
        .find_map(|prefix| dashed.strip_prefix(prefix));
    let number: u32 = number.unwrap_or(dashed).parse().ok()?;
    Some(match number {
        1250..=1258 => format!("windows-{number}"),
        28_591..=28_606 => format!("iso-8859-{}", number - 28_590),
        _ => {
            let (_, name) = CODE_PAGES.iter().find(|(page, _)| *page == number)?;
            (*name).to_string()
        }
    })
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let of = |name: &str| encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        let dashed = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        // `latin-1`
        let dashed = dashed.replace("latin-", "latin");
        let other = || OTHER_NAMES.iter().find(|(other, _)| *other == dashed);
        let encoding = of(name.trim())
            .or_else(|| of(&dashed))
            .or_else(|| of(other()?.1))
            .or_else(|| of(&code_page(&dashed)?))
            // `8859-1`
            .or_else(|| of(&format!("iso-{dashed}")));
        encoding.map(Self).ok_or_else(|| {
            format!(
                "{name:?} is no encoding that is read. These are, by their names in the WHATWG standard or in \
                 Python: {READ}. Write the file as UTF-8 (iconv -f {} -t utf-8 FILE > table.csv)",
                for_shell(name)
            )
        })
    }
}

/// The name as a word of a shell; `NAME` if it is no name of an encoding.
fn for_shell(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(is_plain) {
        true => name,
        false => "NAME",
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name().to_lowercase())
    }
}

/// The text of a file as UTF-8, without byte order marks and without zeros at its end. UTF-8 passes through
/// unchecked. The encoding is found by a byte order mark, by zero bytes or by escapes, unless it is given. A
/// mark decides in any case, and zero bytes decide which byte of `utf-16` comes first.
pub(crate) fn as_utf8(
    mut bytes: impl Read + Send + 'static,
    given: Option<Encoding>,
) -> io::Result<Box<dyn Read + Send>> {
    const SAMPLE: u64 = 4 << 10;
    let mut start = Vec::new();
    bytes.by_ref().take(SAMPLE).read_to_end(&mut start)?;
    let encoding = encoding_of(&start, given);
    let all = Cursor::new(start).chain(bytes);
    Ok(match encoding == UTF_8 {
        true => Box::new(CleanText::new(all)),
        false => Box::new(CleanText::new(Decoded::new(all, encoding))),
    })
}

/// The start of a text as UTF-8, whatever encoding it has. Bytes that are no text are replaced.
pub(crate) fn start_as_utf8(start: &[u8], given: Option<Encoding>) -> Cow<'_, str> {
    let (text, _) = encoding_of(start, given).decode_without_bom_handling(start);
    text
}

/// Whether the start of a text is in another encoding than UTF-8, or said to be.
pub(crate) fn is_encoded(start: &[u8], given: Option<Encoding>) -> bool {
    encoding_of(start, given) != UTF_8
}

fn encoding_of(start: &[u8], given: Option<Encoding>) -> &'static encoding_rs::Encoding {
    match (encoding_rs::Encoding::for_bom(start), given) {
        (Some((encoding, _)), _) => encoding,
        // `utf-16` does not say which byte comes first.
        (None, Some(Encoding(encoding))) if encoding == UTF_16LE => {
            by_zero_bytes(start).unwrap_or(encoding)
        }
        (None, Some(Encoding(encoding))) => encoding,
        (None, None) => by_zero_bytes(start)
            .or_else(|| by_escapes(start))
            .unwrap_or(UTF_8),
    }
}

/// ISO-2022-JP, which begins and ends Japanese text with an escape.
fn by_escapes(start: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let has = |escape: &[u8]| start.windows(escape.len()).any(|part| part == escape);
    let is_japanese = (has(b"\x1b$B") || has(b"\x1b$@")) && has(b"\x1b(");
    (is_japanese && start.is_ascii()).then_some(ISO_2022_JP)
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
                "line {line} is not text in the encoding {name}: pass the right one as --encoding, or \
                 write the file as UTF-8"
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
    fn zero_bytes_say_which_byte_of_utf16_comes_first() {
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes = utf16(TEXT, to_bytes);
            assert_eq!(read(&bytes, Some("utf-16")).as_deref(), Ok(TEXT));
        }
    }

    #[test]
    fn marks_are_left_out_in_every_encoding() {
        let marked = format!("\u{feff}\u{feff}{TEXT}\u{feff}2,b\n");
        let expected = format!("{TEXT}2,b\n");
        assert_eq!(
            read(marked.as_bytes(), None).as_deref(),
            Ok(expected.as_str())
        );
        let utf16 = utf16(&marked, u16::to_le_bytes);
        assert_eq!(read(&utf16, None).as_deref(), Ok(expected.as_str()));
    }

    #[test]
    fn japanese_text_with_escapes_is_found() {
        let text = b"\x1b$BETL>\x1b(B,y\n1,2\n";
        assert_eq!(read(text, None).as_deref(), Ok("都名,y\n1,2\n"));
        assert_eq!(start_as_utf8(text, None), "都名,y\n1,2\n");
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
        for (name, standard) in [
            ("latin-1", "windows-1252"),
            ("ISO8859_2", "iso-8859-2"),
            ("utf-8-sig", "utf-8"),
            ("UTF_8", "utf-8"),
            ("cp932", "shift_jis"),
            ("cp1252", "windows-1252"),
            ("euc_jp", "euc-jp"),
            ("gb18030", "gb18030"),
            ("mac_roman", "macintosh"),
            ("cp874", "windows-874"),
            ("cp1258", "windows-1258"),
            ("WIN1252", "windows-1252"),
            ("1251", "windows-1251"),
            ("cp28592", "iso-8859-2"),
            ("8859_15", "iso-8859-15"),
            ("ISO 8859-1", "windows-1252"),
            ("latin_9", "iso-8859-15"),
            ("latin9", "iso-8859-15"),
            ("utf8mb4", "utf-8"),
            ("UTF 8", "utf-8"),
            ("cp65001", "utf-8"),
            ("utf_16_le", "utf-16le"),
            ("tis620", "windows-874"),
            ("ShiftJIS", "shift_jis"),
            ("big5hkscs", "big5"),
            ("ms949", "euc-kr"),
            ("iso2022_jp", "iso-2022-jp"),
            ("cp50220", "iso-2022-jp"),
        ] {
            let encoding: Encoding = name.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(encoding.to_string(), standard, "{name}");
        }
        // Every name of the lists is one that the standard has.
        for (_, standard) in OTHER_NAMES {
            assert!(standard.parse::<Encoding>().is_ok(), "{standard}");
        }
        for (page, _) in CODE_PAGES {
            assert!(format!("cp{page}").parse::<Encoding>().is_ok(), "{page}");
        }
        // Each of these is another encoding than those that are read.
        for name in [
            "klingon", "cp437", "cp850", "utf-32", "johab", "hz", "cp28602", "cp037", "",
        ] {
            let error = name.parse::<Encoding>().unwrap_err();
            assert!(
                error.contains("windows-874") && error.contains("iconv"),
                "{error}"
            );
        }
        let advice = |name: &str| name.parse::<Encoding>().unwrap_err();
        assert!(advice("cp437").contains("iconv -f cp437 -t utf-8"));
        assert!(advice("a; b").contains("iconv -f NAME -t utf-8"));
    }
}
