//! Lines of output.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use backburn::text::escaped;
use clap::ValueEnum;

/// Where messages go: to standard output, or to standard error if standard output is for JSON or
/// predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Console {
    Output,
    Error,
}

/// Whether output has colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// If the output goes to a terminal and NO_COLOR is not set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The verbosity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Default)]
pub enum Verbosity {
    /// Results and errors.
    Quiet,
    /// Results, notes and progress.
    #[default]
    Normal,
    /// Every epoch too.
    Verbose,
}

/// The width of a heading and the space after it.
const MARGIN: &str = "           ";

/// The error of the first line that could not be written. It does not stop a training; `main` reports it.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

static SETTINGS: OnceLock<(Color, Verbosity)> = OnceLock::new();

/// Sets colors and verbosity, once.
pub fn configure(color: Color, verbosity: Verbosity) {
    let _ = SETTINGS.set((color, verbosity));
}

/// The verbosity.
pub fn verbosity() -> Verbosity {
    SETTINGS.get().copied().unwrap_or_default().1
}

/// The error of the first line that could not be written, if there is one.
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

    fn is_terminal(self) -> bool {
        match self {
            Self::Output => io::stdout().is_terminal(),
            Self::Error => io::stderr().is_terminal(),
        }
    }

    fn has_colors(self) -> bool {
        match SETTINGS.get().copied().unwrap_or_default().0 {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => self.is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    /// Text in an ANSI style, if colors are on.
    fn styled(self, code: &str, text: &str) -> String {
        match self.has_colors() && !text.trim().is_empty() {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_string(),
        }
    }

    /// Prints a line. If its reader has stopped reading, as `head` does, the work continues, and
    /// [`failure`] returns the error.
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

    /// Prints a result under a short heading in the left margin.
    pub fn entry(self, heading: &str, text: impl fmt::Display) {
        let heading = self.styled("1", &format!("{heading:<10}"));
        self.say(format_args!("{heading} {text}"));
    }

    /// Prints lines of a result; the first has the heading.
    pub fn entries(self, heading: &str, lines: impl IntoIterator<Item = String>) {
        for (index, line) in lines.into_iter().enumerate() {
            self.entry(if index == 0 { heading } else { "" }, line);
        }
    }

    /// Prints a detail as [`entry`](Self::entry) does, unless the output is quiet.
    pub fn detail(self, heading: &str, text: impl fmt::Display) {
        if verbosity() > Verbosity::Quiet {
            self.entry(heading, text);
        }
    }

    /// Prints lines of details; the first has the heading.
    pub fn details(self, heading: &str, lines: impl IntoIterator<Item = String>) {
        if verbosity() > Verbosity::Quiet {
            self.entries(heading, lines);
        }
    }

    /// Prints prose under a short heading, unless the output is quiet; a terminal gets it wrapped.
    pub fn paragraph(self, heading: &str, text: impl fmt::Display) {
        if verbosity() > Verbosity::Quiet {
            self.text(heading, text);
        }
    }

    /// Prints a result in words as [`paragraph`](Self::paragraph) does, also if the output is quiet.
    pub fn text(self, heading: &str, text: impl fmt::Display) {
        let line = format!("{heading:<10} {text}");
        let line = match self.is_terminal() {
            false => line,
            true => {
                let options = textwrap::Options::with_termwidth().break_words(false);
                textwrap::fill(&line, options.subsequent_indent(MARGIN))
            }
        };
        let (heading, text) = line.split_at(heading.len().max(10).min(line.len()));
        let style = match heading.trim() {
            "note" | "finding" => "1;33",
            _ => "1",
        };
        self.say(format_args!("{}{text}", self.styled(style, heading)));
    }

    /// Prints prose, each part under its heading.
    pub fn paragraphs(self, parts: Vec<(&str, String)>) {
        for (heading, text) in parts {
            self.paragraph(heading, text);
        }
    }

    /// Prints the lines of a fit, each under its heading.
    pub fn lines(self, lines: Vec<(&str, String)>) {
        for (heading, text) in lines {
            match heading {
                "saved" => self.entry(heading, text),
                "validation" | "test" | "target" => self.text(heading, text),
                // The lines of a table, and a command.
                "threshold" | "resumed" | "" => self.detail(heading, text),
                _ => self.paragraph(heading, text),
            }
        }
    }

    /// Prints notes.
    pub fn notes(self, notes: &[impl fmt::Display]) {
        for note in notes {
            self.paragraph("note", note);
        }
    }

    /// Prints an error, escaped, since messages quote files.
    pub fn error(self, error: &dyn fmt::Display) {
        let message = escaped(&error.to_string());
        self.say(format_args!("{} {message}", self.styled("1;31", "error:")));
    }
}

/// Prints the result as JSON, on one line.
pub fn json(value: &serde_json::Value) {
    Console::Output.say(value);
}

/// How this program is called, to show commands that can be copied.
pub fn program() -> &'static str {
    // Cargo sets this variable for the programs that it runs.
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(_) => "cargo run -p trainer --",
        None => "trainer",
    }
}
