//! Parsing settings that are a name with optional numbers: `relu`, `leaky_relu(0.01)`,
//! `uniform(-1, 1)`.

use thiserror::Error;

use crate::suggestion::suggestion;

/// Text could not be parsed as a setting that has a name, such as an
/// [`Activation`](crate::Activation) or an [`Initializer`](crate::Initializer).
///
/// ```
/// use backburn_model::{Activation, ParseNameError};
///
/// let error = "rleu".parse::<Activation>().unwrap_err();
/// assert!(matches!(error, ParseNameError::Unknown { .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParseNameError {
    /// The name does not exist.
    #[error("`{name}` is no {kind}{}; use one of: {known}", question(.suggestion))]
    Unknown {
        /// The kind of setting that was expected, for example `activation`.
        kind: &'static str,
        /// The name in the text.
        name: String,
        /// The name that was probably meant, if one is similar.
        suggestion: Option<String>,
        /// All names that exist, separated by commas.
        known: String,
    },
    /// The name exists, and the numbers in parentheses after it are wrong.
    #[error("`{text}`: {reason}")]
    Arguments {
        /// The whole text.
        text: String,
        /// What is wrong with the numbers.
        reason: String,
    },
}

fn question(suggestion: &Option<String>) -> String {
    match suggestion {
        Some(meant) => format!(" (did you mean `{meant}`?)"),
        None => String::new(),
    }
}

/// The error for a name that does not exist. `known` has all names, separated by commas, and
/// `synonyms` the names of other frameworks, each with the name that it has here.
pub(crate) fn unknown(
    kind: &'static str,
    name: &str,
    known: &str,
    synonyms: &[(&str, &str)],
) -> ParseNameError {
    ParseNameError::Unknown {
        kind,
        name: name.to_string(),
        suggestion: suggestion(name, known.split(", "), synonyms).map(str::to_string),
        known: known.to_string(),
    }
}

/// Finds the value of a setting that is a plain name, without numbers.
///
/// `kind` is the word for the setting in the error message, `values` has every value by its name,
/// and `synonyms` maps names of other frameworks to those in `values`, for the suggestion in the
/// error message.
///
/// ```
/// let values = [("batch", 1), ("layer", 2)];
/// let synonyms = [("batch_norm", "batch")];
/// let parse = |text| backburn_model::parse_name("normalization", text, &values, &synonyms);
/// assert_eq!(parse("layer"), Ok(2));
/// assert_eq!(
///     parse("batch_norm").unwrap_err().to_string(),
///     "`batch_norm` is no normalization (did you mean `batch`?); use one of: batch, layer"
/// );
/// ```
///
/// # Errors
///
/// [`ParseNameError::Unknown`] if `values` does not have the name.
pub fn parse_name<T: Copy>(
    kind: &'static str,
    text: &str,
    values: &[(&str, T)],
    synonyms: &[(&str, &str)],
) -> Result<T, ParseNameError> {
    match values.iter().find(|(name, _)| *name == text) {
        Some((_, value)) => Ok(*value),
        None => {
            let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            Err(unknown(kind, text, &names.join(", "), synonyms))
        }
    }
}

/// Splits `name(1, 2)` into the name and the numbers. Plain `name` has no numbers.
pub(crate) fn split(text: &str) -> Result<(&str, Vec<f64>), ParseNameError> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else {
        return Ok((text, Vec::new()));
    };
    let arguments = |reason: &str| ParseNameError::Arguments {
        text: text.to_string(),
        reason: reason.to_string(),
    };
    let inside = rest
        .strip_suffix(')')
        .ok_or_else(|| arguments("the closing `)` is missing"))?;
    let numbers = inside
        .split(',')
        .map(|number| match number.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(arguments(&format!("`{}` is not a number", number.trim()))),
        })
        .collect::<Result<_, _>>()?;
    Ok((name.trim(), numbers))
}

/// Checks that a name has `N` numbers after it, and returns them. If it has none, returns the
/// defaults. `text` is only for the error.
pub(crate) fn arguments<const N: usize>(
    text: &str,
    written: &[f64],
    defaults: [f64; N],
) -> Result<[f64; N], ParseNameError> {
    if written.is_empty() {
        return Ok(defaults);
    }
    written.try_into().map_err(|_| ParseNameError::Arguments {
        text: text.to_string(),
        reason: match N {
            0 => "takes no number".to_string(),
            1 => format!("takes 1 number, not {}", written.len()),
            _ => format!("takes {N} numbers, not {}", written.len()),
        },
    })
}
