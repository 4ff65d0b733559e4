//! How the user wants text to be read.

use std::collections::BTreeMap;

/// How text is read as values, where the user says so. What is not set is found out from the values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FormatOptions {
    /// The decimal sign: a point or a comma.
    pub decimal: Option<char>,
    /// The sign between groups of digits: a comma, a point, a space or an apostrophe.
    pub thousands: Option<char>,
    /// Further words that stand for a missing value.
    pub na: Vec<String>,
    /// Whether `NA`, `None`, `null` and the like are text in columns of text.
    pub keep_na: bool,
    /// The format of dates by column, in the notation of `strftime`.
    pub date_formats: BTreeMap<String, String>,
}
