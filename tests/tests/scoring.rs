//! Scores where there is little to score: one row, one class, nothing, numbers that are none.

use backburn_training::metrics::{ClassificationScore, RegressionScore};

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

#[test]
fn numbers_at_the_edges() {
    let one = RegressionScore::new(&[2.0], &[5.0]).unwrap();
    assert_eq!((one.rmse, one.mae, one.r2), (3.0, 3.0, None));
    let perfect = RegressionScore::new(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
    assert_eq!(
        (perfect.rmse, perfect.mae, perfect.r2),
        (0.0, 0.0, Some(1.0))
    );
    // The mean explains nothing, and what is worse than the mean less than nothing.
    let mean = RegressionScore::new(&[2.0; 3], &[1.0, 2.0, 3.0]).unwrap();
    assert_eq!(mean.r2, Some(0.0));
    let worse = RegressionScore::new(&[3.0, 2.0, 1.0], &[1.0, 2.0, 3.0]).unwrap();
    close(worse.r2.unwrap(), -3.0);
    // A prediction that is no number is not hidden.
    for bad in [f64::NAN, f64::INFINITY] {
        let score = RegressionScore::new(&[bad, 1.0], &[0.0, 1.0]).unwrap();
        assert!(!score.rmse.is_finite() && !score.mae.is_finite());
        assert!(!score.r2.unwrap().is_finite());
    }
    assert_eq!(RegressionScore::new(&[], &[]), None);
    assert_eq!(RegressionScore::new(&[1.0], &[]), None);
    assert_eq!(RegressionScore::new(&[], &[1.0]), None);
}

#[test]
fn a_single_class_has_no_area() {
    let alone = ClassificationScore::new(&[1.0, 1.0], 1, &[0, 0]).unwrap();
    assert_eq!((alone.accuracy, alone.auc), (1.0, None));
    close(alone.log_loss, 0.0);
    close(alone.macro_f1, 1.0);
    close(alone.calibration_error, 0.0);
    assert_eq!(alone.confusion.dense(), [[2]]);

    // Of two classes, all rows are of the second, and one is taken for the first.
    let rows = [0.2, 0.8, 0.6, 0.4, 0.1, 0.9];
    let score = ClassificationScore::new(&rows, 2, &[1, 1, 1]).unwrap();
    close(score.accuracy, 2.0 / 3.0);
    assert_eq!(score.auc, None);
    assert_eq!(score.confusion.dense(), [[0, 0], [1, 2]]);
    // F1 is 0 for the first class and 2 · 2 / (3 + 2) for the second.
    close(score.macro_f1, 0.4);
    let loss = -(0.8f64.ln() + 0.4f64.ln() + 0.9f64.ln()) / 3.0;
    close(score.log_loss, loss);
}

#[test]
fn a_class_that_never_occurs_counts_for_nothing() {
    let rows = [0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.6, 0.3, 0.1, 0.3, 0.6, 0.1];
    let with = ClassificationScore::new(&rows, 3, &[0, 1, 0, 1]).unwrap();
    assert_eq!((with.accuracy, with.auc), (1.0, Some(1.0)));
    close(with.macro_f1, 1.0);
    assert_eq!(with.confusion.dense(), [[2, 0, 0], [0, 2, 0], [0, 0, 0]]);
}

#[test]
fn probabilities_at_the_edges() {
    // Certain and wrong: the loss is large, and finite.
    let certain = ClassificationScore::new(&[1.0, 0.0], 2, &[1]).unwrap();
    close(certain.log_loss, -f64::EPSILON.ln());
    assert_eq!(certain.accuracy, 0.0);
    close(certain.calibration_error, 1.0);
    // No numbers: a score, and one that shows it.
    let none = ClassificationScore::new(&[f64::NAN, f64::NAN, 0.1, 0.9], 2, &[0, 1]).unwrap();
    assert!((0.0..=1.0).contains(&none.accuracy));
    assert!(none.calibration_error.is_nan());
    assert!(none.log_loss > 10.0, "{}", none.log_loss);
    // What does not fit is refused.
    for (probabilities, classes, actual) in [
        (vec![], 2, vec![]),
        (vec![], 0, vec![]),
        (vec![0.5, 0.5], 0, vec![0]),
        (vec![0.5, 0.5], 2, vec![2]),
        (vec![0.5, 0.5], 2, vec![0, 1]),
        (vec![0.5], 2, vec![0]),
    ] {
        let score = ClassificationScore::new(&probabilities, classes, &actual);
        assert_eq!(score, None, "{probabilities:?} {classes} {actual:?}");
    }
}

#[test]
fn the_order_of_rows_and_of_classes_does_not_matter() {
    let second = [0.1, 0.4, 0.35, 0.8, 0.65, 0.4, 0.9, 0.05];
    let actual = [0, 0, 1, 1, 1, 1, 0, 0];
    let score = |rows: &[usize], flipped: bool| {
        let probability = |&row: &usize| match flipped {
            false => [1.0 - second[row], second[row]],
            true => [second[row], 1.0 - second[row]],
        };
        let probabilities: Vec<f64> = rows.iter().flat_map(probability).collect();
        let class = |&row: &usize| match flipped {
            false => actual[row],
            true => 1 - actual[row],
        };
        let actual: Vec<usize> = rows.iter().map(class).collect();
        ClassificationScore::new(&probabilities, 2, &actual).unwrap()
    };
    let rows: Vec<usize> = (0..8).collect();
    let reversed: Vec<usize> = (0..8).rev().collect();
    let one = score(&rows, false);
    for other in [score(&reversed, false), score(&rows, true)] {
        close(one.accuracy, other.accuracy);
        close(one.log_loss, other.log_loss);
        close(one.macro_f1, other.macro_f1);
        close(one.auc.unwrap(), other.auc.unwrap());
        close(one.calibration_error, other.calibration_error);
    }
    // By hand: of the 16 pairs of a row of each class, 10 are in order and one is even.
    close(one.auc.unwrap(), 10.5 / 16.0);
}
