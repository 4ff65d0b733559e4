//! Metrics of predicted classes and their probabilities. They have the definitions of scikit-learn. All rows
//! fit ([`ClassRows::fits`]).

use super::rows::ClassRows;

/// The weight of the rows by true class, by predicted class, and of those that are right. Without weights these
/// are numbers of rows.
#[derive(Debug, Clone)]
pub struct ClassSums {
    actual: Vec<f64>,
    predicted: Vec<f64>,
    right: Vec<f64>,
    total: f64,
}

impl ClassSums {
    /// The sums over rows.
    pub fn new(rows: &ClassRows) -> Self {
        let zeros = || vec![0.0; rows.classes];
        let mut sums = Self {
            actual: zeros(),
            predicted: zeros(),
            right: zeros(),
            total: rows.weights.total(rows.actual.len()),
        };
        for (row, (&actual, &predicted)) in rows.actual.iter().zip(rows.predicted).enumerate() {
            let weight = rows.weights.of(row);
            sums.actual[actual] += weight;
            sums.predicted[predicted] += weight;
            if actual == predicted {
                sums.right[actual] += weight;
            }
        }
        sums
    }

    /// The share of the rows whose predicted class is the true one.
    pub fn accuracy(&self) -> f64 {
        self.right.iter().sum::<f64>() / self.total
    }

    /// The mean of the recalls of the classes that rows have.
    pub fn balanced_accuracy(&self) -> f64 {
        let classes = self.right.iter().zip(&self.actual);
        let recalls = classes.filter(|(_, actual)| **actual > 0.0);
        let recalls: Vec<f64> = recalls.map(|(right, actual)| right / actual).collect();
        recalls.iter().sum::<f64>() / recalls.len() as f64
    }

    /// The F1 score of a class; 0 if the class is neither true nor predicted for a row.
    pub fn f1(&self, class: usize) -> f64 {
        let rows = self.actual[class] + self.predicted[class];
        match rows > 0.0 {
            true => 2.0 * self.right[class] / rows,
            false => 0.0,
        }
    }

    /// The mean of the F1 scores of the classes that are true or predicted for some row.
    pub fn macro_f1(&self) -> f64 {
        let classes = 0..self.actual.len();
        let used = classes.filter(|&class| self.actual[class] + self.predicted[class] > 0.0);
        let scores: Vec<f64> = used.map(|class| self.f1(class)).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }

    /// The Matthews correlation coefficient (for more than two classes the R_K statistic of Gorodkin, 2004);
    /// 0 if all rows have one true class or one predicted class.
    pub fn mcc(&self) -> f64 {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let squares = self.total * self.total;
        let right: f64 = self.right.iter().sum();
        let covariance = right * self.total - product(&self.actual, &self.predicted);
        let of_predicted = squares - product(&self.predicted, &self.predicted);
        let of_actual = squares - product(&self.actual, &self.actual);
        match of_predicted > 0.0 && of_actual > 0.0 {
            true => covariance / (of_predicted * of_actual).sqrt(),
            false => 0.0,
        }
    }
}

/// The mean of `-log(probability of the true class)`.
pub fn log_loss(rows: &ClassRows) -> f64 {
    let of_rows = rows.probabilities.chunks(rows.classes).zip(rows.actual);
    let losses = of_rows.map(|(row, &class)| -row[class].max(f64::EPSILON).ln());
    rows.weights.mean(losses)
}

/// The Brier score: the mean squared error of the probability of one of two classes; for more classes the
/// sum of the squared errors of all of them.
pub fn brier(rows: &ClassRows) -> f64 {
    let first = usize::from(rows.classes == 2);
    let of_rows = rows.probabilities.chunks(rows.classes).zip(rows.actual);
    let errors = of_rows.map(|(row, &actual)| {
        let classes = row.iter().enumerate().skip(first);
        let off = classes.map(|(class, p)| p - f64::from(u8::from(class == actual)));
        off.map(|off| off * off).sum::<f64>()
    });
    rows.weights.mean(errors)
}

/// The mean of `costs[true class][predicted class]`. `None` if the matrix does not have all classes.
pub fn cost(rows: &ClassRows, costs: &[Vec<f64>]) -> Option<f64> {
    let complete = costs.len() == rows.classes && costs.iter().all(|c| c.len() == rows.classes);
    let pairs = rows.actual.iter().zip(rows.predicted);
    complete.then(|| rows.weights.mean(pairs.map(|(&a, &p)| costs[a][p])))
}
