//! The area under the receiver operating characteristic.

/// The area of a classification: for two classes that of the second one, for more the mean over the classes
/// that some rows have and others have not (one against the rest). `probabilities` are `[rows, classes]`.
/// `None` if there is no such class.
///
/// It takes no more memory than the rows and the classes have.
pub(crate) fn auc(probabilities: &[f64], classes: usize, actual: &[usize]) -> Option<f64> {
    let mut of_class: Vec<Vec<f64>> = vec![Vec::new(); classes];
    for (row, &class) in probabilities.chunks(classes).zip(actual) {
        of_class[class].push(row[class]);
    }
    for positives in &mut of_class {
        positives.sort_unstable_by(f64::total_cmp);
    }
    let first = usize::from(classes == 2);
    let mut wins = vec![0.0; classes];
    for (row, &class) in probabilities.chunks(classes).zip(actual) {
        for other in (first..classes).filter(|&other| other != class) {
            wins[other] += wins_against(&of_class[other], row[other]);
        }
    }
    let area = |class: usize| {
        let positives = of_class[class].len();
        let negatives = actual.len() - positives;
        let pairs = positives as f64 * negatives as f64;
        (pairs > 0.0).then(|| wins[class] / pairs)
    };
    let areas: Vec<f64> = (first..classes).filter_map(area).collect();
    (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
}

/// How many of the probabilities of a class, in rising order, are above that of a row of another class. Equal
/// ones count half. The sum over the rows is the Mann-Whitney U statistic.
fn wins_against(positives: &[f64], negative: f64) -> f64 {
    let below = positives.partition_point(|p| *p != negative && p.total_cmp(&negative).is_lt());
    let not_above = positives.partition_point(|p| *p == negative || p.total_cmp(&negative).is_le());
    (positives.len() - not_above) as f64 + (not_above - below) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The area by comparing all pairs.
    fn by_pairs(probabilities: &[f64], classes: usize, actual: &[usize]) -> Option<f64> {
        let area = |class: usize| {
            let scores = |is: bool| {
                let rows = probabilities.chunks(classes).zip(actual);
                let rows = rows.filter(move |(_, a)| (**a == class) == is);
                rows.map(|(row, _)| row[class]).collect::<Vec<f64>>()
            };
            let (positives, negatives) = (scores(true), scores(false));
            let pairs = positives
                .iter()
                .flat_map(|p| negatives.iter().map(move |n| (p, n)));
            let wins: f64 = pairs
                .map(|(p, n)| f64::from(u8::from(p > n)) + f64::from(u8::from(p == n)) / 2.0)
                .sum();
            let count = positives.len() * negatives.len();
            (count > 0).then(|| wins / count as f64)
        };
        let areas: Vec<f64> = (usize::from(classes == 2)..classes)
            .filter_map(area)
            .collect();
        (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
    }

    #[test]
    fn it_is_that_of_all_pairs() {
        for classes in 2..6 {
            for rows in [1, 2, 7, 60] {
                let number = |n: usize| ((n * 7919 + classes * 31) % 23) as f64 / 23.0;
                let probabilities: Vec<f64> = (0..rows * classes).map(number).collect();
                let actual: Vec<usize> = (0..rows).map(|row| row * row % classes).collect();
                assert_eq!(
                    auc(&probabilities, classes, &actual),
                    by_pairs(&probabilities, classes, &actual),
                    "{classes} {rows}"
                );
            }
        }
        assert_eq!(auc(&[-0.0, 0.0, 0.0, -0.0], 2, &[0, 1]), Some(0.5));
    }
}
