//! Imputation: the conditional means of the missing numbers of each row.

use backburn_preprocessing::EncoderTensor;

use crate::attributes::Attribute;
use crate::graph::{Graph, Kind, Value};

/// The square of the size of the residual, relative to that at the start, at which the solution is exact
/// enough.
const TOLERANCE: f64 = 1e-22;
/// No conditional mean is as large; only a matrix that is not positive definite gives one.
const LARGEST: f64 = 1e30;

/// The numbers of rows `[rows, size]` in which NaN marks what is missing, completed.
///
/// `normal` is the distribution: a row of means, of standard deviations, of minimums and of maximums, then
/// the precision matrix. `imputed` says which numbers get their conditional mean; other missing ones get the
/// number in `defaults`. Rows are completed only if one of the numbers `may_miss` is missing.
pub(crate) fn impute<'g>(
    rows: Value<'g>,
    normal: &EncoderTensor,
    imputed: &[bool],
    may_miss: &[bool],
    defaults: &[f32],
) -> Value<'g> {
    let graph = rows.graph;
    let size = normal.width;
    let statistic = |row: usize| {
        let numbers = &normal.numbers[row * size..][..size];
        let numbers: Vec<f64> = numbers.iter().map(|&number| f64::from(number)).collect();
        graph.doubles(&[size], &numbers)
    };
    let [mean, std, minimum, maximum] = [0, 1, 2, 3].map(statistic);
    let bounded = |numbers: Value<'g>| numbers.max(minimum).min(maximum);

    let is_missing = rows.is_nan();
    let asked = graph.op("And", &[is_missing, graph.bools(may_miss)], Kind::Bool);
    let any = asked.cast(Kind::Float).reduce("ReduceMax", 1);
    let mask = is_missing.cast(Kind::Double) * any.cast(Kind::Double);
    let zero = graph.scalar(Kind::Double, 0.0);
    let scores = (bounded(rows.cast(Kind::Double)) - mean) / std;
    let observed = is_missing.choose(zero, scores);

    let (precision, inverse_diagonal) = precision_matrix(graph, normal);
    let right = -(observed.matmul(precision) * mask);
    let means = conjugate_gradients(precision, inverse_diagonal, mask, right);
    let is_finite = means.same("Abs").compare_to("Less", LARGEST);
    let means = is_finite.choose(means, zero);
    let numbers = bounded(mean + std * means).cast(Kind::Float);
    let default = graph.floats(&[size], defaults);
    let replacement = graph.bools(imputed).choose(numbers, default);
    is_missing.choose(replacement, rows)
}

/// The precision matrix as 64-bit numbers, and the inverse of its diagonal.
fn precision_matrix<'g>(graph: &'g Graph, normal: &EncoderTensor) -> (Value<'g>, Value<'g>) {
    let size = normal.width;
    let stored = &normal.numbers[4 * size..];
    // The lower triangle is what the imputer of the library factorizes.
    let at = |row: usize, column: usize| stored[row.max(column) * size + row.min(column)];
    let numbers = (0..size * size).map(|index| at(index / size, index % size));
    let numbers: Vec<f32> = numbers.collect();
    let inverse: Vec<f64> = (0..size).map(|i| 1.0 / f64::from(at(i, i))).collect();
    let matrix = graph.floats(&[size, size], &numbers).cast(Kind::Double);
    (matrix, graph.doubles(&[size], &inverse))
}

/// Solves `A_mm x = right` for each row, where `m` are the numbers whose `mask` is 1, by conjugate gradients
/// with the diagonal as preconditioner (Saad, "Iterative Methods for Sparse Linear Systems", section 9.2).
/// Without missing numbers, the loop has no step.
fn conjugate_gradients<'g>(
    matrix: Value<'g>,
    inverse_diagonal: Value<'g>,
    mask: Value<'g>,
    right: Value<'g>,
) -> Value<'g> {
    const STEPS: f64 = 2000.0;
    let graph = matrix.graph;
    let product = |a: Value<'g>, b: Value<'g>| (a * b).sum(1);
    let start = right * 0.0;
    let direction = right * inverse_diagonal;
    let size = product(right, direction);
    let goal = size * TOLERANCE;
    let unsolved = |size: Value<'g>| {
        let unsolved = size.compare("Greater", goal).cast(Kind::Float);
        let any = unsolved.reduce("ReduceMax", 0).reshape(&[]);
        any.compare_to("Greater", 0.0)
    };
    let steps = graph.scalar(Kind::Int, STEPS);
    let go_on = unsolved(size);

    graph.begin_body();
    let step = graph.body_input(Kind::Int);
    let condition = graph.body_input(Kind::Bool);
    let [x, residual, p, before] = [0; 4].map(|_| graph.body_input(Kind::Double));
    // A row that is solved has a residual of zero, and so steps of zero.
    let tiny = graph.scalar(Kind::Double, f64::MIN_POSITIVE);
    let image = p.matmul(matrix) * mask;
    let length = before / product(p, image).max(tiny);
    let x_next = x + length * p;
    let residual_next = residual - length * image;
    let scaled = residual_next * inverse_diagonal;
    let after = product(residual_next, scaled);
    let p_next = scaled + (after / before.max(tiny)) * p;
    let outputs = [unsolved(after), x_next, residual_next, p_next, after];
    let inputs = [
        (step, 0),
        (condition, 0),
        (x, 2),
        (residual, 2),
        (p, 2),
        (before, 2),
    ];
    let body = Attribute::Body(graph.end_body("conjugate_gradients", &inputs, &outputs));
    let found = graph.node(
        "Loop",
        &[steps, go_on, start, right, direction, size],
        vec![body.proto("body")],
        &[Kind::Double; 4],
    );
    found[0]
}
