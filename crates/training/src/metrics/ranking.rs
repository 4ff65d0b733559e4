//! Metrics of how well probabilities order the rows, with weights. All rows fit ([`ClassRows::fits`]).

use super::rows::ClassRows;

/// The weights of the rows of a class and of the others that have one probability.
#[derive(Debug, Clone, Copy, Default)]
struct Tie {
    positive: f64,
    negative: f64,
}

/// The rows by the probability of a class, the largest first. Rows of equal probability are together.
fn ties(rows: &ClassRows, class: usize) -> Vec<Tie> {
    let of_rows = rows.probabilities.chunks(rows.classes).enumerate();
    let mut sorted: Vec<(f64, usize)> = of_rows.map(|(row, p)| (p[class], row)).collect();
    sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut ties: Vec<Tie> = Vec::new();
    let mut last = None;
    for (probability, row) in sorted {
        if last != Some(probability) {
            ties.push(Tie::default());
            last = Some(probability);
        }
        if let Some(tie) = ties.last_mut() {
            let weight = rows.weights.of(row);
            match rows.actual[row] == class {
                true => tie.positive += weight,
                false => tie.negative += weight,
            }
        }
    }
    ties
}

/// The mean of a number over the classes that have one. Of two classes only `positive` counts.
fn macro_mean(
    rows: &ClassRows,
    positive: usize,
    of_class: impl Fn(&[Tie]) -> Option<f64>,
) -> Option<f64> {
    let classes = match rows.classes {
        2 => positive..positive + 1,
        classes => 0..classes,
    };
    let numbers = classes.filter_map(|class| of_class(&ties(rows, class)));
    let numbers: Vec<f64> = numbers.collect();
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// The area under the receiver operating characteristic. For more than two classes it is the mean over the
/// classes (one against the rest). `None` where all rows are of one class.
pub fn weighted_auc(rows: &ClassRows) -> Option<f64> {
    macro_mean(rows, 1, |ties| {
        let (mut above, mut area, mut negatives) = (0.0, 0.0, 0.0);
        for tie in ties {
            area += tie.negative * (above + tie.positive / 2.0);
            above += tie.positive;
            negatives += tie.negative;
        }
        let pairs = above * negatives;
        (pairs > 0.0).then(|| area / pairs)
    })
}

/// The average precision: the mean precision at the thresholds of all probabilities, each weighted by the
/// increase in recall. For two classes it is that of `positive`, for more the mean over the classes. `None`
/// where no row is of such a class.
pub fn average_precision(rows: &ClassRows, positive: usize) -> Option<f64> {
    macro_mean(rows, positive, |ties| {
        let positives: f64 = ties.iter().map(|tie| tie.positive).sum();
        let (mut right, mut predicted, mut area) = (0.0, 0.0, 0.0);
        for tie in ties {
            right += tie.positive;
            predicted += tie.positive + tie.negative;
            if predicted > 0.0 {
                area += tie.positive * right / predicted;
            }
        }
        (positives > 0.0).then(|| area / positives)
    })
}
