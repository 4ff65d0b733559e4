//! The explanation of a single row.

use std::ops::RangeInclusive;

use serde::Serialize;

/// Why a row has its prediction: what each column adds to a baseline.
///
/// [`Explainer::explain_rows`](crate::Explainer::explain_rows) returns these. The
/// [crate's front page](crate) has an example.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowExplanation {
    /// The row's index in the table, counted from 0.
    pub row: usize,
    /// The prediction in the target's unit. For classification, the probability of
    /// [`class`](Self::class).
    pub prediction: f64,
    /// The prediction for the average row, in the same unit. The average is over the training rows,
    /// or over the table's rows if the model does not hold it
    /// ([`SavedModel::baselines`](backburn::SavedModel::baselines)).
    pub baseline: f64,
    /// For classification, the predicted class.
    pub class: Option<String>,
    /// What each column adds to the baseline. The largest absolute amounts come first.
    pub contributions: Vec<Contribution>,
    /// The prediction minus the baseline minus all contributions. It is almost zero, except with
    /// activation functions that jump (step, thresholded_relu, hard_shrink), whose gradient does not
    /// show how high a jump is.
    pub remainder: f64,
}

/// What one column adds to the prediction of a row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// The column's name.
    pub column: String,
    /// The row's value as text, or `None` if it is missing.
    pub value: Option<String>,
    /// What the column adds, in the target's unit or as a probability.
    pub amount: f64,
}

/// The contributions of a row that are worth showing, and the sums of the others. See
/// [`RowExplanation::leading`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeadingContributions<'a> {
    /// The contributions to show. The largest absolute amounts come first.
    pub shown: &'a [Contribution],
    /// The other columns that raise the prediction.
    pub raising: Rest,
    /// The other columns that lower the prediction.
    pub lowering: Rest,
}

/// The sum of several contributions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rest {
    /// Number of columns.
    pub columns: usize,
    /// The sum of their amounts.
    pub amount: f64,
}

/// The share of the sum of all absolute amounts that the shown contributions should reach.
const SHOWN_SHARE: f64 = 0.8;

/// The largest remainder that is a rounding error, as a share of the sum of all absolute amounts.
const ROUNDING_SHARE: f64 = 0.01;

impl RowExplanation {
    /// Whether [`remainder`](Self::remainder) is larger than a rounding error.
    pub fn has_remainder(&self) -> bool {
        self.remainder.abs() > ROUNDING_SHARE * self.total()
    }

    /// Splits the contributions into those to show and the rest.
    ///
    /// Contributions are shown, largest first, until they make up 80 % of the sum of all absolute
    /// amounts. `count` bounds their number: at least its start, and at most its end. The rest is
    /// summed separately for the columns that raise and for those that lower the prediction, since
    /// in one sum large amounts could cancel out.
    ///
    /// ```
    /// use backburn_explain::{Contribution, RowExplanation};
    ///
    /// let amounts = [50.0, -30.0, 6.0, -5.0, -4.0];
    /// let contributions = amounts.map(|amount| Contribution {
    ///     column: "a column".to_string(),
    ///     value: None,
    ///     amount,
    /// });
    /// let row = RowExplanation {
    ///     row: 0,
    ///     prediction: 17.0,
    ///     baseline: 0.0,
    ///     class: None,
    ///     contributions: contributions.to_vec(),
    ///     remainder: 0.0,
    /// };
    /// let leading = row.leading(1..=4);
    /// assert_eq!(leading.shown.len(), 2);
    /// assert_eq!((leading.raising.columns, leading.raising.amount), (1, 6.0));
    /// assert_eq!((leading.lowering.columns, leading.lowering.amount), (2, -9.0));
    /// ```
    pub fn leading(&self, count: RangeInclusive<usize>) -> LeadingContributions<'_> {
        let enough = SHOWN_SHARE * self.total();
        let max_columns = self.contributions.len().min(*count.end());
        let (mut shown, mut sum) = (0, 0.0);
        while shown < max_columns && (shown < *count.start() || sum < enough) {
            sum += self.contributions[shown].amount.abs();
            shown += 1;
        }
        let (shown, others) = self.contributions.split_at(shown);
        let rest = |belongs: fn(f64) -> bool| {
            let amounts = others.iter().map(|part| part.amount);
            let amounts = amounts.filter(|&amount| belongs(amount));
            amounts.fold(Rest::default(), |rest, amount| Rest {
                columns: rest.columns + 1,
                amount: rest.amount + amount,
            })
        };
        LeadingContributions {
            shown,
            raising: rest(|amount| amount > 0.0),
            lowering: rest(|amount| amount < 0.0),
        }
    }

    /// The sum of all absolute amounts.
    fn total(&self) -> f64 {
        let amounts = self.contributions.iter().map(|part| part.amount.abs());
        amounts.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(amounts: &[f64]) -> RowExplanation {
        let contribution = |&amount: &f64| Contribution {
            column: String::new(),
            value: None,
            amount,
        };
        RowExplanation {
            row: 0,
            prediction: amounts.iter().sum(),
            baseline: 0.0,
            class: None,
            contributions: amounts.iter().map(contribution).collect(),
            remainder: 0.0,
        }
    }

    #[test]
    fn the_number_of_leading_contributions_is_bounded() {
        let even = row(&[1.0; 20]);
        assert_eq!(even.leading(2..=6).shown.len(), 6);
        assert_eq!(even.leading(2..=6).raising.columns, 14);
        let steep = row(&[100.0, 1.0, 1.0, -1.0, 0.0]);
        assert_eq!(steep.leading(2..=6).shown.len(), 2);
        assert_eq!(steep.leading(2..=6).lowering.columns, 1);
        assert_eq!(row(&[]).leading(2..=6).shown.len(), 0);
    }

    #[test]
    fn shown_and_other_contributions_add_up() {
        let row = row(&[5.0, -4.0, 3.0, -2.0, 1.0, -0.5]);
        let leading = row.leading(1..=2);
        let shown: f64 = leading.shown.iter().map(|part| part.amount).sum();
        let sum = shown + leading.raising.amount + leading.lowering.amount;
        assert!((sum - row.prediction).abs() < 1e-12);
    }
}
