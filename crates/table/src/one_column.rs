//! Files of one column whose lines look like several.

use crate::detect_layout::Record;

/// What the lines of a file that was read as one column look like, and what to do; `None` if they look like one
/// column.
pub(crate) fn looks_like(records: &[Record]) -> Option<String> {
    /// Fewer lines are alike by accident.
    const FEW: usize = 4;
    const LINES: usize = 200;
    let lines = records.iter().take(LINES);
    let lines: Option<Vec<&str>> = lines
        .filter(|record| record.filled() > 0)
        .map(|record| std::str::from_utf8(record.fields.first()?).ok())
        .collect();
    let lines = lines?;
    if lines.len() < FEW {
        return None;
    }
    if let Some(delimiter) = [',', ';', '\t']
        .into_iter()
        .find(|d| same_count(&lines, *d) > 0)
    {
        return Some(format!(
            "each line has the same number of {delimiter:?}: if whole lines are in quotes, remove the outer quotes; \
             otherwise pass another --delimiter"
        ));
    }
    if let Some((sign, count)) = other_sign(&lines) {
        let times = if count == 1 {
            "one"
        } else {
            "the same number of"
        };
        return Some(match sign.is_ascii() {
            true => format!(
                "each line has {times} `{sign}`: if it is the delimiter, pass --delimiter '{sign}'"
            ),
            false => format!(
                "each line has {times} `{sign}`: if it is the delimiter, write the file with commas"
            ),
        });
    }
    has_fixed_widths(&lines).then(|| {
        "the lines look like columns of fixed widths: write them as CSV (in Python: pandas.read_fwf, \
         then to_csv)"
            .to_string()
    })
}

/// How often a sign is in each line, if that is the same in all; else 0.
fn same_count(lines: &[&str], sign: char) -> usize {
    let count = |line: &str| line.chars().filter(|c| *c == sign).count();
    let first = lines.first().map_or(0, |line| count(line));
    match lines.iter().all(|line| count(line) == first) {
        true => first,
        false => 0,
    }
}

/// The sign that all lines have equally often, the most frequent one. Signs within numbers and words do not
/// count.
fn other_sign(lines: &[&str]) -> Option<(char, usize)> {
    const SAMPLE: usize = 10_000;
    let in_words = |c: &char| c.is_alphanumeric() || c.is_whitespace() || "._-+'\"()".contains(*c);
    let first = lines.first()?.chars().take(SAMPLE);
    let mut signs: Vec<char> = first.filter(|c| !in_words(c)).collect();
    signs.sort_unstable();
    signs.dedup();
    let counts = signs
        .into_iter()
        .map(|sign| (sign, same_count(lines, sign)));
    let counts = counts.filter(|(_, count)| *count > 0);
    counts.max_by_key(|(_, count)| *count)
}

/// Whether all lines have blanks at the same places, with text on both sides.
fn has_fixed_widths(lines: &[&str]) -> bool {
    const SAMPLE: usize = 50;
    const WIDTH: usize = 1000;
    let lines = &lines[..lines.len().min(SAMPLE)];
    let mut filled = [false; WIDTH];
    let mut spaces = [0; WIDTH];
    for line in lines {
        for (place, character) in line.trim_end().chars().take(WIDTH).enumerate() {
            match character.is_whitespace() {
                true => spaces[place] += 1,
                false => filled[place] = true,
            }
        }
    }
    let Some(first) = filled.iter().position(|filled| *filled) else {
        return false;
    };
    let last = filled.iter().rposition(|filled| *filled).unwrap_or(first);
    // In most lines there is text behind the blank.
    (first..last).any(|place| !filled[place] && spaces[place] * 2 > lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv_record::Dialect;
    use crate::dialects::sample;

    fn look(text: &str) -> Option<String> {
        let (sample, _) = sample(text.as_bytes(), true, Dialect::of(b','), 0);
        looks_like(&sample.records)
    }

    #[test]
    fn other_layouts_are_named() {
        for (text, word) in [
            ("x:k:y\n1:a:2\n2:b:3\n3:a:4\n", "--delimiter ':'"),
            ("x::y\n1::2\n2::3\n3::4\n", "--delimiter ':'"),
            ("x，y\n1，2\n2，3\n3，4\n", "with commas"),
            ("\"x,y\"\n\"1,2\"\n\"2,3\"\n\"3,4\"\n", "outer quotes"),
            ("x;y\n1;2\n2;3\n3;4\n", "pass another --delimiter"),
            (
                "id   name      price\n1    Ada L       1.5\n2    Bob        12.0\n3    Cy J        0.5\n",
                "fixed widths",
            ),
        ] {
            let found = look(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.contains(word), "{found}");
        }
    }

    #[test]
    fn one_column_is_one_column() {
        for text in [
            "x\n1\n2\n3\n",
            "time\n12:30\n13:30\n14:30\n",
            "text\n\"hello, world\"\n\"well, well\"\n\"a, b\"\n",
            "street\nElm street\nOak street\nAsh street\nBay street\n",
            "mail\na@b.c\nd@e.f\ng@h.i\n",
            "a:b\nc:d\n",
        ] {
            assert_eq!(look(text), None, "{text}");
        }
    }
}
