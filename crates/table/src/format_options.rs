//! How the user wants text to be read.

use std::collections::BTreeMap;

use crate::column_kind::ColumnKind;
use crate::date_format::DateFormat;

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

/// What the user says about the columns of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InferOptions {
    /// The kinds of columns.
    pub kinds: BTreeMap<String, ColumnKind>,
    /// How text is read.
    pub format: FormatOptions,
}

impl FormatOptions {
    /// What is wrong with the options, and what to do; `None` if they are valid.
    pub fn problem(&self) -> Option<String> {
        let decimal = self.decimal.filter(|sign| !matches!(sign, '.' | ','));
        if let Some(sign) = decimal {
            return Some(format!(
                "the decimal sign {sign:?} is neither a point nor a comma: pass --decimal . or \
                 --decimal ,"
            ));
        }
        let thousands = self.thousands.map(grouping_sign);
        if let Some(None) = thousands {
            let sign = self.thousands.unwrap_or_default();
            return Some(format!(
                "{sign:?} cannot stand between groups of digits: pass a comma, a point, a space or \
                 an apostrophe with --thousands"
            ));
        }
        if self.decimal.is_some() && self.decimal == self.thousands {
            return Some(
                "--decimal and --thousands name the same sign: they must differ".to_string(),
            );
        }
        if self.na.iter().any(|word| word.trim().is_empty()) {
            return Some("--na needs a word: an empty field is missing anyway".to_string());
        }
        let bad = |(column, format): (&String, &String)| {
            (!DateFormat::is_pattern(format)).then(|| {
                format!(
                    "{format:?} is not a format of dates for column `{column}`: write one such as \
                     %d/%m/%Y or %Y-%m-%d %H:%M"
                )
            })
        };
        self.date_formats.iter().find_map(bad)
    }

    /// Whether numbers may be read with these signs.
    pub(crate) fn allows(&self, decimal: char, thousands: Option<char>) -> bool {
        let group = self.thousands.and_then(grouping_sign);
        // A point that groups digits leaves the comma for decimals, and the other way round.
        let implied = match group {
            Some('.') => Some(','),
            Some(',') => Some('.'),
            _ => None,
        };
        self.decimal.or(implied).is_none_or(|sign| sign == decimal)
            && (thousands.is_none() || group.is_none() || thousands == group)
    }

    /// Whether the user names a sign.
    pub(crate) fn names_signs(&self) -> bool {
        self.decimal.is_some() || self.thousands.is_some()
    }
}

/// A sign between groups of digits: spaces of any width are one sign, and so are apostrophes. `None`
/// for any other character.
pub(crate) fn grouping_sign(sign: char) -> Option<char> {
    Some(match sign {
        '.' | ',' => sign,
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        '\'' | '’' => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_cannot_be_are_refused() {
        let with = |decimal, thousands| FormatOptions {
            decimal,
            thousands,
            ..FormatOptions::default()
        };
        assert_eq!(with(None, None).problem(), None);
        assert_eq!(with(Some(','), Some('.')).problem(), None);
        assert_eq!(with(None, Some('\u{202f}')).problem(), None);
        for (decimal, thousands) in [(Some(';'), None), (None, Some('_')), (Some(','), Some(','))] {
            let problem = with(decimal, thousands).problem().unwrap();
            assert!(problem.contains("--"), "{problem}");
        }
        let dates = BTreeMap::from([("d".to_string(), "%Q".to_string())]);
        let options = FormatOptions {
            date_formats: dates,
            ..FormatOptions::default()
        };
        assert!(options.problem().unwrap().contains("%d/%m/%Y"));
    }

    #[test]
    fn one_sign_implies_the_other() {
        let options = FormatOptions {
            thousands: Some('.'),
            ..FormatOptions::default()
        };
        assert!(options.allows(',', Some('.')) && options.allows(',', None));
        assert!(!options.allows('.', None) && !options.allows(',', Some(' ')));
    }
}
