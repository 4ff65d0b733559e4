//! Predictions for the rows of a table.

/// Predictions, row by row.
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
            } => probabilities.len() / classes.len(),
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
                    },
                    together,
                ) => {
                    if matches!(together, Self::Values(_)) {
                        *together = Self::Classes {
                            classes: classes.clone(),
                            probabilities: Vec::new(),
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
            } => (probabilities, classes.len()),
        };
        let index = numbers.iter().position(|number| !number.is_finite())?;
        Some(index / width)
    }

    /// The prediction of each row as text: the value, or the name of the most probable class.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Values(values) => values.iter().map(f64::to_string).collect(),
            Self::Classes {
                classes,
                probabilities,
            } => {
                probabilities
                    .chunks(classes.len())
                    .map(|row| {
                        let best = row.iter().enumerate().fold(0, |best, (class, p)| {
                            if *p > row[best] { class } else { best }
                        });
                        classes[best].clone()
                    })
                    .collect()
            }
        }
    }
}
