//! The format of `strftime` in which a date is written.

use crate::date_format::DateNotation;
use crate::duration_format::meridiem;

/// A format in which dates like the example are read in an order: `%d/%m/%Y %H:%M` for
/// `31/12/2024 13:05`. Of a time that it does not know, only the date.
pub(crate) fn pattern_like(example: &str, notation: &DateNotation) -> String {
    let mut pattern = Pattern::new(example, notation);
    match pattern.write(example) {
        Some(()) => pattern.text,
        None => pattern.date,
    }
}

struct Pattern<'a> {
    order: [&'a str; 3],
    hour: &'a str,
    text: String,
    /// The format of the date alone, once it is complete.
    date: String,
    numbers: usize,
    /// The numbers of a time in front of the date.
    clock: usize,
}

impl<'a> Pattern<'a> {
    fn new(example: &str, notation: &DateNotation) -> Self {
        let order = match notation {
            DateNotation::DayFirst => ["%d", "%m", "%Y"],
            DateNotation::MonthFirst => ["%m", "%d", "%Y"],
            _ => ["%Y", "%m", "%d"],
        };
        let clock = clock_in_front(example);
        let mut first_words = example.split([' ', ',']).take(2);
        let twelve = match clock {
            0 => meridiem(example).1.is_some(),
            _ => first_words.any(|word| meridiem(word).1.is_some()),
        };
        let hour = if twelve { "%I" } else { "%H" };
        Self {
            order,
            hour,
            text: String::new(),
            date: match clock {
                0 => String::new(),
                _ => format!("{hour}:%M {}", order.join("/")),
            },
            numbers: 0,
            clock,
        }
    }

    /// Writes the format; `None` if the example has a part that is not known.
    fn write(&mut self, example: &str) -> Option<()> {
        let mut rest = example;
        while let Some(first) = rest.chars().next() {
            let is_number = first.is_ascii_digit();
            let same = |c: char| match is_number {
                true => c.is_ascii_digit(),
                false => c.is_alphabetic() && first.is_alphabetic(),
            };
            let end = rest.find(|c: char| !same(c)).unwrap_or(rest.len());
            let (token, behind) = rest.split_at(end.max(first.len_utf8()));
            rest = behind;
            match () {
                () if is_number => self.number(token)?,
                () if token == "." && self.numbers == 6 => self.text.push_str("%."),
                () if token.eq_ignore_ascii_case("am") || token.eq_ignore_ascii_case("pm") => {
                    self.text.push_str("%p");
                }
                () if first.is_alphabetic() && token != "T" => return None,
                () => self.text.push_str(token),
            }
        }
        Some(())
    }

    fn number(&mut self, digits: &str) -> Option<()> {
        let place = match self.numbers {
            number if number < self.clock => number + 3,
            number if self.clock > 0 => Some(number - self.clock).filter(|place| *place < 3)?,
            number => number,
        };
        let code = match place {
            0..=2 => self.order[place],
            3 => self.hour,
            4 => "%M",
            5 => "%S",
            6 if self.text.ends_with("%.") => "f",
            _ => return None,
        };
        let code = if code == "%Y" && digits.len() == 2 {
            "%y"
        } else {
            code
        };
        self.text.push_str(code);
        self.numbers += 1;
        if self.numbers == 3 && self.clock == 0 {
            self.date.clone_from(&self.text);
        }
        Some(())
    }
}

/// How many numbers a time in front of a date has: two in `13:05 31/12/2024`, and 0 if there is none.
fn clock_in_front(example: &str) -> usize {
    let time = example.split([' ', ',']).next().unwrap_or_default();
    let hour = time.split(':').next().unwrap_or_default();
    let is_hour = matches!(hour.len(), 1 | 2) && hour.bytes().all(|b| b.is_ascii_digit());
    let starts_with_digit = |part: &str| part.starts_with(|c: char| c.is_ascii_digit());
    match time.split(':').count() {
        count @ (2 | 3) if is_hour && time.split(':').all(starts_with_digit) => count,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date_format::DateFormat;

    #[test]
    fn the_format_reads_its_example() {
        use DateNotation::{DayFirst, MonthFirst, YearFirst};
        for (example, notation, expected) in [
            ("01/02/2024", DayFirst, "%d/%m/%Y"),
            ("1-2-24", MonthFirst, "%m-%d-%y"),
            ("24-02-01", YearFirst, "%y-%m-%d"),
            ("01.02.2024 13:05", DayFirst, "%d.%m.%Y %H:%M"),
            ("1/2/2024 1:05:09 PM", MonthFirst, "%m/%d/%Y %I:%M:%S %p"),
            ("13:05 01.02.2024", DayFirst, "%H:%M %d.%m.%Y"),
            ("1:05:09 PM 1/2/2024", MonthFirst, "%I:%M:%S %p %m/%d/%Y"),
            ("01/02/2024T13:05:09.25", DayFirst, "%d/%m/%YT%H:%M:%S%.f"),
        ] {
            let pattern = pattern_like(example, &notation);
            assert_eq!(pattern, expected, "{example}");
            let read = |notation| DateFormat::new(notation).read(example);
            let by_pattern = read(DateNotation::Pattern(pattern));
            assert!(by_pattern.is_some(), "{example}");
            if !example.starts_with("24") {
                assert_eq!(by_pattern, read(notation), "{example}");
            }
        }
        assert_eq!(pattern_like("01/02/2024 13:05 UTC", &DayFirst), "%d/%m/%Y");
        assert_eq!(pattern_like("", &DayFirst), "");
    }
}
