//! What people read.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use backburn_report::grouped;

/// Where messages go: to standard output, or to standard error if that is for JSON or predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Console {
    Output,
    Error,
}

/// As wide as a heading.
const MARGIN: &str = "           ";

/// The first line that could not be written: no reason to stop a training, but `main` tells.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// What kept a line from being written, if anything did.
pub fn failure() -> Option<io::Error> {
    FAILURE
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

impl Console {
    pub fn for_json(json: bool) -> Self {
        match json {
            true => Self::Error,
            false => Self::Output,
        }
    }

    /// Prints a line. Whoever reads it may have stopped reading, as `head` does: the work goes on
    /// all the same, and [`failure`] tells.
    pub fn say(self, line: impl fmt::Display) {
        let written = match self {
            Self::Output => writeln!(io::stdout(), "{line}"),
            Self::Error => writeln!(io::stderr(), "{line}"),
        };
        if let Err(error) = written {
            let mut failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        }
    }

    /// Prints a line under a short heading in the left margin.
    pub fn entry(self, heading: &str, text: impl fmt::Display) {
        self.say(format_args!("{heading:<10} {text}"));
    }

    /// Prints prose under a short heading in the left margin; a terminal gets it wrapped.
    pub fn paragraph(self, heading: &str, text: impl fmt::Display) {
        let line = format!("{heading:<10} {text}");
        let terminal = match self {
            Self::Output => io::stdout().is_terminal(),
            Self::Error => io::stderr().is_terminal(),
        };
        match terminal {
            false => self.say(line),
            true => {
                let options = textwrap::Options::with_termwidth().break_words(false);
                self.say(textwrap::fill(&line, options.subsequent_indent(MARGIN)));
            }
        }
    }
}

/// Prints the result as JSON, on one line.
pub fn json(value: &serde_json::Value) {
    Console::Output.say(value);
}

/// A number with thousands separated and as many digits as are worth reading.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        _ if !value.is_finite() => return value.to_string(),
        _ if size >= 1000.0 => 0,
        _ if size >= 100.0 => 1,
        _ if size >= 10.0 => 2,
        _ if size >= 0.01 || size == 0.0 => 4,
        _ => return format!("{value:.3e}"),
    };
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", grouped(size, digits))
}

/// A count and its noun.
pub fn count(count: usize, noun: &str) -> String {
    let plural = match (count, noun.strip_suffix('y')) {
        (1, _) => noun.to_string(),
        (_, Some(stem)) => format!("{stem}ies"),
        _ if noun.ends_with('s') => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", number_of(count))
}

fn number_of(count: usize) -> String {
    match count {
        0..1000 => count.to_string(),
        _ => number(count as f64),
    }
}

/// How this program is called, to show commands that can be copied.
pub fn program() -> &'static str {
    // Cargo tells the programs that it runs.
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(_) => "cargo run -p trainer --",
        None => "trainer",
    }
}

/// Text from a file, safe to show: control characters, other than ends of lines, are escaped, and so are
/// those that turn the direction of what follows.
pub fn escaped(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .flat_map(|c| match (c.is_control() && c != '\n') || turns(c) {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

/// A name from a file, safe to show on one line: escaped, and cut if it is long.
pub fn shown(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    let mut shown = escaped(&start).replace('\n', "\\n");
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (value, text) in [
            (0.0, "0.0000"),
            (1234567.8, "1,234,568"),
            (-999.94, "-999.9"),
            (12.345, "12.35"),
            (0.98765, "0.9877"),
            (0.00012, "1.200e-4"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(count(1, "category"), "1 category");
        assert_eq!(count(2000, "category"), "2,000 categories");
        assert_eq!(count(3, "class"), "3 classes");
    }

    #[test]
    fn control_characters_are_not_sent_to_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(escaped("a\rb\n"), "a\\rb\n");
        assert_eq!(shown(&"x".repeat(50)).chars().count(), 41);
    }
}
