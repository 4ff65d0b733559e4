//! The weights of several targets in the loss.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::error::Error;
use crate::text::shown;

/// The range of a weight. The loss is a sum of 32-bit numbers, which have seven digits: of two targets, one whose weight
/// is more than a million times smaller would be lost.
const RANGE: RangeInclusive<f64> = 0.001..=1000.0;

/// Checks the weights in a config.
///
/// # Errors
///
/// [`Error::Config`] with the first weight that is out of range.
pub(crate) fn check_target_weights(weights: &BTreeMap<String, f64>) -> Result<(), Error> {
    for (name, weight) in weights {
        let name = shown(name);
        check(*weight)
            .map_err(|reason| Error::Config(format!("target_weights.{name}: {reason}")))?;
    }
    Ok(())
}

/// The weights that words such as `price=2` give, each the name of a column and a number.
///
/// # Errors
///
/// [`Error::Config`] with the first word that is no name with a number, has a number out of range, or names a column for
/// the second time.
pub(crate) fn weights_in_words(words: &[String]) -> Result<BTreeMap<String, f64>, Error> {
    let mut weights = BTreeMap::new();
    for word in words {
        let wrong = |reason: &str| {
            let word = shown(word);
            Error::Config(format!("--target-weight {word}: {reason}"))
        };
        let parts = word.rsplit_once('=').filter(|(name, _)| !name.is_empty());
        let parts = parts.and_then(|(name, weight)| {
            let weight: f64 = weight.trim().parse().ok()?;
            Some((name, weight))
        });
        let (name, weight) =
            parts.ok_or_else(|| wrong("write it as COLUMN=WEIGHT, such as price=2"))?;
        check(weight).map_err(|reason| wrong(&reason))?;
        if weights.insert(name.to_string(), weight).is_some() {
            let name = shown(name);
            return Err(wrong(&format!("`{name}` has two weights: give it one")));
        }
    }
    Ok(weights)
}

/// Why a weight is out of range, if it is.
fn check(weight: f64) -> Result<(), String> {
    match RANGE.contains(&weight) {
        true => Ok(()),
        false => Err(format!(
            "the weight of a target must be from {} to {}, not {weight:?}",
            RANGE.start(),
            RANGE.end()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_words(words: &[&str]) -> Result<BTreeMap<String, f64>, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
        weights_in_words(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn weights_have_a_name_and_a_number() {
        let weights = in_words(&["price=2", "a=b= 0.5", "rent=0.001", "sold=1000"]).unwrap();
        assert_eq!((weights["price"], weights["a=b"]), (2.0, 0.5));
        assert_eq!((weights["rent"], weights["sold"]), (0.001, 1000.0));
        for word in ["price", "price=", "=2", "price=two"] {
            let error = in_words(&[word]).unwrap_err();
            let expected =
                format!("--target-weight {word}: write it as COLUMN=WEIGHT, such as price=2");
            assert_eq!(error, expected);
        }
        let twice = in_words(&["price=2", "rent=3", "price=4"]).unwrap_err();
        assert_eq!(
            twice,
            "--target-weight price=4: `price` has two weights: give it one"
        );
    }

    #[test]
    fn a_weight_out_of_range_is_named_with_the_limits() {
        for weight in ["0", "-1", "NaN", "inf", "-inf", "1e300", "1000.1", "0.0009"] {
            let word = format!("price={weight}");
            let error = in_words(&[word.as_str()]).unwrap_err();
            let number: f64 = weight.parse().unwrap();
            let reason =
                format!("the weight of a target must be from 0.001 to 1000, not {number:?}");
            assert_eq!(error, format!("--target-weight {word}: {reason}"));
            let config = BTreeMap::from([("rent".to_string(), 1.0), ("price".to_string(), number)]);
            let error = check_target_weights(&config).unwrap_err().to_string();
            assert_eq!(error, format!("target_weights.price: {reason}"));
        }
        assert!(check_target_weights(&BTreeMap::from([("a".to_string(), 0.01)])).is_ok());
    }
}
