//! Headers of several lines, as pandas writes them for columns of several levels.

use std::collections::BTreeMap;

use crate::column_names::repeated_names;
use crate::layout::{is_blank, looks_like_a_number};

/// The fields of a line.
type Fields = [Vec<u8>];

/// The number of lines below the first one of a header that hold further levels of its names, if a line with the names of
/// the index follows: all of its other fields are empty, as in no row below. The first line has a name several times, and
/// the joined names differ. The first line has no name for the index, or the next lines, `described` ones, are plainly no
/// rows.
pub(crate) fn level_lines(header: &Fields, rows: &[&Fields], described: usize) -> Option<usize> {
    const MAX_LINES: usize = 4;
    let has_index_names = |line: &usize| rows.get(*line).is_some_and(|row| names_index(row));
    let line = (1..MAX_LINES).find(has_index_names)?;
    let (lines, below) = rows.split_at(line + 1);
    let names = header.iter().map(|name| text(name));
    let fits = lines.iter().all(|line| line.len() == header.len())
        && !below.is_empty()
        && !below.iter().any(|row| names_index(row))
        && !repeated_names(names).is_empty()
        && (header.first().is_some_and(|name| is_blank(name)) || described == line)
        && repeated_names(level_names(header, lines).into_iter()).is_empty();
    fits.then_some(line)
}

/// Whether only the first fields of a line are filled, with text.
fn names_index(line: &Fields) -> bool {
    const MAX_INDEX: usize = 3;
    let last = line.iter().rposition(|field| !is_blank(field));
    let filled = last.map_or(0, |last| last + 1);
    let is_name = |field: &Vec<u8>| !is_blank(field) && !looks_like_a_number(field);
    (1..=MAX_INDEX).contains(&filled) && filled < line.len() && line[..filled].iter().all(is_name)
}

/// Whether the line below a header holds a second level of its names, though no line names the index. The first line has
/// no name for the index, the second has none either, and all rows have a value there. Each name of the first level has the
/// same names of the second one, as a pivot table has them.
pub(crate) fn has_level_below(header: &Fields, rows: &[&Fields]) -> bool {
    let Some((&level, below)) = rows.split_first() else {
        return false;
    };
    let lacks_first = |line: &Fields| {
        let blank = line.iter().filter(|field| is_blank(field)).count();
        blank == 1 && line.len() > 1 && is_blank(&line[0])
    };
    let has_first = |row: &&Fields| row.first().is_some_and(|field| !is_blank(field));
    if level.len() != header.len()
        || !lacks_first(header)
        || !lacks_first(level)
        || below.is_empty()
        || !below.iter().all(has_first)
    {
        return false;
    }
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, second) in header.iter().zip(level.iter()).skip(1) {
        groups.entry(text(name)).or_default().push(text(second));
    }
    let mut groups = groups.into_values();
    let first = groups.next().unwrap_or_default();
    let others: Vec<Vec<String>> = groups.collect();
    first.len() > 1
        && !others.is_empty()
        && others.iter().all(|names| *names == first)
        && first.iter().all(|name| may_be_level(name))
        && repeated_names(first.into_iter()).is_empty()
}

/// Whether text may be a name of a level: a whole number without a sign, or no number.
fn may_be_level(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit()) || !looks_like_a_number(name.as_bytes())
}

/// The names of the columns: those of the index, which the last line may have, and those of all levels, joined.
pub(crate) fn level_names(header: &Fields, lines: &[&Fields]) -> Vec<String> {
    let (index, levels) = match lines.split_last() {
        Some((last, levels)) if names_index(last) => (*last, levels),
        _ => (Default::default(), lines),
    };
    let field = |line: &Fields, column: usize| {
        let field = line.get(column);
        field.map_or(String::new(), |field| text(field))
    };
    let name = |column: usize| {
        let of_index = field(index, column);
        if !of_index.is_empty() {
            return of_index;
        }
        let levels = [header].into_iter().chain(levels.iter().copied());
        let names = levels.map(|level| field(level, column));
        // pandas writes `Unnamed: 1_level_1` for a level without a name.
        let named = names.filter(|name| !name.is_empty() && !name.starts_with("Unnamed: "));
        named.collect::<Vec<_>>().join("_")
    };
    (0..header.len()).map(name).collect()
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, described: usize) -> Option<Vec<String>> {
        let fields = |line: &str| -> Vec<Vec<u8>> {
            let fields = line.split(',');
            fields.map(|field| field.as_bytes().to_vec()).collect()
        };
        let lines: Vec<Vec<Vec<u8>>> = text.lines().map(fields).collect();
        let (header, rows) = lines.split_first().unwrap();
        let rows: Vec<&Fields> = rows.iter().map(Vec::as_slice).collect();
        let count = level_lines(header, &rows, described)?;
        Some(level_names(header, &rows[..=count]))
    }

    #[test]
    fn names_of_several_levels_are_joined() {
        for (text, described) in [
            (",a,a,b\n,mean,std,mean\nid,,,\n1,2,3,4\n", 1),
            ("kind,a,a,b\nstat,mean,std,mean\nid,,,\n1,2,3,4\n", 1),
        ] {
            assert_eq!(
                names(text, described).unwrap(),
                ["id", "a_mean", "a_std", "b_mean"],
                "{text}"
            );
        }
        let years = ",sales,sales\nyear,2020,2021\nregion,,\nnorth,1,2\n";
        assert_eq!(
            names(years, 0).unwrap(),
            ["region", "sales_2020", "sales_2021"]
        );
        let three = ",,a,a\n,,x,y\n,,p,\nid,of,,\n1,2,3,4\n";
        assert_eq!(names(three, 0).unwrap(), ["id", "of", "a_x_p", "a_y"]);
    }

    #[test]
    fn a_second_level_needs_no_names_of_an_index() {
        let of = |text: &str| {
            let fields = |line: &str| -> Vec<Vec<u8>> {
                let fields = line.split(',');
                fields.map(|field| field.as_bytes().to_vec()).collect()
            };
            let lines: Vec<Vec<Vec<u8>>> = text.lines().map(fields).collect();
            let lines: Vec<&Fields> = lines.iter().map(Vec::as_slice).collect();
            let (header, rows) = lines.split_first().unwrap();
            has_level_below(header, rows).then(|| level_names(header, &rows[..1]))
        };
        let numbers = ",a,a,b,b\n,1,2,1,2\n0,0.5,1,2,3\n1,4,5,6,7\n";
        assert_eq!(of(numbers).unwrap(), ["", "a_1", "a_2", "b_1", "b_2"]);
        let words = ",a,a,b,b\n,mean,max,mean,max\nx,1,2,3,4\ny,5,6,7,8\n";
        let joined = ["", "a_mean", "a_max", "b_mean", "b_max"];
        assert_eq!(of(words).unwrap(), joined);
        for text in [
            ",a,a,b,b\n,1,2,3,4\n0,5,6,7,8\n1,4,5,6,7\n",
            ",a,a,b,b\n,1,1,1,1\n0,5,6,7,8\n1,4,5,6,7\n",
            ",a,a,b,b\n,1.5,2,1.5,2\n0,5,6,7,8\n1,4,5,6,7\n",
            ",a,a,b,b\n,1,2,1,2\n,5,6,7,8\n1,4,5,6,7\n",
            ",a,b,c,d\n,1,1,1,1\n0,5,6,7,8\n1,4,5,6,7\n",
            "k,a,a,b,b\n,1,2,1,2\n0,5,6,7,8\n1,4,5,6,7\n",
            ",a,a\n,1,2\n0,5,6\n1,4,5\n",
            ",a,a\n",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn rows_that_lack_all_but_their_name_are_no_names_of_an_index() {
        for text in [
            "name,x,y\na,1,2\nb,,\nc,3,4\n",
            "name,x,x\na,1,2\nb,,\nc,3,4\n",
            ",x,x\na,1,2\nb,,\nc,,\nd,3,4\n",
            ",x,y\na,1,2\nb,,\nc,3,4\n",
            ",x,x\na,1,1\nb,,\nc,3,4\n",
            ",x,x\n,1,2\n5,,\n6,3,4\n",
            ",x,x\n,p,q\nid,,\n",
            "x\ny\n",
        ] {
            assert_eq!(names(text, 0), None, "{text}");
        }
    }
}
