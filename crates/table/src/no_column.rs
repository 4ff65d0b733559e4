//! The error of a column that a table does not have.

use crate::error::TableError;
use crate::nearest_name::nearest_name;
use crate::notes::LayoutInfo;

/// The largest number of columns that a message lists.
const LISTED: usize = 10;
/// The largest number of characters of a name in a message.
const MAX_CHARS: usize = 40;

/// The error of a column that a table does not have. It lists the columns that there are. If the table is CSV,
/// and its header shows that it was meant to be read otherwise, it says how.
pub(crate) fn no_column<'a>(
    table: &str,
    column: &str,
    names: impl Iterator<Item = &'a str> + Clone,
    layout: &LayoutInfo,
) -> TableError {
    TableError::NoColumn {
        name: table.to_string(),
        column: column.to_string(),
        advice: advice(column, names, layout),
    }
}

fn advice<'a>(
    column: &str,
    mut names: impl Iterator<Item = &'a str> + Clone,
    layout: &LayoutInfo,
) -> Option<String> {
    let count = names.clone().count();
    let first = names.clone().next()?;
    let is_text = layout.delimiter.is_some();
    if is_text && count == 1 {
        let looks = layout.one_column.as_deref();
        let looks = looks.unwrap_or("is the delimiter another? pass --delimiter");
        return Some(format!(
            "the file was read as one column, `{}`: {looks}",
            shortened(first)
        ));
    }
    let listed = names.clone().take(LISTED);
    let listed: Vec<String> = listed
        .map(|name| format!("`{}`", shortened(name)))
        .collect();
    let mut advice = match count {
        1 => format!("the only column is {}", listed.join(", ")),
        0..=LISTED => format!("the columns are {}", listed.join(", ")),
        _ => format!(
            "the columns are {} and {} more",
            listed.join(", "),
            count - LISTED
        ),
    };
    let mut parts = column.split(',');
    if column.contains(',') && parts.all(|part| names.clone().any(|name| name == part)) {
        advice += &format!("; `{}` names several columns: name one", shortened(column));
    } else if let Some(nearest) = nearest_name(column, names.clone()) {
        advice += &format!("; did you mean `{}`?", shortened(&nearest));
    } else if has_gaps(names.clone()) {
        advice += ": if the names of the columns are in a later line, pass --skip-lines N";
    } else if layout.header_looks_like_data || is_text && names.any(is_like_data) {
        advice += &if_data(column, count);
    }
    Some(advice)
}

/// Whether several columns of many have no name, as in a header of two lines.
fn has_gaps<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let (mut unnamed, mut named) = (0, 0);
    for name in names {
        let number = name.strip_prefix("column_").unwrap_or(name);
        match number.len() < name.len() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            true => unnamed += 1,
            false => named += 1,
        }
    }
    unnamed > 1 && named > 0
}

/// What to do if the first line is data. Without a header, columns have names of their own.
fn if_data(column: &str, count: usize) -> String {
    match column.starts_with("column_") {
        true => ": if the first line is data, pass --no-header".to_string(),
        false => format!(
            ": if the first line is data, write a line with the names above it, or pass --no-header, with \
             which they are `column_1` to `column_{count}`"
        ),
    }
}

/// Whether a name is rather a value of a first row.
fn is_like_data(name: &str) -> bool {
    name.parse::<f64>().is_ok()
}

/// A name on one line, cut where it is long.
fn shortened(name: &str) -> String {
    let mut shortened: String = name.chars().take(MAX_CHARS).collect();
    if name.chars().nth(MAX_CHARS).is_some() {
        shortened.push('…');
    }
    shortened.replace(['\n', '\r', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(column: &str, names: &[&str], is_text: bool) -> String {
        let layout = LayoutInfo {
            delimiter: is_text.then_some(b','),
            ..LayoutInfo::default()
        };
        no_column("t.csv", column, names.iter().copied(), &layout).to_string()
    }

    #[test]
    fn the_columns_are_listed() {
        assert_eq!(
            message("y", &["size", "price"], true),
            "t.csv has no column `y`; the columns are `size`, `price`"
        );
        assert_eq!(
            message("pirce", &["size", "price"], false),
            "t.csv has no column `pirce`; the columns are `size`, `price`; did you mean `price`?"
        );
        assert_eq!(
            message("size,price", &["size", "price"], true),
            "t.csv has no column `size,price`; the columns are `size`, `price`; `size,price` names several columns: \
             name one"
        );
        let many: Vec<String> = (0..12).map(|n| format!("a{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let text = message("y", &many, true);
        assert!(text.ends_with("`a8`, `a9` and 2 more"), "{text}");
    }

    #[test]
    fn text_in_one_column_has_another_delimiter() {
        assert_eq!(
            message("y", &["x1 x2 y"], true),
            "t.csv has no column `y`; the file was read as one column, `x1 x2 y`: is the delimiter \
             another? pass --delimiter"
        );
        // A typed file has no delimiter.
        let text = message("y", &["x"], false);
        assert!(text.ends_with("the only column is `x`"), "{text}");
    }

    #[test]
    fn a_header_of_numbers_may_be_data() {
        let text = message("column_2", &["5.9", "setosa"], true);
        assert!(
            text.ends_with("`5.9`, `setosa`: if the first line is data, pass --no-header"),
            "{text}"
        );
        let text = message("species", &["5.9", "setosa"], true);
        assert!(
            text.ends_with("or pass --no-header, with which they are `column_1` to `column_2`"),
            "{text}"
        );
        assert!(!message("y", &["5.9", "setosa"], false).contains("--no-header"));
    }

    #[test]
    fn names_may_be_in_a_later_line() {
        let names = ["Region", "column_2", "2023", "column_4"];
        for is_text in [true, false] {
            let text = message("y", &names, is_text);
            assert!(text.ends_with("`column_4`: if the names of the columns are in a later line, pass --skip-lines N"), "{text}");
        }
        for names in [["column_1", "x"], ["column_1", "column_2"]] {
            assert!(!message("y", &names, true).contains("--skip-lines"));
        }
    }

    #[test]
    fn long_names_are_cut() {
        let long = "x".repeat(100_000);
        let text = message(&long, &[&long, "b"], true);
        assert!(text.len() < 200_000, "{}", text.len());
    }
}
