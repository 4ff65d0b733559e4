//! Errors of Rust's parsers in plain words.

/// What parsers of numbers and characters say, and the same in plain words.
const PARSERS: [(&str, &str); 8] = [
    ("invalid digit found in string", WHOLE),
    ("cannot parse integer from empty string", WHOLE),
    ("invalid float literal", NUMBER),
    ("cannot parse float from empty string", NUMBER),
    (
        "number too large to fit in target type",
        "the number is too large",
    ),
    (
        "number too small to fit in target type",
        "the number is too small",
    ),
    ("too many characters in string", CHARACTER),
    ("cannot parse char from empty string", CHARACTER),
];
const WHOLE: &str = "a whole number is expected";
const NUMBER: &str = "a number is expected";
const CHARACTER: &str = "a single character is expected";

/// Types of settings, and what they are in plain words.
const TYPES: [(&str, &str); 6] = [
    ("expected usize", "expected a whole number of at least 0"),
    ("expected u64", "expected a whole number of at least 0"),
    ("expected u32", "expected a whole number of at least 0"),
    ("expected u16", "expected a whole number of at least 0"),
    ("expected f64", "expected a number"),
    ("expected f32", "expected a number"),
];

/// Upper ends of ranges from here on are not said.
const NO_LIMIT: u64 = 65_535;

/// A message about an argument with plain words in place of an error of Rust's parsers. `None` if it has none.
///
/// ```
/// let message = "invalid value 'x' for '--folds <K>': invalid digit found in string";
/// let plain = backburn::plain_errors::plain_argument(message).unwrap();
/// assert_eq!(plain, "invalid value 'x' for '--folds <K>': a whole number is expected");
/// ```
pub fn plain_argument(message: &str) -> Option<String> {
    let parser = PARSERS.iter().find(|(words, _)| message.contains(words));
    match parser {
        Some((words, plain)) => Some(message.replace(words, plain)),
        None => plain_range(message),
    }
}

/// The same for a number outside of a range: `1 is not in 2..=65535`.
fn plain_range(message: &str) -> Option<String> {
    let (before, rest) = message.split_once(" is not in ")?;
    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (range, after) = rest.split_at(end);
    let (low, high) = range.split_once("..=")?;
    let number = before.rsplit(' ').next().unwrap_or_default();
    let before = before.strip_suffix(number)?;
    let is_limit = high.parse::<u64>().is_ok_and(|high| high < NO_LIMIT);
    Some(match is_limit {
        true => format!("{before}a whole number from {low} to {high} is expected{after}"),
        false => format!("{before}a whole number of at least {low} is expected{after}"),
    })
}

/// A message about a setting with plain words in place of a type of Rust.
pub(crate) fn plain_types(message: &str) -> String {
    let types = TYPES.iter();
    types.fold(message.to_string(), |message, (words, plain)| {
        message.replace(words, plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_said_in_words() {
        let said = |message: &str| plain_argument(message).unwrap();
        assert_eq!(
            said("invalid value '1' for '--folds <K>': 1 is not in 2..=65535\n\nFor more"),
            "invalid value '1' for '--folds <K>': a whole number of at least 2 is expected\n\nFor more"
        );
        assert_eq!(
            said("'--top <K>': 0 is not in 1..=1000"),
            "'--top <K>': a whole number from 1 to 1000 is expected"
        );
        assert_eq!(plain_argument("unexpected argument '--x' found"), None);
    }

    #[test]
    fn types_are_said_in_words() {
        assert_eq!(
            plain_types("invalid type: string \"1x\", expected usize"),
            "invalid type: string \"1x\", expected a whole number of at least 0"
        );
    }

    #[test]
    fn the_parsers_of_rust_say_these_words() {
        let errors = [
            "x".parse::<u16>().unwrap_err().to_string(),
            "".parse::<u16>().unwrap_err().to_string(),
            "70000".parse::<u16>().unwrap_err().to_string(),
            "x".parse::<f64>().unwrap_err().to_string(),
            "".parse::<f64>().unwrap_err().to_string(),
            "ab".parse::<char>().unwrap_err().to_string(),
        ];
        for error in errors {
            assert!(plain_argument(&error).is_some(), "{error}");
        }
    }
}
