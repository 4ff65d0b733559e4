//! The spelling of numbers and booleans as names of categories.

use std::collections::HashSet;

/// A number as Python writes it, but a whole number without `.0`: `0.1`, `1e-07`, `3`.
pub(crate) fn number_name(number: f64) -> String {
    // Python writes an exponent where the number is below 0.0001 or at least 10^16.
    const WITHOUT_EXPONENT: std::ops::Range<i32> = -4..16;
    let scientific = format!("{number:e}");
    let parts = scientific.split_once('e');
    let parts = parts.and_then(|(digits, exponent)| Some((digits, exponent.parse().ok()?)));
    match parts {
        Some((digits, exponent)) if !WITHOUT_EXPONENT.contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => number.to_string(),
    }
}

/// A boolean as Python writes it.
pub(crate) fn boolean_name(value: bool) -> &'static str {
    match value {
        true => "True",
        false => "False",
    }
}

/// Text as the name of a category: a whole number loses a decimal point and the zeros after it.
pub(crate) fn without_point(text: &str) -> &str {
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    match is_whole(whole) {
        true => whole,
        false => text,
    }
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of the number that a name spells, as a typed file would give it; whole numbers keep all
/// digits. `None` for what is not a number, and for codes such as `007` and `+1`.
fn as_number(name: &str) -> Option<String> {
    let digits = name.strip_prefix('-').unwrap_or(name).as_bytes();
    let is_code = matches!(digits, [b'0', b'0'..=b'9', ..] | [b'+', ..]);
    let may_be_number = matches!(digits, [b'0'..=b'9' | b'.', ..]);
    if is_code || !may_be_number {
        return (digits == b"inf").then(|| name.to_string());
    }
    let name = without_point(name);
    if is_whole(name) {
        return Some(name.to_string());
    }
    let number = name.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(number_name)
}

/// The names of categories, in one spelling if all of them are numbers: `0.10` becomes `0.1`, as a typed
/// file would give it. They stay as they are if two of them would become one.
pub fn numbers_in_one_spelling(names: Vec<String>) -> Vec<String> {
    let spelled: Option<Vec<String>> = names.iter().map(|name| as_number(name)).collect();
    match spelled {
        Some(spelled) if all_differ(&spelled) => spelled,
        _ => names,
    }
}

fn all_differ(names: &[String]) -> bool {
    let different: HashSet<&String> = names.iter().collect();
    different.len() == names.len()
}

/// What all spellings of one number or boolean have in common: `0.10` and `0.1`, `1e16` and
/// `10000000000000000`, `true` and `True`. `None` for any other name.
pub fn spelling_key(name: &str) -> Option<String> {
    for value in [false, true] {
        if name.eq_ignore_ascii_case(boolean_name(value)) {
            return Some(boolean_name(value).to_string());
        }
    }
    let number = as_number(name)?;
    // Whole numbers of many digits that a float holds exactly may be spelled with an exponent.
    let exact = number.parse::<i128>().ok();
    let exact = exact.filter(|&whole| whole as f64 as i128 == whole);
    Some(match exact {
        Some(whole) => number_name(whole as f64),
        None => number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_as_python_does() {
        for (number, name) in [
            (0.1, "0.1"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (0.000_012_5, "1.25e-05"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (-1.5e300, "-1.5e+300"),
            (5e-324, "5e-324"),
            (3.0, "3"),
            (-0.0, "-0"),
            (123_456.789, "123456.789"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(number_name(number), name);
        }
    }

    #[test]
    fn names_get_one_spelling_unless_two_become_one() {
        let spelled = |names: &[&str]| {
            let names = names.iter().map(|name| name.to_string()).collect();
            numbers_in_one_spelling(names)
        };
        assert_eq!(
            spelled(&["0.10", "1E-7", "3", ".5"]),
            ["0.1", "1e-07", "3", "0.5"]
        );
        for names in [
            &["1.1", "1.10"][..],
            &["01569", "1.50"],
            &["1.50", "x"],
            &["+1.5", "2"],
            &["nan", "1.50"],
            &["9007199254740993", "9007199254740992"],
            &["true", "TRUE"],
        ] {
            assert_eq!(spelled(names), names);
        }
    }

    #[test]
    fn spellings_of_one_value_have_one_key() {
        for (one, other) in [
            ("0.0000001", "1e-07"),
            ("1.10", "1.1"),
            ("true", "True"),
            ("FALSE", "False"),
            ("10000000000000000", "1e+16"),
            ("1e2", "100"),
        ] {
            assert_eq!(spelling_key(one), spelling_key(other), "{one}");
            assert!(spelling_key(one).is_some(), "{one}");
        }
        for (one, other) in [
            ("9007199254740993", "9007199254740992"),
            ("1", "True"),
            ("7", "8"),
        ] {
            assert_ne!(spelling_key(one), spelling_key(other), "{one}");
        }
        for text in ["007", "+7", "seven", "", "-", "yes", "é", "1e999"] {
            assert_eq!(spelling_key(text), None, "{text}");
        }
    }
}
