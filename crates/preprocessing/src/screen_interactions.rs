//! Selects pairs of columns for k-NN features.

use std::ops::Range;

use rayon::prelude::*;

use crate::nearest_neighbors::{NEAREST, TrainingIndex};
use crate::ridge_regression::ridge_regression;

/// The largest number of rows to use.
const ROWS: usize = 20_000;
/// The largest number of these rows whose neighbors are searched.
const MAX_QUERIES: usize = 4000;
/// The largest number of values of all rows and outputs: for wide rows or many classes, fewer rows are
/// used.
const MAX_NUMBERS: usize = 16_000_000;
/// No pairs are selected with fewer rows.
const MIN_ROWS: usize = 1000;
/// The largest number of columns to pair: those with the largest contribution to the linear model.
const COLUMNS: usize = 16;
/// The smallest share of the residual variance that the neighbors must explain.
const WORTH: f64 = 0.005;
/// The smallest number of different values of a column.
const DIFFERENT: usize = 10;
/// The largest number of pairs.
const MAX_PAIRS: usize = 4;

/// Encoded training rows and their targets.
pub(crate) struct EncodedRows<'a> {
    /// `rows * width` numbers.
    pub numbers: &'a [f32],
    pub width: usize,
    /// Numbers of a row without the indices of embeddings.
    pub inputs: usize,
    /// `rows * outputs` numbers.
    pub targets: &'a [f32],
    pub outputs: usize,
    /// For each row a number that it shares with its copies, if there are any.
    pub copies: Option<&'a [usize]>,
}

/// The pairs of numeric columns whose nearest rows explain the residual of a linear model of all inputs
/// and of a polynomial of degree 4 of the pair. A column is in one pair at most.
///
/// Each column is given by the range of its inputs. The first input is the scaled number. `order` is
/// the rows to use, in a random order.
pub(crate) fn screen_interactions(
    rows: &EncodedRows,
    order: &[usize],
    columns: &[Range<usize>],
) -> Vec<[usize; 2]> {
    let (width, outputs) = (rows.inputs + 1, rows.outputs);
    let bound = (MAX_NUMBERS / (width * outputs)).min(ROWS);
    if bound < MIN_ROWS {
        return Vec::new();
    }
    let order = &order[..order.len().min(bound)];
    let mut inputs = Vec::with_capacity(order.len() * width);
    for &row in order {
        inputs.extend(&rows.numbers[row * rows.width..][..rows.inputs]);
        inputs.push(1.0);
    }
    let (residuals, contributions) = residuals(rows, order, &inputs, columns);
    let numbers = |column: usize| {
        let numbers = inputs.iter().skip(columns[column].start).step_by(width);
        numbers.copied().collect::<Vec<f32>>()
    };
    let candidates = candidates(&contributions, numbers);
    let pairs: Vec<[usize; 2]> = candidates
        .iter()
        .enumerate()
        .flat_map(|(index, &first)| candidates[index + 1..].iter().map(move |&c| [first, c]))
        .collect();
    let labels = rows.copies;
    let labels: Option<Vec<usize>> = labels.map(|all| order.iter().map(|&row| all[row]).collect());
    let labels = labels.as_deref();
    let scored = pairs.par_iter().map(|&[first, second]| {
        let at = numbers(first).into_iter().zip(numbers(second));
        let at: Vec<[f32; 2]> = at.map(|(a, b)| [a, b]).collect();
        (explained(&at, &residuals, outputs, labels), [first, second])
    });
    disjoint_pairs(scored.collect())
}

/// The residuals of a linear model of all inputs (`rows * outputs` numbers), and for each column the
/// variance of its contribution to the model.
fn residuals(
    rows: &EncodedRows,
    order: &[usize],
    inputs: &[f32],
    columns: &[Range<usize>],
) -> (Vec<f32>, Vec<f64>) {
    let (width, outputs) = (rows.inputs + 1, rows.outputs);
    let mut residuals = vec![0.0; order.len() * outputs];
    let mut contributions = vec![0.0; columns.len()];
    for output in 0..outputs {
        let targets = order
            .iter()
            .map(|&row| rows.targets[row * outputs + output]);
        let mut rest: Vec<f32> = targets.collect();
        let weights = ridge_regression(inputs, width, &mut rest);
        for (row, rest) in rest.iter().enumerate() {
            residuals[row * outputs + output] = *rest;
        }
        for (contribution, column) in contributions.iter_mut().zip(columns) {
            let parts = inputs.chunks_exact(width).map(|row| {
                let inputs = row[column.clone()].iter().zip(&weights[column.clone()]);
                inputs.map(|(x, w)| f64::from(*x) * w).sum::<f64>()
            });
            *contribution += variance(parts);
        }
    }
    (residuals, contributions)
}

/// The columns to pair, in order: those with the largest contributions among the columns with enough
/// different numbers.
fn candidates(contributions: &[f64], numbers: impl Fn(usize) -> Vec<f32>) -> Vec<usize> {
    let mut candidates: Vec<usize> = (0..contributions.len())
        .filter(|&column| {
            let mut values = numbers(column);
            values.sort_by(f32::total_cmp);
            values.dedup();
            values.len() >= DIFFERENT
        })
        .collect();
    let contribution = |column: usize| contributions[column];
    candidates.sort_by(|&a, &b| {
        let descending = contribution(b).total_cmp(&contribution(a));
        descending.then(a.cmp(&b))
    });
    candidates.truncate(COLUMNS);
    candidates.sort_unstable();
    candidates
}

/// The pairs with the largest scores above the threshold, without any column twice.
fn disjoint_pairs(mut scored: Vec<(f64, [usize; 2])>) -> Vec<[usize; 2]> {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut selected: Vec<[usize; 2]> = Vec::new();
    for (share, pair) in scored {
        let taken = |column: &usize| selected.iter().any(|pair| pair.contains(column));
        if share >= WORTH && selected.len() < MAX_PAIRS && !pair.iter().any(taken) {
            selected.push(pair);
        }
    }
    selected
}

/// The share of the residual variance that the neighbors explain, beyond a polynomial surface.
fn explained(at: &[[f32; 2]], residuals: &[f32], outputs: usize, labels: Option<&[usize]>) -> f64 {
    let total: f64 = residuals.iter().map(|x| f64::from(x * x)).sum();
    let mut rest = residuals.to_vec();
    let surface = surface(at);
    for output in 0..outputs {
        let mut of_output: Vec<f64> = residuals
            .iter()
            .skip(output)
            .step_by(outputs)
            .map(|&x| f64::from(x))
            .collect();
        for function in &surface {
            subtract_projection(function, &mut of_output);
        }
        for (row, x) in of_output.into_iter().enumerate() {
            rest[row * outputs + output] = x as f32;
        }
    }
    let index = TrainingIndex::new(at.as_flattened(), 2, &rest, outputs, labels);
    let some = at.len().min(MAX_QUERIES);
    let (mut products, mut squares) = (0.0, 0.0);
    let mut of_some = 0.0;
    for (row, at) in at.iter().enumerate().take(some) {
        let means = index.means(at, row, false);
        for (means, own) in means.chunks_exact(NEAREST.len()).zip(index.target(row)) {
            let (mean, own) = (f64::from(means[means.len() - 1]), f64::from(*own));
            products += mean * own;
            squares += mean * mean;
            of_some += own * own;
        }
    }
    let rough = rest.iter().map(|x| f64::from(x * x)).sum::<f64>() / total;
    match products > 0.0 && squares > 0.0 && total > 0.0 {
        // The mean of the neighbors predicts the residual after it is multiplied by a least-squares factor.
        true => products * products / squares / of_some * rough,
        false => 0.0,
    }
}

/// An orthonormal basis, over the rows, of the polynomials of two numbers up to degree 4.
fn surface(at: &[[f32; 2]]) -> Vec<Vec<f64>> {
    let mut functions: Vec<Vec<f64>> = Vec::new();
    for degree in 0..=4i32 {
        for of_first in 0..=degree {
            let of = |[first, second]: &[f32; 2]| {
                let [first, second] =
                    [*first, *second].map(|x| f64::from(x).clamp(-3.0, 3.0) / 3.0);
                first.powi(of_first) * second.powi(degree - of_first)
            };
            let mut function: Vec<f64> = at.iter().map(of).collect();
            let before = norm(&function);
            // Two passes of Gram-Schmidt are orthogonal to machine precision (Giraud and others, 2005).
            for _ in 0..2 {
                functions
                    .iter()
                    .for_each(|other| subtract_projection(other, &mut function));
            }
            let norm = norm(&function);
            if norm > 1e-6 * before {
                function.iter_mut().for_each(|x| *x /= norm);
                functions.push(function);
            }
        }
    }
    functions
}

/// Subtracts the projection on a vector of norm 1.
fn subtract_projection(along: &[f64], numbers: &mut [f64]) {
    let dot: f64 = along.iter().zip(&*numbers).map(|(a, b)| a * b).sum();
    numbers
        .iter_mut()
        .zip(along)
        .for_each(|(x, along)| *x -= dot * along);
}

fn norm(numbers: &[f64]) -> f64 {
    numbers.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn variance(numbers: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for number in numbers {
        count += 1.0;
        sum += number;
        squares += number * number;
    }
    (squares - sum * sum / count) / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn pairs(target: impl Fn(&[f32]) -> f32) -> Vec<[usize; 2]> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut uniform = || (rng.next_u32() as f32 / u32::MAX as f32 - 0.5) * 3.0;
        let numbers: Vec<f32> = (0..3000 * 4).map(|_| uniform()).collect();
        let noise: Vec<f32> = (0..3000).map(|_| uniform() / 3.0).collect();
        let targets = numbers
            .chunks(4)
            .zip(noise)
            .map(|(row, noise)| target(row) + noise);
        let rows = EncodedRows {
            numbers: &numbers,
            width: 4,
            inputs: 4,
            targets: &targets.collect::<Vec<f32>>(),
            outputs: 1,
            copies: None,
        };
        let order: Vec<usize> = (0..3000).collect();
        screen_interactions(&rows, &order, &[0..1, 1..2, 2..3, 3..4])
    }

    #[test]
    fn a_chessboard_is_selected_and_smooth_functions_are_not() {
        let square = |x: f32| (x * 2.0).floor() as i32;
        let chessboard = |row: &[f32]| ((square(row[1]) + square(row[3])) % 2) as f32;
        assert_eq!(pairs(chessboard), [[1, 3]]);
        assert!(pairs(|row| 3.0 * row[0] - row[2]).is_empty());
        assert!(pairs(|row| (row[0] * row[2]).sin()).is_empty());
        assert!(pairs(|_| 0.0).is_empty());
    }
}
