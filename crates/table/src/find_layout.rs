//! The layout of a CSV file and the names of its columns.

use crate::column_names::{repeated_names, unique_names, without_hidden};
use crate::csv_record::Dialect;
use crate::csv_text::{Head, UNCLOSED, not_utf8};
use crate::detect_layout::{Candidate, Fit, MAX_COLUMNS, Record};
use crate::dialects::candidate;
use crate::encoding_guess::Guess;
use crate::error::TableError;
use crate::header_guess::{are_names, header_is_data, shown};
use crate::header_levels::level_names;
use crate::layout::Layout;
use crate::one_column::looks_like;
use crate::read_options::ReadOptions;

/// Delimiters that are seldom part of text without quotes. The last two are control characters, which Hive and
/// others write.
const STRONG: [u8; 6] = [b',', b';', b'\t', b'|', 0x01, 0x1f];
/// Delimiters that are often part of text: they count where none of the others is in the header.
const WEAK: [u8; 3] = [b'^', b'~', b' '];

/// What was found at the start of a file.
pub(crate) struct Found {
    pub layout: Layout,
    /// What was done about the layout.
    pub notes: Vec<String>,
    /// Names that the header has more than once.
    pub repeated: Vec<String>,
    /// Whether the header looks like a row.
    pub header_looks_like_data: bool,
    /// What the lines of a file of one column look like, if they look like several columns.
    pub one_column: Option<String>,
}

/// Why a file that is not empty has no line to read.
fn nothing_left(head: &Head, options: &ReadOptions) -> String {
    match (options.skip_lines, head.is_all) {
        (0, _) if options.comment.is_some() => {
            "all lines begin with the character that --comment names".to_string()
        }
        (0, _) => "the file is empty".to_string(),
        (lines, true) => {
            format!("the file has no line behind the first {lines}, which --skip-lines leaves out")
        }
        (lines, false) => format!(
            "the first {lines} lines, which --skip-lines leaves out, are the whole start of the file, in which the \
             header is looked for: remove them from the file"
        ),
    }
}

/// Finds the layout by the head of a file. `file` has the suffix that decides where the text does not.
pub(crate) fn find_layout(
    name: &str,
    file: &str,
    head: &Head,
    options: &ReadOptions,
) -> Result<Found, TableError> {
    let named = match options.skip_lines {
        0 => named_delimiter(&head.bytes),
        _ => None,
    };
    let skip_lines = options.skip_lines + usize::from(named.is_some());
    let candidates = delimiters(options.delimiter.or(named), head).into_iter();
    let candidates = candidates
        .map(|delimiter| candidate(&head.bytes, head.is_all, delimiter, skip_lines, options));
    let Some(chosen) = choose(candidates.collect(), file, options) else {
        return Err(TableError::malformed(name, nothing_left(head, options)));
    };
    let guess = Guess::of(&head.bytes);
    let mut names = column_names(name, &chosen, guess, options)?;
    let hidden = without_hidden(&mut names, options);
    let names = unique_names(names);
    let header = chosen.header(options);
    let by_header = header.is_some_and(|header| header_is_data(header, chosen.rows(options)));
    let header_looks_like_data =
        by_header && options.header.is_none() && !chosen.has_known_columns(options);
    let mut notes = notes(&chosen, skip_lines, options);
    notes.extend(hidden);
    let looks_like_data = header.filter(|_| header_looks_like_data);
    notes.extend(looks_like_data.map(data_note));
    let one_column = match chosen.columns == 1 {
        true => looks_like(&chosen.sample.records),
        false => None,
    };
    notes.extend(one_column.as_deref().map(one_column_note));
    let layout = Layout {
        dialect: chosen.dialect,
        skip_lines,
        titles: chosen.first,
        header: header.is_some(),
        skip_records: chosen.skip_records,
        has_rules: chosen.skip_records == chosen.describing + 1,
        skip_headers: header.is_some() && !by_header && may_be_repeated(&names),
        names,
        min_fields: chosen.min_fields,
        usual: chosen.usual,
        plain: is_plain(&chosen, skip_lines, options),
        guess,
    };
    Ok(Found {
        layout,
        notes,
        repeated: match chosen.levels {
            0 => header.map(repeated).unwrap_or_default(),
            _ => Vec::new(),
        },
        header_looks_like_data,
        one_column,
    })
}

/// The names that a header has more than once.
fn repeated(header: &Record) -> Vec<String> {
    let fields = header.fields.iter();
    repeated_names(fields.map(|field| String::from_utf8_lossy(field).trim().to_string()))
}

/// Whether a line with these names can be told from a row: there are several, and some are not numbers.
fn may_be_repeated(names: &[String]) -> bool {
    let is_number = |name: &String| name.parse::<f64>().is_ok();
    names.len() > 1 && !names.iter().all(is_number)
}

/// The delimiters to try: the one that is known, or those in the head of the file. The comma is always among them.
fn delimiters(known: Option<u8>, head: &Head) -> Vec<u8> {
    let all = || [&STRONG[..], &WEAK].concat().into_iter();
    let is_possible = |delimiter: &u8| *delimiter == b',' || head.bytes.contains(delimiter);
    match known {
        Some(delimiter) => vec![delimiter],
        None => all().filter(is_possible).collect(),
    }
}

/// The delimiter that the first line names for Excel: `sep=;`.
fn named_delimiter(head: &[u8]) -> Option<u8> {
    let line = head.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (start, rest) = line.split_at_checked(4)?;
    let (&delimiter, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let only_that = rest.iter().all(|&byte| byte == delimiter || byte == b' ');
    let is_delimiter = STRONG.contains(&delimiter) || WEAK.contains(&delimiter);
    (start.eq_ignore_ascii_case(b"sep=") && only_that && is_delimiter).then_some(delimiter)
}

/// Whether Arrow's reader reads the file as it is.
fn is_plain(chosen: &Candidate, skip_lines: usize, options: &ReadOptions) -> bool {
    let whole = chosen.min_fields >= chosen.columns;
    let names = chosen.header(options).map(Record::len);
    // One column: blank lines and quotes after spaces are all that there is.
    let fits = match chosen.fit {
        Fit::Plain => true,
        Fit::Single | Fit::Partly => {
            chosen.first == 0
                && chosen.skip_records == 0
                && !chosen.row_names
                && !chosen.dialect.spaced_quotes
                && names.is_none_or(|names| names == chosen.columns)
        }
        Fit::Explained => false,
    };
    let Dialect {
        delimiter,
        quote,
        escapes,
        bordered,
        ..
    } = chosen.dialect;
    let usual = delimiter != b' ' && quote == b'"' && !escapes && !bordered;
    fits && whole && usual && skip_lines == 0 && options.comment.is_none()
}

/// The candidate that fits best; `None` if there is no record.
fn choose(all: Vec<Candidate>, file: &str, options: &ReadOptions) -> Option<Candidate> {
    let known = all
        .iter()
        .any(|candidate| candidate.has_known_columns(options));
    let suffix = suffix_delimiter(file);
    let only = all.len() == 1;
    let mut best: Option<(Score, Candidate)> = None;
    for candidate in all {
        if candidate.sample.records.is_empty() || (known && !candidate.has_known_columns(options)) {
            continue;
        }
        let score = match only {
            true => Score::default(),
            false => score(&candidate, suffix, options),
        };
        if best.as_ref().is_none_or(|(least, _)| score.beats(least)) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// How much speaks for a delimiter, the most important first.
#[derive(Debug, Default, PartialEq, PartialOrd)]
struct Score {
    fit: u8,
    share: f64,
    suffix: bool,
    fields: usize,
}

impl Score {
    fn beats(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(std::cmp::Ordering::Greater)
    }
}

fn score(candidate: &Candidate, suffix: Option<u8>, options: &ReadOptions) -> Score {
    let delimiter = candidate.dialect.delimiter;
    let weak = WEAK.contains(&delimiter);
    let records = &candidate.sample.records;
    let fields = candidate.columns;
    let first = candidate.header(options).or(records.first());
    let others = first.is_some_and(|record| {
        let mut bytes = record.fields.iter().flatten();
        let stronger =
            |byte: &u8| STRONG.contains(byte) || (delimiter == b' ' && matches!(byte, b'^' | b'~'));
        bytes.any(stronger)
    });
    let (fit, share) = match (candidate.fit, weak) {
        (_, true) if others => (0, 0.0),
        (Fit::Plain, false) => (6, 0.0),
        (Fit::Plain, true) => (5, 0.0),
        (Fit::Explained, false) => (4, 0.0),
        (Fit::Explained, true) => (3, 0.0),
        (Fit::Partly, false) if candidate.share > 0.0 => (2, candidate.share),
        (Fit::Partly, true) if candidate.share > 0.8 => (1, candidate.share),
        (Fit::Partly | Fit::Single, _) => (0, 0.0),
    };
    Score {
        fit,
        share,
        suffix: fit > 0 && suffix == Some(delimiter),
        fields: if weak && fit == 0 { 0 } else { fields },
    }
}

/// The delimiter that the suffix of a file's name stands for.
fn suffix_delimiter(file: &str) -> Option<u8> {
    let lower = file.to_lowercase();
    let mut name = lower.as_str();
    for packed in [".gz", ".zst", ".xz", ".bz2", ".zip"] {
        name = name.strip_suffix(packed).unwrap_or(name);
    }
    match name.rsplit_once('.')?.1 {
        "tsv" | "tab" => Some(b'\t'),
        "psv" => Some(b'|'),
        "csv" => Some(b','),
        _ => None,
    }
}

/// The names of the columns as they are in the header.
fn column_names(
    name: &str,
    chosen: &Candidate,
    guess: Guess,
    options: &ReadOptions,
) -> Result<Vec<String>, TableError> {
    let first = &chosen.sample.records[chosen.first.min(chosen.sample.records.len() - 1)];
    let line = || format!("{name}:{}", first.line);
    if chosen.columns > MAX_COLUMNS {
        let reason = format!("there are more than {MAX_COLUMNS} columns");
        return Err(TableError::malformed(line(), reason));
    }
    if first.unclosed {
        return Err(TableError::malformed(line(), UNCLOSED));
    }
    let fields = first.fields.iter().enumerate();
    let fields: Vec<&str> = fields
        .map(|(field, text)| std::str::from_utf8(text).map_err(|_| field))
        .collect::<Result<_, _>>()
        .map_err(|field| {
            let text = &first.fields[field];
            TableError::malformed(line(), not_utf8(field, text, guess))
        })?;
    let numbered = |n: usize| format!("column_{n}");
    let Some(header) = chosen.header(options) else {
        return Ok((1..=chosen.columns).map(numbered).collect());
    };
    let is_number = |field: &&str| field.trim().parse::<f64>().is_ok();
    if options.header.is_none()
        && fields.iter().all(is_number)
        && !chosen.has_known_columns(options)
        && !are_names(header, chosen.rows(options))
    {
        return Err(TableError::malformed(
            line(),
            "the first line holds numbers, not column names: add a header line, or pass \
             --no-header (--header if the numbers are names)",
        ));
    }
    let mut names: Vec<String> = fields
        .iter()
        .map(|field| field.trim().to_string())
        .collect();
    if chosen.row_names {
        let mut row_names = "rownames".to_string();
        while names.contains(&row_names) {
            row_names.push('_');
        }
        names.insert(0, row_names);
    }
    if chosen.levels > 0 {
        names = level_names(&header.fields, &chosen.left_out_below_header());
    }
    names.resize(chosen.columns, String::new());
    Ok(names)
}

/// What was done about the layout.
fn notes(chosen: &Candidate, skip_lines: usize, options: &ReadOptions) -> Vec<String> {
    let mut notes = Vec::new();
    let rows = chosen.rows(options);
    notes.extend(title_note(chosen, skip_lines));
    match chosen.skip_records - chosen.describing {
        0 => {}
        1 => notes.push("a line of dashes below the header is left out".to_string()),
        _ => notes
            .push("two lines below the header are left out: they hold types and roles".to_string()),
    }
    if chosen.dialect.quote == b'\'' {
        notes.push("fields are in single quotes".to_string());
    }
    if chosen.dialect.escapes {
        notes.push("backslashes before quotes and delimiters are left out".to_string());
    }
    notes.extend(describing_note(chosen));
    if chosen.row_names {
        notes.push(
            "the header has one name fewer than the rows have fields: the first column is read as \
             names of rows, `rownames`"
                .to_string(),
        );
    }
    let is_short = |row: &&Record| (chosen.min_fields..chosen.columns).contains(&row.len());
    if !options.fill_short_rows && rows.iter().any(|row| is_short(&row)) {
        notes.push("rows that lack their last fields are read as if these were empty".to_string());
    }
    notes
}

/// That the header has several lines.
fn levels_note(chosen: &Candidate) -> Option<String> {
    let header = chosen.sample.records.get(chosen.first)?;
    let names = level_names(&header.fields, &chosen.left_out_below_header());
    let names: Vec<Vec<u8>> = names.into_iter().map(String::into_bytes).collect();
    Some(format!(
        "{} lines from line {} on are read as a header of several levels, as pandas writes it ({}); with --header, what \
         is below the first of them is a row",
        chosen.skip_records + 1,
        header.line,
        shown(&names)
    ))
}

/// That the first line, which is the header, looks like a row.
fn data_note(header: &Record) -> String {
    format!(
        "the first line looks like data ({}): if it is, pass --no-header",
        shown(&header.fields)
    )
}

/// That the only column looks like several.
fn one_column_note(looks: &str) -> String {
    format!("the file is read as one column, but {looks}")
}

/// That lines before the header are left out, if there are any.
fn title_note(chosen: &Candidate, skip_lines: usize) -> Option<String> {
    if chosen.first == 0 {
        return None;
    }
    let first = chosen.sample.records.get(chosen.first)?;
    let title = &chosen.sample.records[0].fields[0];
    let lines = match (skip_lines as u64 + 1, first.line - 1) {
        (from, to) if from >= to => format!("line {to} is"),
        (from, to) => format!("lines {from} to {to} are"),
    };
    let title = String::from_utf8_lossy(title);
    Some(format!(
        "{lines} left out, before the header: {:?}",
        title.trim()
    ))
}

/// That lines which describe the columns are left out, if there are any.
fn describing_note(chosen: &Candidate) -> Option<String> {
    if chosen.levels > 0 {
        return levels_note(chosen);
    }
    if chosen.describing == 0 {
        return None;
    }
    let first = chosen.sample.records.get(chosen.first + 1)?;
    let lines = match chosen.describing {
        1 => format!("line {} is left out: it describes", first.line),
        lines => format!(
            "{lines} lines from line {} on are left out: they describe",
            first.line
        ),
    };
    Some(format!(
        "{lines} the columns ({}); with --header, what is below the names is a row",
        shown(&first.fields)
    ))
}
