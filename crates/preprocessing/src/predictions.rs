//! Predictions for the rows of a table.

use crate::decision::{Decision, first_best};

/// Predictions, row by row.
///
/// ```
/// use backburn_preprocessing::Predictions;
///
/// let prices = Predictions::Values(vec![250.0, 312.5]);
/// assert_eq!(prices.values(), Some(&[250.0, 312.5][..]));
/// assert_eq!(prices.labels(), ["250", "312.5"]);
///
/// let species = Predictions::Classes {
///     classes: vec!["Adelie".to_string(), "Gentoo".to_string()],
///     probabilities: vec![0.75, 0.25, 0.125, 0.875],
///     decision: None,
/// };
/// assert_eq!(species.labels(), ["Adelie", "Gentoo"]);
/// assert_eq!(species.probabilities_of("Gentoo"), Some(vec![0.25, 0.875]));
/// assert_eq!(species.probabilities(0), Some(&[0.75, 0.25][..]));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Predictions {
    /// Values in the unit of the target.
    Values(Vec<f64>),
    /// Probabilities of classes.
    Classes {
        /// The names of the classes.
        classes: Vec<String>,
        /// `rows * classes` numbers, row by row; those of a row add up to 1.
        probabilities: Vec<f64>,
        /// How the probabilities of a row become its class. `None` is the most likely class.
        decision: Option<Decision>,
    },
}

impl Predictions {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Classes {
                classes,
                probabilities,
                ..
            } => probabilities.len() / classes.len().max(1),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// The predicted numbers, in the unit of the target; `None` for classes.
    pub fn values(&self) -> Option<&[f64]> {
        match self {
            Self::Values(values) => Some(values),
            Self::Classes { .. } => None,
        }
    }

    /// The names of the classes, in the order of the probabilities of a row; `None` for numbers.
    pub fn classes(&self) -> Option<&[String]> {
        match self {
            Self::Values(_) => None,
            Self::Classes { classes, .. } => Some(classes),
        }
    }

    /// The probabilities of a row, one for each of the [`classes`](Self::classes); `None` for numbers, and
    /// if there is no such row.
    pub fn probabilities(&self, row: usize) -> Option<&[f64]> {
        match self {
            Self::Values(_) => None,
            Self::Classes {
                classes,
                probabilities,
                ..
            } => probabilities.chunks_exact(classes.len().max(1)).nth(row),
        }
    }

    /// The probability of a class in each row; `None` for numbers, and if there is no such class.
    pub fn probabilities_of(&self, class: &str) -> Option<Vec<f64>> {
        let Self::Classes {
            classes,
            probabilities,
            ..
        } = self
        else {
            return None;
        };
        let index = classes.iter().position(|name| name == class)?;
        let of_class = probabilities.iter().skip(index).step_by(classes.len());
        Some(of_class.copied().collect())
    }

    /// The predicted class of each row, as its index in [`classes`](Self::classes): the most probable one, or
    /// the one that the model's [`Decision`] chooses. `None` for numbers.
    pub fn class_indices(&self) -> Option<Vec<usize>> {
        let Self::Classes {
            classes,
            probabilities,
            decision,
        } = self
        else {
            return None;
        };
        let best = |row: &[f64]| match decision {
            Some(decision) => decision.class(row),
            None => first_best(row.iter().copied()),
        };
        Some(
            probabilities
                .chunks(classes.len().max(1))
                .map(best)
                .collect(),
        )
    }

    /// The predictions of some rows, by their indices, in this order.
    ///
    /// # Panics
    ///
    /// There is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(rows.iter().map(|&row| values[row]).collect()),
            Self::Classes {
                classes,
                probabilities,
                decision,
            } => {
                let width = classes.len();
                let of_row = |&row: &usize| &probabilities[row * width..(row + 1) * width];
                Self::Classes {
                    classes: classes.clone(),
                    probabilities: rows.iter().flat_map(of_row).copied().collect(),
                    decision: decision.clone(),
                }
            }
        }
    }

    /// Adds the predictions for further rows, of the same kind and with the same classes.
    pub fn extend(&mut self, further: Self) {
        match (self, further) {
            (Self::Values(all), Self::Values(further)) => all.extend(further),
            (
                Self::Classes { probabilities, .. },
                Self::Classes {
                    probabilities: further,
                    ..
                },
            ) => probabilities.extend(further),
            _ => {}
        }
    }

    /// Makes room for the predictions for this many rows in all.
    pub fn reserve(&mut self, rows: usize) {
        let (numbers, width) = match self {
            Self::Values(values) => (values, 1),
            Self::Classes {
                classes,
                probabilities,
                ..
            } => (probabilities, classes.len()),
        };
        let wanted = rows.saturating_mul(width);
        numbers.reserve_exact(wanted.saturating_sub(numbers.len()));
    }

    /// Merges predictions for parts of the rows of a table. Returns the rows in order, and their
    /// predictions. All parts must be of the same kind and have the same classes.
    pub fn in_order(parts: Vec<(&[usize], Self)>) -> (Vec<usize>, Self) {
        let mut order: Vec<(usize, usize, usize)> = Vec::new();
        for (part, (rows, _)) in parts.iter().enumerate() {
            let rows = rows.iter().enumerate();
            order.extend(rows.map(|(index, &row)| (row, part, index)));
        }
        order.sort_unstable();
        let mut together = Self::Values(Vec::new());
        for &(_, part, index) in &order {
            match (&parts[part].1, &mut together) {
                (Self::Values(values), Self::Values(all)) => all.push(values[index]),
                (
                    Self::Classes {
                        classes,
                        probabilities,
                        decision,
                    },
                    together,
                ) => {
                    if matches!(together, Self::Values(_)) {
                        *together = Self::Classes {
                            classes: classes.clone(),
                            probabilities: Vec::with_capacity(order.len() * classes.len()),
                            decision: decision.clone(),
                        };
                    }
                    if let Self::Classes {
                        probabilities: all, ..
                    } = together
                    {
                        let width = classes.len();
                        all.extend(&probabilities[index * width..(index + 1) * width]);
                    }
                }
                _ => {}
            }
        }
        (order.into_iter().map(|(row, ..)| row).collect(), together)
    }

    /// The index of the first row whose prediction is not a finite number. Rows far from all training
    /// rows, or the weights of a diverged model, can cause this.
    pub fn first_not_finite(&self) -> Option<usize> {
        let (numbers, width) = match self {
            Self::Values(values) => (values, 1),
            Self::Classes {
                classes,
                probabilities,
                ..
            } => (probabilities, classes.len()),
        };
        let index = numbers.iter().position(|number| !number.is_finite())?;
        Some(index / width)
    }

    /// The prediction of each row as text: the value, or the name of the class of
    /// [`class_indices`](Self::class_indices).
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Values(values) => values.iter().map(f64::to_string).collect(),
            Self::Classes { classes, .. } => {
                let indices = self.class_indices().unwrap_or_default().into_iter();
                indices.map(|index| classes[index].clone()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Predictions {
        Predictions::Classes {
            classes: ["a", "b", "c"].map(str::to_string).to_vec(),
            probabilities: vec![0.25, 0.25, 0.5, 0.4, 0.4, 0.2],
            decision: None,
        }
    }

    #[test]
    fn classes_have_probabilities_and_no_values() {
        let predictions = classes();
        assert_eq!((predictions.rows(), predictions.is_empty()), (2, false));
        assert_eq!(predictions.values(), None);
        assert_eq!(predictions.classes().unwrap(), ["a", "b", "c"]);
        assert_eq!(predictions.probabilities(1), Some(&[0.4, 0.4, 0.2][..]));
        assert_eq!(predictions.probabilities(2), None);
        assert_eq!(predictions.probabilities_of("b"), Some(vec![0.25, 0.4]));
        assert_eq!(predictions.probabilities_of("d"), None);
        // The first of equally probable classes.
        assert_eq!(predictions.class_indices(), Some(vec![2, 0]));
        assert_eq!(predictions.labels(), ["c", "a"]);
        assert_eq!(predictions.select(&[1, 0, 1]).labels(), ["a", "c", "a"]);
    }

    #[test]
    fn values_have_no_classes() {
        let predictions = Predictions::Values(vec![1.5, -2.0]);
        assert_eq!(predictions.values(), Some(&[1.5, -2.0][..]));
        assert_eq!(predictions.classes(), None);
        assert_eq!(predictions.probabilities(0), None);
        assert_eq!(predictions.probabilities_of("a"), None);
        assert_eq!(predictions.class_indices(), None);
        assert_eq!(predictions.labels(), ["1.5", "-2"]);
        assert!(Predictions::Values(Vec::new()).is_empty());
    }
}
