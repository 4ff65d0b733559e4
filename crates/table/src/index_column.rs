//! Columns that only number the rows.

/// What the values of a column say about whether it numbers the rows.
#[derive(Debug, Clone)]
pub(crate) struct RowNumbers {
    /// Whether each number is the index of its row, or that plus one.
    counts_rows: bool,
    /// Whether each number is the one before plus one.
    is_run: bool,
    previous: Option<f64>,
    low: f64,
    high: f64,
}

impl Default for RowNumbers {
    fn default() -> Self {
        Self {
            counts_rows: true,
            is_run: true,
            previous: None,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }
}

impl RowNumbers {
    pub fn add(&mut self, row: usize, number: f64) {
        let offset = number - row as f64;
        self.counts_rows &= offset == 0.0 || offset == 1.0;
        self.is_run &= self.previous.is_none_or(|before| number == before + 1.0);
        self.previous = Some(number);
        self.low = self.low.min(number);
        self.high = self.high.max(number);
    }

    /// The smallest number.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The largest number.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// Whether whole numbers that all differ, one in each of `rows` rows, number the rows: by their
    /// values, or by the name of the column and its place in the table.
    pub fn number_the_rows(&self, rows: usize, place: Place<'_>) -> bool {
        let permutation = (self.low == 0.0 || self.low == 1.0)
            && self.high - self.low == rows.saturating_sub(1) as f64;
        self.counts_rows
            || ((permutation || self.is_run) && !named_like_time(place.name))
            || place.is_unnamed_index()
            || named_like_identifier(place.name)
    }

    /// The same for numbers of which some rows have none.
    pub fn number_some_rows(&self, place: Place<'_>) -> bool {
        self.counts_rows || named_like_identifier(place.name)
    }
}

/// Where a column is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub name: &'a str,
    pub is_first: bool,
    /// Whether the table has no names of columns.
    pub headerless: bool,
    /// Whether the metadata of pandas says that the column is an index.
    pub is_pandas_index: bool,
}

impl Place<'_> {
    /// Whether the column is what tools write for the index of a table.
    fn is_unnamed_index(&self) -> bool {
        (self.is_first && !self.headerless && self.name == "column_1")
            || self.name.starts_with("Unnamed: 0")
            || self.name.starts_with("__index_level_")
    }
}

/// The words of a name in lower case: `S.No` has `s` and `no`.
fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// Whether a column is named like an identifier of rows.
pub(crate) fn named_like_identifier(name: &str) -> bool {
    let last = name
        .rsplit(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    // `userId` and `userID`, but not `PAID`.
    let camel = last.strip_suffix("Id").or(last.strip_suffix("ID"));
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        last.to_lowercase().as_str(),
        "id" | "index" | "rownames" | "uuid" | "guid" | "key"
    ) || camel.is_some_and(|word| word.ends_with(|c: char| c.is_lowercase()))
        || matches!(
            words.as_slice(),
            ["sno" | "srno" | "slno" | "nr" | "no" | "row" | "rowid" | "rownum" | "rownumber"]
                | [
                    "s" | "sr" | "sl" | "serial" | "row",
                    "no" | "nr" | "number" | "num"
                ]
                | ["row", "names"]
        )
        || name.trim() == "#"
}

/// Whether a column is named like a time: a run of years is not an index.
pub(crate) fn named_like_time(name: &str) -> bool {
    const TIMES: [&str; 29] = [
        "age",
        "ages",
        "annee",
        "ano",
        "date",
        "day",
        "days",
        "epoch",
        "hour",
        "hours",
        "jahr",
        "minute",
        "minutes",
        "month",
        "months",
        "period",
        "quarter",
        "season",
        "second",
        "seconds",
        "step",
        "t",
        "time",
        "timestamp",
        "week",
        "weeks",
        "year",
        "years",
        "yr",
    ];
    let words = words(name);
    let is_time = |word: &String| TIMES.contains(&word.as_str());
    let ends_like_time = |word: &String| word.ends_with("year") || word.ends_with("time");
    words
        .iter()
        .any(|word| is_time(word) || ends_like_time(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_index(name: &str, numbers: &[f64]) -> bool {
        let mut found = RowNumbers::default();
        for (row, number) in numbers.iter().enumerate() {
            found.add(row, *number);
        }
        let place = Place {
            name,
            is_first: true,
            headerless: false,
            is_pandas_index: false,
        };
        found.number_the_rows(numbers.len(), place)
    }

    #[test]
    fn permutations_and_runs_are_indexes_by_any_name() {
        let shuffled = [3.0, 1.0, 2.0, 4.0, 0.0];
        let run = [17.0, 18.0, 19.0];
        assert!(is_index("x", &shuffled) && is_index("x", &run));
        assert!(is_index("x", &[2.0, 3.0, 1.0]));
        assert!(!is_index("x", &[2.0, 5.0, 1.0]) && !is_index("x", &[4.0, 2.0, 3.0]));
        for name in ["year", "model_year", "Age", "t", "birthyear", "Time (s)"] {
            assert!(!is_index(name, &run), "{name}");
        }
    }

    #[test]
    fn a_part_of_an_index_is_known_by_its_name() {
        let part = [41.0, 106.0, 74.0];
        for name in [
            "column_1",
            "Unnamed: 0",
            "__index_level_0__",
            "rownames",
            "row_names",
            "index",
            "customer_id",
            "S.No",
            "Sr. No.",
            "Nr",
            "No.",
            "#",
            "row",
        ] {
            assert!(is_index(name, &part), "{name}");
        }
        for name in ["size", "column_2", "house no", "norm", "arrow"] {
            assert!(!is_index(name, &part), "{name}");
        }
    }

    #[test]
    fn only_names_of_identifiers_count_as_identifiers() {
        for name in ["id", "user_id", "userId", "userID", "ID", "row.index"] {
            assert!(named_like_identifier(name), "{name}");
        }
        for name in ["PAID", "COVID", "Income ($)", "Share %", "idle", "", "€"] {
            assert!(!named_like_identifier(name), "{name}");
        }
    }
}
