//! The parts of a number as people write it.

use crate::format_options::grouping_sign;
use crate::number_scale::magnitude_of;

/// A number as people write it, in its parts: `-$1,200.50` is negative, with the digits `1,200.50`
/// and the mark `$`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NumberText<'a> {
    pub negative: bool,
    /// Digits with decimal sign, grouping signs and exponent.
    pub digits: &'a str,
    /// A currency, a percent sign or a unit.
    pub mark: Option<&'a str>,
    /// The power of ten that a word beside a currency stands for: `$1.2M`.
    pub magnitude: Option<u8>,
    /// Whether the value is only known to lie beyond or near the number: `<0.5`, `90+`, `~3`; or has a
    /// footnote: `5*`.
    pub censored: bool,
}

/// Whether a mark may be absent in some values of a column: a currency or a share, not a unit.
pub(crate) fn may_be_absent(mark: &str) -> bool {
    matches!(mark, "%" | "‰") || is_currency(mark)
}

/// Whether a mark is a currency: a symbol, an abbreviation or an ISO 4217 code.
pub(crate) fn is_currency(mark: &str) -> bool {
    const SYMBOLS: &str = "$€£¥₹₽₩₺₫₴₪₱฿₦₡¢₲₵₸₮₾";
    const WORDS: &str = " US$ A$ AU$ C$ CA$ NZ$ HK$ S$ NT$ R$ MX$ kr kr. Kr Kr. zł zl Kč Ft лв lei \
                         Fr. Fr SFr. Rs Rs. RM ₨ руб руб. ";
    const CODES: &str = " EUR USD GBP JPY CHF CNY INR RUB KRW TRY VND UAH ILS PHP THB NGN AUD CAD NZD \
                         HKD SGD TWD BRL MXN SEK NOK DKK ISK PLN CZK HUF BGN RON MYR IDR ZAR AED SAR \
                         QAR EGP KES PKR BDT LKR ARS CLP COP PEN UYU RMB DM ";
    let mut chars = mark.chars();
    match (chars.next(), chars.next()) {
        (None, _) => false,
        (Some(symbol), None) => SYMBOLS.contains(symbol),
        _ => {
            let word = format!(" {mark} ");
            WORDS.contains(&word) || CODES.contains(&word)
        }
    }
}

/// Whether text behind a number may be a unit: `kg`, `°C`, `m2`, `sq ft`, `km/h`.
fn is_unit(text: &str) -> bool {
    // `m2` and `ft3`
    let named = match text.strip_suffix(['2', '3']) {
        Some(named) if named.ends_with(char::is_alphabetic) => named,
        _ => text,
    };
    let starts = text.starts_with(|c: char| c.is_alphabetic() || "°\"″′%‰µ".contains(c));
    let inside = |c: char| c.is_alphabetic() || "°\"″′%‰µ²³/·. ^-".contains(c);
    let words = text.split(' ').count();
    starts && text.chars().count() <= 15 && words <= 2 && named.chars().all(inside)
}

/// The parts of a number; `None` if the text is no number in any notation. Hexadecimal is none.
pub(crate) fn split(text: &str) -> Option<NumberText<'_>> {
    let text = without_call(without_spreadsheet_marks(text));
    let start = start_of_digits(text)?;
    let length = length_of_digits(&text[start..]);
    let (before, behind) = (&text[..start], text[start + length..].trim());
    let front = without_estimate(before).unwrap_or(before).trim();
    let estimated = front.len() < before.trim().len();
    let (behind, noted) = without_footnote(behind);
    let (front, behind, bracketed) = without_brackets(front, behind);
    let (front, near) = without_comparison(front);
    let (front, minus) = without_sign(front);
    // `1,200/-` is a price without cents in India and East Africa.
    let behind = behind.strip_suffix("/-").map_or(behind, str::trim_end);
    let (behind, minus_behind, plus_behind) = without_sign_behind(behind);
    if [bracketed, minus, minus_behind]
        .iter()
        .filter(|negative| **negative)
        .count()
        > 1
    {
        return None;
    }
    let (mark, magnitude) = mark(front, behind)?;
    Some(NumberText {
        negative: bracketed || minus || minus_behind,
        digits: &text[start..start + length],
        mark,
        magnitude,
        censored: estimated || noted || near || plus_behind,
    })
}

/// The mark before or behind a number, and the magnitude that stands beside a currency.
fn mark<'a>(front: &'a str, behind: &'a str) -> Option<(Option<&'a str>, Option<u8>)> {
    let beside_currency = match front {
        "" => word_and_currency(behind),
        currency if is_currency(currency) => Some((behind, currency)),
        _ => None,
    };
    if let Some((word, currency)) = beside_currency
        && let Some(magnitude) = magnitude_of(word)
    {
        return Some((Some(currency), Some(magnitude)));
    }
    let mark = match (front, behind) {
        ("", "") => return Some((None, None)),
        (mark, "") if is_currency(mark) => mark,
        ("", mark) if is_currency(mark) || is_unit(mark) => mark,
        _ => return None,
    };
    Some((Some(mark), None))
}

/// A currency at the end of text, and the word in front of it: `Mio. €`, `M$`.
fn word_and_currency(text: &str) -> Option<(&str, &str)> {
    let (word, currency) = text.rsplit_once(' ').or_else(|| {
        let (last, _) = text.char_indices().next_back()?;
        text.split_at_checked(last)
    })?;
    is_currency(currency).then_some((word.trim_end(), currency))
}

/// Text without what surrounds numbers in exported and copied text: `'1.5`, `="1.5"`, `"1.5"`, and
/// characters that are not seen.
fn without_spreadsheet_marks(text: &str) -> &str {
    const UNSEEN: [char; 5] = ['\u{200b}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}'];
    let text = text.trim_matches(UNSEEN);
    let text = text.strip_prefix('=').unwrap_or(text);
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let text = quoted.or_else(|| text.strip_prefix('\'')).unwrap_or(text);
    text.trim()
}

/// Text without the call that Python shows around a number, as in columns of objects: `np.float64(1.5)`,
/// `Decimal('1.5')`, `tensor(1.5)`, and without the brackets of a list of one number: `[1.5]`.
fn without_call(text: &str) -> &str {
    const CALLS: [(&str, &str); 6] = [
        ("np.float", ")"),
        ("np.int", ")"),
        ("np.uint", ")"),
        ("tensor(", ")"),
        ("Decimal('", "')"),
        ("[", "]"),
    ];
    let is_digit = |c: char| c.is_ascii_digit();
    // Most numbers.
    if text.starts_with(is_digit) {
        return text;
    }
    let inner = CALLS.iter().find_map(|(start, end)| {
        let inner = text.strip_prefix(start)?.strip_suffix(end)?;
        match *start {
            // `[1,234]` has two numbers.
            "[" => Some(inner).filter(|inner| inner.parse::<f64>().is_ok()),
            // The size of the type: `float64(`.
            start if start.starts_with("np.") => {
                inner.trim_start_matches(is_digit).strip_prefix('(')
            }
            _ => Some(inner),
        }
    });
    let is_plain = |text: &&str| text.starts_with(['-', '.']) || text.starts_with(is_digit);
    inner.filter(is_plain).unwrap_or(text)
}

/// Text behind the digits without a footnote (`5*`, `5[1]`) or an error (`5 ± 1`), and whether there is one.
fn without_footnote(behind: &str) -> (&str, bool) {
    const MAX_NOTE: usize = 12;
    let error = ["±", "+/-", "+-"]
        .iter()
        .find_map(|sign| behind.strip_prefix(sign));
    if let Some(error) = error {
        let error = error.trim_start();
        let digits = error
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',')))
            .unwrap_or(error.len());
        return match digits {
            0 => (behind, false),
            _ => (error[digits..].trim_start(), true),
        };
    }
    let starless = behind.trim_end_matches(['*', '†', '‡']);
    if starless.len() < behind.len() {
        return (starless.trim_end(), true);
    }
    match behind
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
    {
        Some((before, note)) if note.len() <= MAX_NOTE => (before.trim_end(), true),
        _ => (behind, false),
    }
}

fn start_of_digits(text: &str) -> Option<usize> {
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let before = &text[..first];
    let sign = before.ends_with(['.', ',']);
    // The point of `Rs.500` belongs to the currency.
    let abbreviation = before[..before.len() - usize::from(sign)].ends_with(char::is_alphabetic);
    Some(match sign && !abbreviation {
        true => first - 1,
        false => first,
    })
}

/// Bytes of digits, signs between digits, and an exponent.
fn length_of_digits(text: &str) -> usize {
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    for (at, c) in text.char_indices() {
        let next = at + c.len_utf8();
        let sign = grouping_sign(c).is_some() && is_digit(next);
        if !c.is_ascii_digit() && !sign {
            break;
        }
        end = next;
    }
    let exponent = text[end..].strip_prefix(['e', 'E']).map(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let whole = !digits[count..].starts_with(char::is_alphanumeric);
        match count > 0 && whole {
            true => 1 + exponent.len() - digits.len() + count,
            false => 0,
        }
    });
    end + exponent.unwrap_or(0)
}

fn without_brackets<'a>(front: &'a str, behind: &'a str) -> (&'a str, &'a str, bool) {
    let opened = front.strip_prefix('(').or_else(|| front.strip_suffix('('));
    let closed = behind
        .strip_suffix(')')
        .or_else(|| behind.strip_prefix(')'));
    match (opened, closed) {
        (Some(front), Some(behind)) => (front.trim(), behind.trim(), true),
        _ => (front, behind, false),
    }
}

/// Text before the digits without a word that makes the number a bound or an estimate, if it begins with
/// one: `ca. `, `Less than `. Two capitals are a code: `CA 90210`.
fn without_estimate(before: &str) -> Option<&str> {
    const WORDS: [&str; 19] = [
        "ca.",
        "ca",
        "c.",
        "circa",
        "approx.",
        "approx",
        "approximately",
        "about",
        "less than",
        "fewer than",
        "more than",
        "greater than",
        "at least",
        "at most",
        "up to",
        "under",
        "over",
        "above",
        "below",
    ];
    let second = before.as_bytes().get(1);
    let is_code = second.is_some_and(u8::is_ascii_uppercase);
    WORDS.iter().find_map(|word| {
        let (start, rest) = before.split_at_checked(word.len())?;
        let ends = rest.starts_with(' ') || word.ends_with('.');
        (ends && !is_code && start.eq_ignore_ascii_case(word)).then_some(rest)
    })
}

fn without_comparison(front: &str) -> (&str, bool) {
    const MARKS: [&str; 9] = ["<=", ">=", "<", ">", "≤", "≥", "~", "≈", "±"];
    let rest = MARKS.iter().find_map(|mark| front.strip_prefix(mark));
    match rest {
        Some(rest) => (rest.trim(), true),
        None => (front, false),
    }
}

const MINUS: [char; 4] = ['-', '−', '–', '－'];

/// Text before the digits without a sign, and whether the sign is a minus.
fn without_sign(front: &str) -> (&str, bool) {
    if let Some(rest) = front
        .strip_prefix(MINUS)
        .or_else(|| front.strip_suffix(MINUS))
    {
        return (rest.trim(), true);
    }
    let rest = front.strip_prefix('+').or_else(|| front.strip_suffix('+'));
    (rest.map_or(front, str::trim), false)
}

/// Text behind the digits without a sign, and whether that is a minus or a plus. The `,-` that stands
/// for no cents is dropped.
fn without_sign_behind(behind: &str) -> (&str, bool, bool) {
    for dashes in [",-", ",--", ",–", ",—", ".-", ".–"] {
        if let Some(rest) = behind.strip_prefix(dashes)
            && !rest.starts_with(MINUS)
        {
            return (rest.trim(), false, false);
        }
    }
    if let Some(rest) = behind
        .strip_suffix(MINUS)
        .or_else(|| behind.strip_prefix(MINUS))
    {
        return (rest.trim(), true, false);
    }
    match behind.strip_suffix('+') {
        Some(rest) => (rest.trim(), false, true),
        None => (behind, false, false),
    }
}

/// Whether text is a hexadecimal number such as `0x1F`.
pub(crate) fn is_hexadecimal(text: &str) -> bool {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (bool, &str, Option<&str>, bool) {
        let parts = split(text).unwrap_or_else(|| panic!("{text}"));
        (parts.negative, parts.digits, parts.mark, parts.censored)
    }

    #[test]
    fn signs_marks_and_digits_are_told_apart() {
        for (text, expected) in [
            ("1.5", (false, "1.5", None, false)),
            (".5", (false, ".5", None, false)),
            ("+1.5e-3", (false, "1.5e-3", None, false)),
            ("$1,200.50", (false, "1,200.50", Some("$"), false)),
            ("-$ 5", (true, "5", Some("$"), false)),
            ("$-5", (true, "5", Some("$"), false)),
            ("US$5", (false, "5", Some("US$"), false)),
            ("Rs.500", (false, "500", Some("Rs."), false)),
            ("1 234,5 €", (false, "1 234,5", Some("€"), false)),
            (
                "12\u{202f}345 kr",
                (false, "12\u{202f}345", Some("kr"), false),
            ),
            ("5 kg", (false, "5", Some("kg"), false)),
            ("5e", (false, "5", Some("e"), false)),
            ("21,5°C", (false, "21,5", Some("°C"), false)),
            ("(1,200)", (true, "1,200", None, false)),
            ("($1,200)", (true, "1,200", Some("$"), false)),
            ("$(1,200)", (true, "1,200", Some("$"), false)),
            ("(5) USD", (true, "5", Some("USD"), false)),
            ("5-", (true, "5", None, false)),
            ("5 EUR-", (true, "5", Some("EUR"), false)),
            ("−5", (true, "5", None, false)),
            ("=\"1.5\"", (false, "1.5", None, false)),
            ("'1.5", (false, "1.5", None, false)),
            ("12,- €", (false, "12", Some("€"), false)),
            ("<0.5", (false, "0.5", None, true)),
            ("≤ -5", (true, "5", None, true)),
            ("90+", (false, "90", None, true)),
            ("~3 kg", (false, "3", Some("kg"), true)),
            ("70 %", (false, "70", Some("%"), false)),
            ("\u{feff}\"1.5\"\u{200b}", (false, "1.5", None, false)),
            ("5*", (false, "5", None, true)),
            ("1,234[12]", (false, "1,234", None, true)),
            ("5.5 ± 0.3 kg", (false, "5.5", Some("kg"), true)),
            ("ca. 500", (false, "500", None, true)),
            ("Less than 5 kg", (false, "5", Some("kg"), true)),
            ("approx $5", (false, "5", Some("$"), true)),
            ("$1.2M", (false, "1.2", Some("$"), false)),
            ("3,5 Mio. €", (false, "3,5", Some("€"), false)),
            ("np.float64(-1.5)", (true, "1.5", None, false)),
            ("np.int8(5)", (false, "5", None, false)),
            ("Decimal('1.50')", (false, "1.50", None, false)),
            ("tensor(0.5)", (false, "0.5", None, false)),
            ("[2.5]", (false, "2.5", None, false)),
            ("Rs. 1,200/-", (false, "1,200", Some("Rs."), false)),
            ("1,200 /-", (false, "1,200", None, false)),
            ("57.05N", (false, "57.05", Some("N"), false)),
            ("10.33E", (false, "10.33", Some("E"), false)),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn other_text_is_no_number() {
        for text in [
            "",
            "-",
            "x",
            "0x1F",
            "12:30",
            "2024-01-01",
            "10-20",
            "A12",
            "Room 5",
            "5 of 7",
            "--5",
            "(-5)",
            "1 Elm Street North",
            "12/31",
            "$5 €",
            "$5 kg",
            "5[see the long note]",
            "5 ± x",
            "about",
            "Overton 5",
            "CA 90210",
            "ca5",
            "1..2x3",
            "5 kg 3",
            "[1.5, 2.5]",
            "[1,234]",
            "[a1]",
            "np.float64(x)",
            "np.floats(5)",
            "5/-3",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
        let magnitude = |text| split(text).unwrap().magnitude;
        assert_eq!(magnitude("$1.2M"), Some(6));
        assert_eq!(magnitude("₹ 1.80 Cr"), Some(7));
        assert_eq!(magnitude("3,5 Mio. €"), Some(6));
        assert_eq!((magnitude("3M USD"), magnitude("3k€")), (Some(6), Some(3)));
        assert_eq!((magnitude("1.2M"), magnitude("$5")), (None, None));
        assert!(is_hexadecimal("0x1F") && !is_hexadecimal("0x") && !is_hexadecimal("1F"));
    }
}
