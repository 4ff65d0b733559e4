//! What encoding text may have that is not UTF-8, for messages.

use std::str::from_utf8;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use crate::encoding::Encoding;

/// What the start of a file shows of its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Guess {
    /// All of it is UTF-8, and nothing is known.
    #[default]
    Unknown,
    /// Text in another encoding.
    Like(Encoding),
    /// Most characters beyond ASCII are UTF-8.
    MostlyUtf8,
}

impl Guess {
    /// A guess by the start of a file. A character may be cut off at its end.
    pub fn of(start: &[u8]) -> Self {
        /// More bytes do not change the guess.
        const SAMPLE: usize = 64 << 10;
        let start = &start[..start.len().min(SAMPLE)];
        let (mut valid, mut invalid) = (0, 0);
        for chunk in start.utf8_chunks() {
            valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            invalid += usize::from(!chunk.invalid().is_empty());
        }
        let is_cut_off = from_utf8(start).is_err_and(|error| error.error_len().is_none());
        match () {
            () if invalid == 0 || (invalid == 1 && is_cut_off) => Self::Unknown,
            () if valid > invalid * 4 => Self::MostlyUtf8,
            () => Self::Like(like(start)),
        }
    }

    /// What to do with text that is not UTF-8. `text` is some of it.
    pub fn advice(self, text: &[u8]) -> String {
        let encoding = match self {
            Self::MostlyUtf8 => {
                return "the text before it is UTF-8: correct the line, or pass --encoding NAME if the \
                        whole file is in another encoding"
                    .to_string();
            }
            Self::Like(encoding) => encoding,
            Self::Unknown => like(text),
        };
        let (decoded, has_errors) = encoding.0.decode_without_bom_handling(text);
        let sample = sample(&decoded).filter(|_| !has_errors);
        let sample = sample.map_or(String::new(), |sample| {
            format!(", in which it reads {sample:?}")
        });
        format!(
            "it may be {encoding}{sample}: if it is, pass --encoding {encoding}, otherwise the right name (such \
             as windows-1252 for Latin-1, windows-1251, shift_jis or gb18030), or save the file as UTF-8"
        )
    }
}

fn like(text: &[u8]) -> Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    Encoding(detector.guess(None, Utf8Detection::Deny))
}

/// The first word with a character beyond ASCII.
fn sample(text: &str) -> Option<String> {
    const MAX_CHARS: usize = 20;
    let mut words = text.split([' ', ',', ';', '\t', '|', '"', '\r', '\n']);
    let word = words.find(|word| !word.is_ascii())?;
    Some(word.chars().take(MAX_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(words: [&str; 3], encoding: &str) -> Vec<u8> {
        let encoding: Encoding = encoding.parse().unwrap();
        let rows: String = (0..60).map(|n| format!("{n},{}\n", words[n % 3])).collect();
        encoding.0.encode(&rows).0.into_owned()
    }

    #[test]
    fn encodings_are_guessed_by_the_text() {
        for (words, encoding, close) in [
            (
                ["Москва", "Тверь", "Казань"],
                "windows-1251",
                "windows-1251",
            ),
            (["Москва", "Тверь", "Казань"], "koi8-r", "koi8-"),
            (["東京", "大阪", "名古屋"], "shift_jis", "shift_jis"),
            (["東京", "大阪", "名古屋"], "euc-jp", "euc-jp"),
            (["北京", "上海", "广州"], "gbk", "gb"),
            (["서울", "부산", "대구"], "euc-kr", "euc-kr"),
            (
                ["München", "Köln", "Düsseldorf"],
                "windows-1252",
                "windows-1252",
            ),
        ] {
            let bytes = rows(words, encoding);
            let guess = Guess::of(&bytes);
            assert!(matches!(guess, Guess::Like(_)), "{encoding}: {guess:?}");
            let first = bytes.split(|byte| *byte == b'\n').next().unwrap();
            let advice = guess.advice(first);
            assert!(
                advice.starts_with(&format!("it may be {close}")),
                "{encoding}: {advice}"
            );
            assert!(advice.contains(words[0]), "{encoding}: {advice}");
            assert!(advice.contains("--encoding"), "{advice}");
        }
    }

    #[test]
    fn a_line_that_is_not_utf8_among_others_is_no_encoding() {
        let utf8 = "1,Köln\n2,Düren\n".repeat(20);
        assert_eq!(Guess::of(utf8.as_bytes()), Guess::Unknown);
        assert_eq!(Guess::of(&utf8.as_bytes()[..4]), Guess::Unknown, "cut off");
        let mixed = [utf8.as_bytes(), b"3,K\xf6ln\n"].concat();
        assert_eq!(Guess::of(&mixed), Guess::MostlyUtf8);
        assert!(
            Guess::MostlyUtf8
                .advice(b"K\xf6ln")
                .contains("correct the line")
        );
        assert_eq!(Guess::of(b"a,b\n1,2\n"), Guess::Unknown);
        let advice = Guess::Unknown.advice("é".repeat(3).as_bytes());
        assert!(advice.contains("--encoding"), "{advice}");
    }
}
