//! Words that name columns.

/// The columns that words name. A word names a column, or several with commas between them; a word that as a
/// whole is the name of a column is that column. A name may hold a comma itself: the longest name that is a
/// column is taken first. `has` says whether there is a column of a name.
///
/// ```
/// let has = |name: &str| ["a", "b", "c,d"].contains(&name);
/// let words = ["b,c,d".to_string(), "a".to_string()];
/// let columns = backburn_table::columns_named(&words, has);
/// assert_eq!(columns.unwrap(), ["b", "c,d", "a"]);
/// ```
///
/// # Errors
///
/// The first name that is that of no column.
pub fn columns_named(words: &[String], has: impl Fn(&str) -> bool) -> Result<Vec<String>, String> {
    let mut columns = Vec::new();
    for part in words.iter().flat_map(|word| Parts::of(word, &has)) {
        match part {
            Part::Column(name) => columns.push(name.to_string()),
            Part::Other(name) => return Err(name.to_string()),
        }
    }
    Ok(columns)
}

/// The columns that words name, without the names of no column.
pub(crate) fn known_columns<'a>(
    words: &'a [String],
    has: impl Fn(&str) -> bool,
) -> impl Iterator<Item = &'a str> {
    let parts = words.iter().flat_map(move |word| {
        let parts: Vec<Part<'a>> = Parts::of(word, &has).collect();
        parts
    });
    parts.filter_map(|part| match part {
        Part::Column(name) => Some(name),
        Part::Other(_) => None,
    })
}

enum Part<'a> {
    Column(&'a str),
    /// A name that is that of no column.
    Other(&'a str),
}

/// The parts of a word.
struct Parts<'a, F> {
    rest: &'a str,
    has: F,
}

impl<'a, F: Fn(&str) -> bool> Parts<'a, F> {
    fn of(word: &'a str, has: F) -> Self {
        Self { rest: word, has }
    }
}

impl<'a, F: Fn(&str) -> bool> Iterator for Parts<'a, F> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        /// The largest number of commas in a name.
        const COMMAS: usize = 8;
        let word = std::mem::take(&mut self.rest);
        if word.is_empty() {
            return None;
        }
        if (self.has)(word) {
            return Some(Part::Column(word));
        }
        let commas = word.match_indices(',').map(|(index, _)| index);
        let mut ends: Vec<usize> = commas.take(COMMAS).collect();
        ends.push(word.len());
        let split = |end: usize| {
            let (name, rest) = word.split_at(end);
            (name.trim(), rest.strip_prefix(',').unwrap_or(rest))
        };
        let mut longest_first = ends.iter().rev().map(|&end| split(end));
        if let Some((name, rest)) = longest_first.find(|(name, _)| (self.has)(name)) {
            self.rest = rest;
            return Some(Part::Column(name));
        }
        let (name, rest) = split(ends[0]);
        self.rest = rest;
        Some(Part::Other(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(name: &str) -> bool {
        ["a", "b", "c,d", "e=f", " g"].contains(&name)
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_string()).collect()
    }

    #[test]
    fn lists_and_names_with_commas_are_columns() {
        for (given, expected) in [
            (vec!["a,b"], vec!["a", "b"]),
            (vec!["c,d"], vec!["c,d"]),
            (vec!["a,c,d,b"], vec!["a", "c,d", "b"]),
            (vec!["a", "b, e=f"], vec!["a", "b", "e=f"]),
            (vec![" g"], vec![" g"]),
            (vec![], vec![]),
        ] {
            assert_eq!(columns_named(&words(&given), has), Ok(words(&expected)));
        }
        assert_eq!(
            columns_named(&words(&["a,x, y"]), has),
            Err("x".to_string())
        );
        let given = words(&["a,x,c,d", "y"]);
        let known: Vec<&str> = known_columns(&given, has).collect();
        assert_eq!(known, ["a", "c,d"]);
    }
}
