//! The dialects in which the start of a file may be written: which quotes, escapes and borders it has.

use crate::csv_record::{Dialect, RecordReader};
use crate::detect_layout::{Candidate, Fit, Record, Sample, analyzed};
use crate::layout::is_blank;
use crate::read_options::ReadOptions;

/// Takes the head of a file apart by one delimiter, and finds what in it is not part of the table.
pub(crate) fn candidate(
    head: &[u8],
    is_all: bool,
    delimiter: u8,
    skip_lines: usize,
    options: &ReadOptions,
) -> Candidate {
    let with = |dialect: Dialect| {
        let (sample, quotes) = sample(head, is_all, dialect, skip_lines);
        let dialect = Dialect {
            spaced_quotes: quotes.spaced,
            ..dialect
        };
        Candidate {
            odd_quotes: quotes.odd,
            ..analyzed(sample, dialect, options)
        }
    };
    let plain = Dialect {
        comment: options.comment,
        ..Dialect::of(delimiter)
    };
    let mut best = with(Dialect {
        spaced_quotes: delimiter != b' ',
        ..plain
    });
    if best.dialect.spaced_quotes && best.fit < Fit::Explained {
        let literal = with(plain);
        if literal.fit >= best.fit {
            best = literal;
        }
    }
    let others = other_dialects(head, plain, &best);
    for dialect in others {
        let other = with(dialect);
        if is_better(&other, &best) {
            best = other;
        }
    }
    best
}

/// Dialects that the text may have where the usual one does not fit: backslashes before quotes, single quotes, and
/// borders around rows.
fn other_dialects(head: &[u8], plain: Dialect, best: &Candidate) -> Vec<Dialect> {
    let fits = best.fit >= Fit::Explained && !best.row_names;
    let mut others = Vec::new();
    let is_escape =
        |pair: &&[u8]| pair[0] == b'\\' && [plain.quote, plain.delimiter, b'\n'].contains(&pair[1]);
    if (!fits || best.odd_quotes > 0) && head.windows(2).any(|pair| is_escape(&pair)) {
        others.push(Dialect {
            escapes: true,
            ..plain
        });
    }
    let header = best.sample.records.get(best.first);
    let single = |field: &Vec<u8>| {
        let field = field.trim_ascii();
        field.len() > 1 && field.starts_with(b"'") && field.ends_with(b"'")
    };
    if (!fits && head.contains(&b'\'')) || header.is_some_and(|h| h.fields.iter().all(single)) {
        others.push(Dialect {
            quote: b'\'',
            ..plain
        });
    }
    let records = &best.sample.records;
    let is_bordered = |record: &&Record| {
        let first = record.fields.first();
        first.is_some_and(|first| is_blank(first)) || record.is_comment()
    };
    // A line below the table has no border.
    let bordered = records.iter().filter(is_bordered).count();
    if plain.delimiter == b'|' && bordered * 5 >= records.len() * 4 {
        others.push(Dialect {
            bordered: true,
            ..plain
        });
    }
    others
}

/// Whether a candidate explains the text better than the one so far. Without mistakes in its quotes, it needs only
/// fit as well.
fn is_better(other: &Candidate, best: &Candidate) -> bool {
    let has_quotes_in_fields = |candidate: &Candidate| {
        let records = &candidate.sample.records;
        let header = records.get(candidate.first);
        header.is_some_and(|header| header.fields.iter().all(|field| field.starts_with(b"'")))
    };
    let cures = (best.odd_quotes > 0 && other.odd_quotes == 0)
        || (has_quotes_in_fields(best) && !has_quotes_in_fields(other))
        || (other.dialect.bordered && !best.dialect.bordered);
    other.fit > best.fit || (cures && other.fit >= best.fit.min(Fit::Explained))
}

/// What quotes were found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quotes {
    /// Whether quotes follow spaces.
    spaced: bool,
    /// Quotes that end a field before its end.
    odd: u64,
}

/// The records at the start of a file, and their quotes.
pub(crate) fn sample(
    head: &[u8],
    is_all: bool,
    dialect: Dialect,
    skip_lines: usize,
) -> (Sample, Quotes) {
    const MAX_RECORDS: usize = 2000;
    let mut reader = RecordReader::new(head, dialect);
    let mut records = Vec::new();
    let mut ended = false;
    // Reading from memory does not fail.
    let skipped = reader.skip_lines(skip_lines);
    while skipped.is_ok() && records.len() < MAX_RECORDS {
        if !reader.read().unwrap_or(false) {
            ended = true;
            break;
        }
        records.push(Record {
            line: reader.line(),
            after_empty_line: reader.after_empty_line(),
            unclosed: reader.unclosed(),
            fields: reader.fields().map(<[u8]>::to_vec).collect(),
        });
    }
    // The last record may be cut off.
    if ended && !is_all && records.len() > 1 {
        records.pop();
    }
    let is_all = ended && is_all;
    let quotes = Quotes {
        spaced: reader.has_spaced_quotes(),
        odd: reader.odd_quotes(),
    };
    (Sample { records, is_all }, quotes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(text: &str, delimiter: u8) -> Dialect {
        let found = candidate(text.as_bytes(), true, delimiter, 0, &ReadOptions::default());
        found.dialect
    }

    #[test]
    fn quotes_and_escapes_are_found() {
        let rows = |row: &str| format!("x,text,y\n{}", row.repeat(5));
        for text in [
            rows("1,\"a \\\"red\\\" word\",2\n"),
            rows("1,\"a \\\"red\\\", word\",2\n"),
            rows("1,red\\, word,2\n"),
            rows("1,red\\\nword,2\n"),
        ] {
            assert!(dialect(&text, b',').escapes, "{text}");
        }
        for text in [
            rows("1,\"C:\\red\\\",2\n"),
            rows("1,\"a \"\"red\"\" word\",2\n"),
            rows("1,\\N,2\n"),
            rows("1,it's,2\n"),
            rows("1,'tis,2\n"),
            rows("1,5\" red,2\n"),
        ] {
            assert_eq!(dialect(&text, b','), Dialect::of(b','), "{text}");
        }
        for text in [
            rows("1,'a, red',2\n"),
            "'x','text'\n'1','a red'\n'2','b'\n".to_string(),
        ] {
            assert_eq!(dialect(&text, b',').quote, b'\'', "{text}");
        }
        let markdown = "| x | k |\n|---|:-:|\n| 1 | a |\n| 2 | b |\n";
        assert!(dialect(markdown, b'|').bordered);
        assert!(!dialect("x|k\n1|a\n2|b\n", b'|').bordered);
    }
}
