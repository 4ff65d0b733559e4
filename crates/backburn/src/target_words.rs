//! The columns to predict that the words of an option name.

use backburn_table::{Table, columns_named};

use crate::config::Config;
use crate::error::Error;
use crate::target_weights::weights_in_words;
use crate::text::shown;

/// The columns that the words of `--target` name. Each word names a column, or several with commas between them; a word
/// that as a whole is the name of a column is that column.
///
/// ```
/// use backburn::{ReadOptions, Table, target_columns};
///
/// let csv = "size,price,rent,\"a,b\"\n50,100,5,1\n";
/// let table = Table::from_reader("houses", csv.as_bytes(), &ReadOptions::default())?;
/// let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
/// assert_eq!(target_columns(&words(&["price,rent"]), &table)?, ["price", "rent"]);
/// assert_eq!(target_columns(&words(&["price", "a,b"]), &table)?, ["price", "a,b"]);
/// # Ok::<(), backburn::Error>(())
/// ```
///
/// # Errors
///
/// A name that is that of no column.
pub fn target_columns(words: &[String], table: &Table) -> Result<Vec<String>, Error> {
    let columns = columns_named(words, |name| table.has_column(name));
    columns.map_err(|name| match name.as_str() {
        "" => Error::Config("--target needs the name of a column".to_string()),
        name => table.no_column(name).into(),
    })
}

/// The only target.
///
/// # Errors
///
/// There are several.
pub fn one_target(targets: &[String]) -> Result<&str, Error> {
    match targets {
        [target] => Ok(target),
        _ => {
            let names: Vec<String> = targets.iter().map(|name| shown(name)).collect();
            Err(Error::Config(format!(
                "--target {}: this command takes one target: name one of them",
                names.join(",")
            )))
        }
    }
}

/// Checks that none of some options is used, which are for one target; each is named and said to be used or not.
///
/// # Errors
///
/// The first of them that is used.
pub fn only_for_one_target(options: &[(&str, bool)]) -> Result<(), Error> {
    match options.iter().find(|(_, is_used)| *is_used) {
        None => Ok(()),
        Some((option, _)) => Err(Error::Config(format!(
            "{option}: this option is for one target, and --target names several"
        ))),
    }
}

impl Config {
    /// Sets the weights of targets by words such as `price=2`, the name of a column and a number from 0.001 to 1000.
    ///
    /// # Errors
    ///
    /// A word that is no name with such a number, or a name that two words have.
    pub fn set_target_weights(&mut self, words: &[String]) -> Result<(), Error> {
        self.target_weights.extend(weights_in_words(words)?);
        self.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_replace_the_weights_of_a_config() {
        let words = ["price=2".to_string()];
        let mut config = Config::default();
        config.target_weights.insert("price".to_string(), 3.0);
        config.target_weights.insert("rent".to_string(), 0.5);
        config.set_target_weights(&words).unwrap();
        assert_eq!(config.target_weights["price"], 2.0);
        assert_eq!(config.target_weights["rent"], 0.5);
        let wrong = config.set_target_weights(&["price=0".to_string()]);
        assert!(matches!(wrong, Err(Error::Config(_))));
    }

    #[test]
    fn a_command_of_one_target_names_the_option() {
        let targets = ["price".to_string(), "rent".to_string()];
        assert_eq!(one_target(&targets[..1]).unwrap(), "price");
        let error = one_target(&targets).unwrap_err().to_string();
        let expected = "--target price,rent: this command takes one target: name one of them";
        assert_eq!(error, expected);
        assert!(only_for_one_target(&[("--report", false)]).is_ok());
        let used = only_for_one_target(&[("--folds", false), ("--report", true)]).unwrap_err();
        assert!(used.to_string().starts_with("--report: "), "{used}");
    }
}
