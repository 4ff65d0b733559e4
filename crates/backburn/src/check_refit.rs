//! Refits on all rows, which leave none to evaluate on.

use crate::config::Config;
use crate::error::Error;

impl Config {
    /// Checks that a report or a learning curve has rows that the model is not trained on.
    ///
    /// # Errors
    ///
    /// The model is trained on all rows, other rows are needed, and there is no test table.
    pub fn check_refit(&self, needs_other_rows: bool, has_test: bool) -> Result<(), Error> {
        if self.data.refit && needs_other_rows && !has_test {
            let reason = "data.refit: the model is trained on all rows, so a report or a learning curve \
                          needs a test table: add --test or --test-share";
            return Err(Error::Config(reason.to_string()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_needs_a_test_table_only_after_a_refit() {
        let mut config = Config::default();
        assert!(config.check_refit(true, false).is_ok());
        config.data.refit = true;
        assert!(config.check_refit(true, true).is_ok());
        assert!(config.check_refit(false, false).is_ok());
        let error = config.check_refit(true, false).unwrap_err().to_string();
        assert!(error.contains("add --test or --test-share"), "{error}");
    }
}
