//! Settings written as a name with optional numbers: `relu`, `leaky_relu(0.01)`, `uniform(-1, 1)`.

use thiserror::Error;

/// A name that is not one of those offered, or has the wrong numbers behind it.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParseNameError {
    /// No such name.
    #[error("`{name}` is no {kind}; there are: {known}")]
    Unknown {
        /// What was looked for, such as "activation".
        kind: &'static str,
        /// What was written.
        name: String,
        /// Every name there is.
        known: String,
    },
    /// Numbers that the name does not take.
    #[error("`{text}`: {reason}")]
    Arguments {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Splits `name(1, 2)` into its name and numbers.
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

/// Takes the numbers behind a name, filling in the defaults where none are written.
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
