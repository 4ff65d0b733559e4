//! What a text file is that is no CSV, by its first bytes.

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use crate::text_documents::text_document;

const JSON_LINES: &str = "write an object for each row as JSON lines (in pandas: to_json(orient=\"records\", lines=True))";
const HTML: &str = "if a page was saved instead of the file, download the file itself; a table in a page can be \
     written as CSV (in Python: pandas.read_html(FILE)[0].to_csv(\"table.csv\", index=False))";
const XML: &str =
    "write its rows as CSV (in Python: pandas.read_xml(FILE).to_csv(\"table.csv\", index=False))";
const EXCEL_XML: &str = "open it in Excel, and save it as a workbook (.xlsx)";
const SQL: &str = "load it into its database, and export the table as CSV";
const ARFF: &str = "the rows are the lines after @DATA: pass --no-header and --skip-lines N for the lines up to \
     there, or write it as CSV with names (in Python: \
     pandas.DataFrame(scipy.io.arff.loadarff(FILE)[0]).to_csv(\"table.csv\", index=False))";
const YAML: &str = "write its rows as CSV (in Python: \
     pandas.DataFrame(yaml.safe_load(open(FILE))).to_csv(\"table.csv\", index=False))";
const LIBSVM: &str = "write it as CSV (in Python: x, y = sklearn.datasets.load_svmlight_file(FILE), then \
     pandas.DataFrame(x.toarray()).assign(y=y).to_csv(\"table.csv\", index=False))";
const MATRIX: &str = "write it as CSV (in Python: \
     pandas.DataFrame(scipy.io.mmread(FILE).toarray()).to_csv(\"table.csv\", index=False))";
const NOTEBOOK: &str = "write the table in it as CSV, with to_csv in the notebook";
const GEOJSON: &str = "write its properties as CSV (in Python: \
     geopandas.read_file(FILE).drop(columns=\"geometry\").to_csv(\"table.csv\", index=False))";
const UTF32: &str = "write it as UTF-8 (iconv -f utf-32 -t utf-8 FILE > table.csv)";
const EBCDIC: &str = "write it as UTF-8 (iconv -f ibm037 -t utf-8 FILE > table.csv)";
const NO_TABLE: &str = "a table is CSV, Parquet, Arrow, JSON lines or Excel";

/// Beginnings of texts, in lower case.
const STARTS: &[(&str, &str, &str)] = &[
    (
        "version https://git-lfs.github.com/spec/",
        "a pointer to a file in Git LFS",
        "fetch the file itself with git lfs pull",
    ),
    (
        "-----begin pgp ",
        "text that is encrypted or signed by PGP",
        "decrypt it (gpg --decrypt FILE > table.csv), and pass that",
    ),
    (
        "-----begin age ",
        "a file encrypted by age",
        "decrypt it (age --decrypt FILE > table.csv), and pass that",
    ),
    (
        "age-encryption.org/v1",
        "a file encrypted by age",
        "decrypt it (age --decrypt FILE > table.csv), and pass that",
    ),
    (
        "$ansible_vault;",
        "a file encrypted by Ansible Vault",
        "decrypt it (ansible-vault decrypt FILE), and pass that",
    ),
    (
        "outs:\n- md5:",
        "a pointer to a file in DVC",
        "fetch the file itself with dvc pull",
    ),
    ("%%matrixmarket", "a matrix (Matrix Market)", MATRIX),
    (
        "[internetshortcut]",
        "a link to a web page",
        "download the file that it leads to",
    ),
    ("diff --git ", "a difference of files (diff)", NO_TABLE),
    ("#!/", "a program", NO_TABLE),
    ("-----begin ", "a key or a certificate (PEM)", NO_TABLE),
    (
        "\\documentclass",
        "a LaTeX document",
        "write its table as CSV",
    ),
    ("\\begin{", "a LaTeX document", "write its table as CSV"),
    ("begin:vcalendar", "a calendar", NO_TABLE),
    ("begin:vcard", "an address book", NO_TABLE),
    ("-- mysql dump", "a dump of a MySQL database", SQL),
    ("-- mariadb dump", "a dump of a MariaDB database", SQL),
    ("-- phpmyadmin sql dump", "a dump of a MySQL database", SQL),
    ("%yaml", "YAML", YAML),
];

/// What a text is that is not CSV or JSON lines, and what to do; `None` if it may be CSV.
pub(crate) fn text_kind(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if is_utf32(head) {
        return Some(("text in the encoding UTF-32", UTF32));
    }
    if is_ebcdic(head) {
        return Some(("text in an EBCDIC encoding", EBCDIC));
    }
    // A character may be cut off at the end.
    let text = String::from_utf8_lossy(without_mark(head));
    let text = text.trim_start();
    let lower = text.to_ascii_lowercase();
    let start = STARTS.iter().find(|(start, ..)| lower.starts_with(start));
    if let Some((_, what, to_do)) = start {
        return Some((what, to_do));
    }
    if let Some(found) = text_document(text) {
        return Some(found);
    }
    match () {
        () if lower.starts_with("mime-version:") => Some(("a web archive (MHTML)", EXCEL_XML)),
        () if text.starts_with('<') => markup(&lower),
        () if is_sql(&lower) => Some(("a dump of a database (SQL)", SQL)),
        () if is_arff(&lower) => Some(("a file of Weka (ARFF)", ARFF)),
        () if text.starts_with("{'") || text.starts_with("[{'") => Some((
            "text of Python dictionaries, not JSON",
            "write each with json.dumps, in a line of its own",
        )),
        () if text.starts_with("\u{1e}{") => Some((
            "a JSON text sequence",
            "remove the record separators (tr -d '\\036' < FILE > table.jsonl)",
        )),
        () if is_json_array(text) => Some(("a JSON list without names of columns", JSON_LINES)),
        () if is_yaml(text) => Some(("YAML", YAML)),
        () if is_libsvm(text) => Some(("a file in the format of LIBSVM", LIBSVM)),
        () => None,
    }
}

fn without_mark(head: &[u8]) -> &[u8] {
    const MARK: &[u8] = &[0xef, 0xbb, 0xbf];
    let mut head = head;
    while let Some(rest) = head.strip_prefix(MARK) {
        head = rest;
    }
    head
}

/// What JSON is that is no table, and what to do.
pub(crate) fn json_document(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let text: String = String::from_utf8_lossy(head).split_whitespace().collect();
    // A table of JSON lines may have such an object in a column.
    let is_outermost =
        |before: &str| before.matches('{').count() == before.matches('}').count() + 1;
    let has = |part: &str| {
        let mut found = text.match_indices(part);
        found.any(|(at, _)| is_outermost(&text[..at]))
    };
    match () {
        () if has("\"type\":\"FeatureCollection\"") => Some(("GeoJSON", GEOJSON)),
        () if has("\"cells\":[{") && text.contains("\"cell_type\":") => {
            Some(("a Jupyter notebook", NOTEBOOK))
        }
        () => None,
    }
}

/// Objects, or an array of objects.
pub(crate) fn is_json(head: &[u8]) -> bool {
    let head = without_mark(head).trim_ascii_start();
    let object = match head.strip_prefix(b"[") {
        Some(rest) if rest.trim_ascii_start().starts_with(b"]") => {
            return rest.trim_ascii() == b"]";
        }
        Some(rest) => rest.trim_ascii_start(),
        None => head,
    };
    let Some(rest) = object.strip_prefix(b"{") else {
        return false;
    };
    let Some(name) = rest.trim_ascii_start().strip_prefix(b"\"") else {
        return rest.trim_ascii_start().starts_with(b"}");
    };
    let mut escaped = false;
    let end = name.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    let after = end.and_then(|end| name.get(end + 1..));
    after.is_some_and(|after| after.trim_ascii_start().starts_with(b":"))
}

/// A list whose items are no objects, alone or one in each line. A list of names in brackets is CSV.
fn is_json_array(text: &str) -> bool {
    /// A text of this length may be the start of a longer one.
    const CUT_OFF: usize = 3000;
    if !text.starts_with('[') {
        return false;
    }
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let after = text.get(values.byte_offset()..).unwrap_or_default();
            let after = after.trim_start_matches([' ', '\t', '\r', '\n']);
            after.is_empty() || after.starts_with('[')
        }
        Some(Err(error)) => error.is_eof() && text.len() >= CUT_OFF,
        None => false,
    }
}

/// HTML, XML and what else begins with `<` and has elements.
fn markup(lower: &str) -> Option<(&'static str, &'static str)> {
    const ELEMENTS: [&str; 7] = [
        "<!doctype html",
        "<html",
        "<table",
        "<head",
        "<body",
        "<div",
        "<thead",
    ];
    let is_html = |text: &str| ELEMENTS.iter().any(|element| text.starts_with(element));
    match () {
        () if is_html(lower) => Some(("an HTML page", HTML)),
        () if lower.contains("urn:schemas-microsoft-com:office:spreadsheet") => {
            Some(("an XML spreadsheet of Excel 2003", EXCEL_XML))
        }
        () if lower.starts_with("<?xml") && lower.contains("<html") => Some(("an HTML page", HTML)),
        () if lower.starts_with("<?xml") || lower.contains("</") => Some(("an XML file", XML)),
        () => None,
    }
}

/// A statement of SQL after any comments.
fn is_sql(lower: &str) -> bool {
    const STATEMENTS: [&str; 9] = [
        "create table ",
        "create database ",
        "insert into ",
        "drop table ",
        "begin transaction",
        "pragma foreign_keys",
        "set statement_timeout",
        "set sql_mode",
        "/*!",
    ];
    let mut lines = lower.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with("--"));
    first.is_some_and(|line| STATEMENTS.iter().any(|start| line.starts_with(start)))
}

/// `@relation` after any comments.
fn is_arff(lower: &str) -> bool {
    let mut lines = lower.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('%'));
    first.is_some_and(|line| line.starts_with("@relation") || line.starts_with("@attribute"))
}

/// A list of mappings: each line is `- name: value`, an indented one, or a mark. A title in front of CSV has lines
/// that are none of these.
fn is_yaml(text: &str) -> bool {
    const LINES: usize = 20;
    if !text.starts_with("- ") && !text.starts_with("---") {
        return false;
    }
    let is_pair = |line: &str| {
        let pair = line.split_once(':');
        pair.is_some_and(|(name, value)| {
            !name.is_empty()
                && !name.contains([',', ';', '\t'])
                && (value.is_empty() || value.starts_with(' '))
        })
    };
    let mut items = 0;
    // The last line may be cut off.
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    let whole = &lines[..lines.len().saturating_sub(1).max(1).min(lines.len())];
    for line in whole {
        let inner = line.trim();
        let item = inner.strip_prefix("- ");
        let fits = match item {
            Some(item) => is_pair(item) || item.starts_with('{'),
            None => inner.is_empty() || inner.starts_with('#') || inner == "---" || is_pair(inner),
        };
        if !fits {
            return false;
        }
        items += usize::from(item.is_some());
    }
    items > 0
}

/// Lines of a label and pairs of an index and a value, `1 3:0.5 7:2`, with rising indices.
fn is_libsvm(text: &str) -> bool {
    const LINES: usize = 5;
    let mut pairs = 0;
    let mut no_times = false;
    let lines: Vec<&str> = text.lines().take(LINES + 1).collect();
    let whole = &lines[..lines.len().saturating_sub(1).max(1).min(lines.len())];
    for line in whole {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        if words
            .next()
            .is_none_or(|label| label.parse::<f64>().is_err())
        {
            return false;
        }
        let mut before = None;
        for word in words.filter(|word| !word.starts_with("qid:")) {
            let pair = word.split_once(':');
            let pair = pair.and_then(|(index, value)| {
                Some((
                    index.parse::<u64>().ok()?,
                    value.parse::<f64>().ok()?,
                    value,
                ))
            });
            let Some((index, _, value)) = pair else {
                return false;
            };
            if before.is_some_and(|before| before >= index) {
                return false;
            }
            before = Some(index);
            pairs += 1;
            // A time of day has two digits of minutes.
            no_times |= value.len() != 2;
        }
    }
    pairs > whole.len() && no_times
}

/// A mark of UTF-32, or characters of four bytes of which three are zero.
fn is_utf32(head: &[u8]) -> bool {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let little = |four: &[u8]| is_printable(four[0]) && four[1..] == [0; 3];
    let big = |four: &[u8]| is_printable(four[3]) && four[..3] == [0; 3];
    let start = head.get(..16).unwrap_or_default().chunks_exact(4);
    head.starts_with(b"\xff\xfe\0\0")
        || head.starts_with(b"\0\0\xfe\xff")
        || (start.len() == 4 && (start.clone().all(little) || start.clone().all(big)))
}

/// Letters, digits, spaces and line ends of EBCDIC, of which hardly one is such in ASCII.
fn is_ebcdic(head: &[u8]) -> bool {
    const SHORT: usize = 16;
    let is_text = |byte: &&u8| {
        matches!(byte, 0x40 | 0x4b | 0x5e | 0x60 | 0x6b | 0x6d | 0x7d | 0x7f)
            || matches!(byte, 0x05 | 0x0d | 0x15 | 0x25)
            || matches!(byte, 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9)
            || matches!(byte, 0xc1..=0xc9 | 0xd1..=0xd9 | 0xe2..=0xe9 | 0xf0..=0xf9)
    };
    let lines = head
        .iter()
        .filter(|byte| matches!(byte, 0x15 | 0x25))
        .count();
    let digits = head
        .iter()
        .filter(|byte| matches!(byte, 0xf0..=0xf9))
        .count();
    head.len() >= SHORT
        && lines > 0
        && digits > 0
        && head.iter().filter(is_text).count() * 20 >= head.len() * 19
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_csv_are_named() {
        let utf32: Vec<u8> = "x,y\n1,2\n"
            .chars()
            .flat_map(|c| (c as u32).to_le_bytes())
            .collect();
        // `x,y`, `1,2` and `3,4` in code page 37.
        let ebcdic = b"\xa7\x6b\xa8\x25\xf1\x6b\xf2\x25\xf3\x6b\xf4\x25\xf5\x6b\xf6\x25";
        for (head, word) in [
            (&b"  <!DOCTYPE HTML>\n<html>"[..], "HTML"),
            (b"<table border=\"1\"><tr><td>a</td></tr></table>", "HTML"),
            (b"<?xml version=\"1.0\"?>\n<rows><row/></rows>", "XML file"),
            (b"<rows><row x=\"1\"></row></rows>", "XML file"),
            (
                b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
                "Excel 2003",
            ),
            (b"-- MySQL dump 10.13\n--\n", "MySQL"),
            (b"--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n", "SQL"),
            (b"CREATE TABLE t (x double, y double);\nINSERT", "SQL"),
            (b"insert into t values (1,2);\n", "SQL"),
            (b"% comment\n\n@RELATION iris\n@ATTRIBUTE x NUMERIC\n", "ARFF"),
            (b"- x: 1\n  y: 2\n- x: 2\n  y: 3\n", "YAML"),
            (b"---\nrows:\n  - {x: 1, y: 2}\n  - {x: 2, y: 3}\n", "YAML"),
            (b"1 1:0.5 2:1.5 7:2\n0 2:1\n-1 1:3 9:1\n", "LIBSVM"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", "Git LFS"),
            (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA4\n", "PGP"),
            (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "PEM"),
            (b"age-encryption.org/v1\n-> X25519 abc\n", "age"),
            (b"From: a@b.c\nTo: d@e.f\nSubject: t\n\nx,y\n1,2\n", "an email"),
            (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n--x\n", "MHTML"),
            (b"[InternetShortcut]\nURL=https://example.org\n", "a link"),
            (b"%%MatrixMarket matrix coordinate real general\n3 3 2\n", "Matrix Market"),
            (b"outs:\n- md5: abc\n  path: t.csv\n", "DVC"),
            (b"#!/bin/sh\necho x\n", "a program"),
            (b"[owner]\nname = \"A\"\n", "TOML"),
            (b"{'x': 1, 'y': 2}\n", "Python"),
            (b"\x1e{\"x\": 1}\n", "text sequence"),
            (b"[[1, 2, \"a\"],\n [2, 3, \"b\"]]", "JSON list"),
            (b"[\"x\",\"y\"]\n[1,2]\n[2,3]\n", "JSON list"),
            (b"\\begin{tabular}{lr}\n", "LaTeX"),
            (b"\xff\xfe\0\0x\0\0\0", "UTF-32"),
            (&utf32, "UTF-32"),
            (ebcdic, "EBCDIC"),
        ] {
            let found = text_kind(head).unwrap_or_else(|| panic!("{word}"));
            assert!(found.0.contains(word), "{found:?}");
        }
    }

    #[test]
    fn csv_is_csv() {
        for head in [
            &b"a,b\n1,2\n"[..],
            b"",
            b"[a],[b]\n1,2\n",
            b"[1],[2]\n1,2\n",
            b"<a>,<b>\n1,2\n",
            b"-- exported\n-- by hand\nx,y\n1,2\n",
            b"---\ntitle: t\ndate: 2024\n---\nx,k,y\n1,2,3\n",
            b"- item,price\n- apple,3\n",
            b"% exported\nx,y\n1,2\n",
            b"insert,update\n1,2\n",
            b"1 7:30\n2 8:45\n3 9:10\n",
            b"0,1,2\n1,2,3\n",
            b"@handle,followers\na,1\n",
            b"{a},{b}\n1,2\n",
            b"x\ny\n",
        ] {
            assert_eq!(text_kind(head), None, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn json_that_is_no_table_is_named() {
        let found = |text: &str| json_document(text.as_bytes()).map(|(what, _)| what);
        let notebook = "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"source\": []";
        assert_eq!(found(notebook), Some("a Jupyter notebook"));
        let places = "{\"type\": \"FeatureCollection\", \"features\": []}";
        assert_eq!(found(places), Some("GeoJSON"));
        let named =
            "{\"crs\": {\"type\": \"name\"}, \"type\": \"FeatureCollection\", \"features\": []}";
        assert_eq!(found(named), Some("GeoJSON"));
        assert_eq!(found("{\"type\": \"house\", \"cells\": 3}\n"), None);
        let in_a_column =
            "{\"x\": 1, \"place\": {\"type\": \"FeatureCollection\", \"features\": []}}\n";
        assert_eq!(found(&in_a_column.repeat(2)), None);
    }

    #[test]
    fn objects_are_json() {
        for (head, expected) in [
            (&b"{\"a\": 1}\n"[..], true),
            (b"\xef\xbb\xbf\xef\xbb\xbf[ {\"a\": 1}]", true),
            (b"[ ]\n", true),
            (b"{}", true),
            (b"[],x\n", false),
            (b"[[1]]", false),
            (b"{\"a\"\n", false),
        ] {
            assert_eq!(
                is_json(head),
                expected,
                "{:?}",
                String::from_utf8_lossy(head)
            );
        }
    }
}
