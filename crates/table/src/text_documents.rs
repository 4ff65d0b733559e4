//! Texts of lines that are no rows: mail, settings, and what is encrypted.

const MAIL: &str = "save the table that is attached to it or written in it, and pass that";
const TOML: &str = "write its rows as CSV (in Python: \
     pandas.DataFrame(tomllib.load(open(FILE, \"rb\"))[KEY]).to_csv(\"table.csv\", index=False)); if a table follows the \
     settings, pass --skip-lines N";
const INI: &str = "a table is CSV, Parquet, Arrow, JSON lines or Excel; if a table follows the settings, pass --skip-lines N";

const SHOWN: &str = "write it as CSV (in polars: write_csv; for DuckDB: duckdb -csv)";
const SEQUENCES: &str = "write its sequences as CSV, with a row for each";

/// What a text is whose lines are those of mail or of settings; `None` if it may be CSV.
pub(crate) fn text_document(text: &str) -> Option<(&'static str, &'static str)> {
    match text.split_once('\n') {
        _ if is_mail(text) => Some(("an email", MAIL)),
        Some((first, rest)) if is_mailbox_line(first) && is_mail(rest) => {
            Some(("a mailbox (mbox)", MAIL))
        }
        _ if is_drawn(text) => Some(("a table as it is shown on a screen", SHOWN)),
        _ if is_fasta(text) => Some(("a FASTA file", SEQUENCES)),
        _ if is_upload(text) => Some(("the upload of a form (multipart)", MAIL)),
        _ => settings(text),
    }
}

/// The borders that DuckDB and polars draw around a table, perhaps below its size.
fn is_drawn(text: &str) -> bool {
    let below_size = text.strip_prefix("shape: (");
    let below_size = below_size.and_then(|text| text.split_once('\n'));
    let table = below_size.map_or(text, |(_, table)| table);
    table.starts_with(['┌', '╭', '╔'])
}

/// Names behind `>`, each above lines of letters.
fn is_fasta(text: &str) -> bool {
    const LINES: usize = 20;
    let is_name = |line: &str| line.len() > 1 && line.starts_with('>');
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || b"-*".contains(&byte);
    let is_sequence = |line: &str| !line.is_empty() && line.bytes().all(is_letter);
    let lines: Vec<&str> = whole_lines(text).take(LINES).map(str::trim_end).collect();
    let starts =
        matches!(lines[..], [name, sequence, ..] if is_name(name) && is_sequence(sequence));
    let fits = |line: &&str| line.is_empty() || is_name(line) || is_sequence(line);
    starts && lines.iter().all(fits)
}

/// A boundary, and a header of one part of an upload.
fn is_upload(text: &str) -> bool {
    let mut lines = text.lines();
    let boundary = lines.next().is_some_and(|line| line.starts_with("--"));
    let header = lines.next().unwrap_or_default().to_ascii_lowercase();
    boundary && header.starts_with("content-disposition:")
}

/// The lines of a text without the last one if it may be cut off.
fn whole_lines(text: &str) -> impl Iterator<Item = &str> {
    /// A text of this length may be the start of a longer one.
    const CUT_OFF: usize = 3000;
    let end = match text.rfind('\n') {
        Some(end) if text.len() >= CUT_OFF => end,
        _ => text.len(),
    };
    text[..end].lines()
}

/// Lines of names and values up to an empty one, among them the sender and two other names that mail has.
fn is_mail(text: &str) -> bool {
    const NAMES: [&str; 10] = [
        "to",
        "subject",
        "date",
        "received",
        "message-id",
        "return-path",
        "delivered-to",
        "mime-version",
        "content-type",
        "cc",
    ];
    let (mut sender, mut others) = (false, 0);
    for line in whole_lines(text).take_while(|line| !line.trim().is_empty()) {
        // A line that goes on.
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            return false;
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return false;
        }
        let name = name.to_ascii_lowercase();
        sender |= name == "from" && value.contains('@');
        others += usize::from(NAMES.contains(&name.as_str()));
    }
    sender && others >= 2
}

/// `From name@host Mon Jan  1 10:00:00 2024`
fn is_mailbox_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let year = words
        .iter()
        .any(|word| word.len() == 4 && word.parse::<u32>().is_ok());
    words.len() >= 6 && words[0] == "From" && year
}

/// Lines of names and values joined by `=`, and of sections in brackets. A table behind such lines has others.
fn settings(text: &str) -> Option<(&'static str, &'static str)> {
    let (mut sections, mut pairs, mut typed) = (0, 0, 0);
    let mut spaced = true;
    let mut is_open = false;
    for line in whole_lines(text).map(str::trim) {
        if is_open {
            is_open = !line.ends_with([']', '}']) && !line.contains("\"\"\"");
            continue;
        }
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if is_section(line) {
            sections += 1;
            continue;
        }
        let (name, value) = line.split_once('=')?;
        let is_name = |c: char| c.is_alphanumeric() || " _-.\"".contains(c);
        let starts_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"');
        if !starts_name || !name.chars().all(is_name) {
            return None;
        }
        spaced &= name.ends_with(' ') && value.starts_with(' ');
        let value = value.trim();
        pairs += 1;
        typed += usize::from(is_toml(value));
        is_open = (value.starts_with('[') && !value.contains(']'))
            || value.matches("\"\"\"").count() == 1;
    }
    let is_typed = typed == pairs && spaced;
    match () {
        () if pairs == 0 => None,
        () if is_typed && (sections > 0 || pairs > 2) => Some(("a TOML file", TOML)),
        () if sections > 0 => Some(("a file of settings (INI)", INI)),
        () => None,
    }
}

/// `[name]` or `[[name]]`
fn is_section(line: &str) -> bool {
    let inner = line
        .strip_prefix('[')
        .and_then(|line| line.strip_suffix(']'));
    let is_name = |c: char| c.is_alphanumeric() || " _-.:/\"[]".contains(c);
    inner.is_some_and(|inner| {
        inner.starts_with(|c: char| c.is_alphabetic() || "_[\"".contains(c))
            && inner.chars().all(is_name)
    })
}

/// Whether text begins like a value of TOML: text in quotes, a number, a date, a boolean, a list or a table.
fn is_toml(value: &str) -> bool {
    value.starts_with(['"', '\'', '[', '{', '+', '-'])
        || (value.starts_with(|c: char| c.is_ascii_digit()) && !value.contains(','))
        || value.starts_with("true")
        || value.starts_with("false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_and_settings_are_named() {
        let mail = "Return-Path: <a@b.c>\nReceived: from x by y;\n\tMon, 1 Jan 2024 10:00:00 +0000\n\
                    From: A <a@b.c>\nSubject: the table\n\nx,y\n1,2\n";
        for (text, word) in [
            (mail.to_string(), "an email"),
            (
                format!("From a@b.c Mon Jan  1 10:00:00 2024\n{mail}"),
                "mailbox",
            ),
            (
                "title = \"t\"\nx = 1\n\n[owner]\nname = \"A\"\n".to_string(),
                "TOML",
            ),
            (
                "# by hand\n[[rows]]\nx = 1\ny = [\n  1,\n  2,\n]\n[[rows]]\nx = 2\n".to_string(),
                "TOML",
            ),
            (
                "[server]\nhost=a\nport=80\n; a comment\n[b]\nx=1\n".to_string(),
                "INI",
            ),
        ] {
            let found = text_document(&text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.0.contains(word), "{found:?}");
        }
    }

    #[test]
    fn other_texts_are_named() {
        for (text, word) in [
            ("┌───┬───┐\n│ x ┆ y │\n", "screen"),
            ("shape: (2, 2)\n┌───┬───┐\n│ x ┆ y │\n", "screen"),
            (">seq1\nACGT\nAC-T\n>seq2\nACGA\n", "FASTA"),
            (
                "--b1\r\nContent-Disposition: form-data\r\n\r\nx,y\n",
                "upload",
            ),
        ] {
            let found = text_document(text).unwrap_or_else(|| panic!("{text}"));
            assert!(found.0.contains(word), "{found:?}");
        }
    }

    #[test]
    fn lines_above_a_table_are_no_document() {
        for text in [
            "",
            "x,y\n1,2\n",
            "From: 2024-01-01\nTo: 2024-12-31\nSubject: sensors\n\nx,y\n1,2\n",
            "From: a@b.c\nx,y\n1,2\n",
            "From Monday to Sunday, 2024\nx,y\n1,2\n",
            "[Header]\nOperator = A\n\n[Data]\nx,y\n1,2\n",
            "Station = Berlin\nYear = 2024\n\nx,y\n1,2\n",
            "[a]\n[b]\n",
            "[1]\n[2]\n",
            "formula\na=1\nb=2\n",
            "x = y\n1 = 2\n",
            "x = 1, y = 2\nx = 3, y = 4\nx = 5, y = 6\n",
            "shape: (2, 2)\nx,y\n1,2\n",
            ">50K\n<=50K\n>50K\n",
            "--x\ny\n",
        ] {
            assert_eq!(text_document(text), None, "{text:?}");
        }
    }
}
