//! The numbers and words of a date.

use crate::date_words::{is_joining, is_ordinal, is_sign_of_part, is_weekday};

/// A number in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    pub value: u32,
    pub length: usize,
}

/// A number or a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'a> {
    Number(Digits),
    Word(&'a str),
}

/// One to four digits, and what is behind them.
pub(crate) fn leading_digits(text: &[u8]) -> Option<(Digits, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    Some((Digits::of(digits)?, rest))
}

impl Digits {
    /// A number of one to four digits.
    pub fn of(digits: &[u8]) -> Option<Self> {
        let value = digits.iter();
        (1..=4).contains(&digits.len()).then(|| Self {
            value: value.fold(0, |value, digit| value * 10 + u32::from(digit - b'0')),
            length: digits.len(),
        })
    }

    pub fn is_short(self) -> bool {
        self.length <= 2
    }

    pub fn is_whole_year(self) -> bool {
        self.length == 4
    }

    /// A year of four digits, or of two by the rule of POSIX: 69 and more are in the last century.
    pub fn year(self) -> Option<i32> {
        let year = i32::try_from(self.value).ok()?;
        match self.length {
            4 if year > 0 => Some(year),
            2 if year >= 69 => Some(1900 + year),
            2 => Some(2000 + year),
            _ => None,
        }
    }
}

/// More tokens are no date.
const MAX_TOKENS: usize = 6;

/// Numbers and words, without names of weekdays, endings of ordinals and joining words, and the separator
/// behind each.
pub(crate) struct Tokens<'a> {
    tokens: [Token<'a>; MAX_TOKENS],
    separators: [&'a str; MAX_TOKENS],
    count: usize,
}

impl<'a> Tokens<'a> {
    pub fn of(text: &'a str) -> Option<Self> {
        let mut found = Self {
            tokens: [Token::Word(""); MAX_TOKENS],
            separators: [""; MAX_TOKENS],
            count: 0,
        };
        let mut rest = text;
        while !rest.is_empty() {
            let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
            let inside = |c: char| match is_number {
                true => c.is_ascii_digit(),
                false => c.is_alphabetic(),
            };
            let end = rest.find(|c: char| !inside(c)).unwrap_or(rest.len());
            let (token, behind) = rest.split_at(end);
            let length = behind.find(char::is_alphanumeric);
            let (separator, next) = behind.split_at(length.unwrap_or(behind.len()));
            let separator = separator.trim();
            if token.is_empty() || !is_separator(separator) || found.count >= MAX_TOKENS - 1 {
                return None;
            }
            rest = next;
            match is_number {
                true => found.push(Token::Number(Digits::of(token.as_bytes())?), separator),
                false => found.push_word(token, separator),
            }
        }
        Some(found)
    }

    pub fn push(&mut self, token: Token<'a>, separator: &'a str) {
        if self.count < MAX_TOKENS {
            self.tokens[self.count] = token;
            self.separators[self.count] = separator;
            self.count += 1;
        }
    }

    fn push_word(&mut self, word: &'a str, separator: &'a str) {
        let after_number = matches!(self.tokens().last(), Some(Token::Number(_)));
        match () {
            () if after_number && is_ordinal(word) => {}
            () if after_number && is_sign_of_part(word) => self.separators[self.count - 1] = "/",
            () if self.count > 0 && is_joining(word) => {}
            () if is_weekday(word) => {}
            () => self.push(Token::Word(word), separator),
        }
    }

    pub fn tokens(&self) -> &[Token<'a>] {
        &self.tokens[..self.count]
    }

    pub fn separators(&self) -> &[&'a str] {
        &self.separators[..self.count]
    }
}

fn is_separator(text: &str) -> bool {
    matches!(
        text,
        "" | "-" | "/" | "." | "," | ".," | "'" | "./" | ".-" | "_"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_told_apart() {
        let found = Tokens::of("Tuesday, 31st of Dec. 2024").unwrap();
        let number = |text: &str| Token::Number(Digits::of(text.as_bytes()).unwrap());
        assert_eq!(
            found.tokens(),
            [number("31"), Token::Word("Dec"), number("2024")]
        );
        let found = Tokens::of("2024年1月31日").unwrap();
        assert_eq!(found.separators(), ["/", "/", "/"]);
        for text in ["1 2 3 4 5 6 7", "12345", "1+2", "-1"] {
            assert!(Tokens::of(text).is_none(), "{text}");
        }
    }

    #[test]
    fn years_of_two_digits_are_near() {
        let year = |text: &str| Digits::of(text.as_bytes())?.year();
        assert_eq!(year("68"), Some(2068));
        assert_eq!(year("69"), Some(1969));
        assert_eq!(year("1850"), Some(1850));
        assert_eq!(
            (year("0000"), year("123"), year("12345")),
            (None, None, None)
        );
    }
}
