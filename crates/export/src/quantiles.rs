//! The quantile transform: a number's rank among the quantiles of training, as a standard normal score.

use crate::attributes::Attribute;
use crate::graph::{Graph, Kind, Value};
use crate::numbers_table::Tables;

/// Probabilities are limited to this distance from 0 and 1.
const NEAREST: f64 = 1e-7;
/// Steps of the bisection that inverts the normal distribution.
const STEPS: f64 = 50.0;

/// The standard normal scores of columns `[rows, quantiles.len()]`, as 32-bit numbers.
pub(crate) fn to_normal<'g>(x: Value<'g>, quantiles: &[&[f64]]) -> Value<'g> {
    let tables = Tables::new(x.graph, quantiles);
    let below = tables.count("Less", x);
    let up_to = tables.count("LessOrEqual", x);
    let (low, high) = tables.around(below);
    let [below, up_to] = [below, up_to].map(|count| count.cast(Kind::Double));
    let between = (below - 1.0) + (x - low) / (high - low);
    let inside = below
        .compare("Equal", tables.lengths)
        .choose(tables.lasts, between);
    let zero = x.graph.scalar(Kind::Double, 0.0);
    let untied = below.compare_to("Equal", 0.0).choose(zero, inside);
    let tied = (below + up_to - 1.0) / 2.0;
    let position = below.compare("Less", up_to).choose(tied, untied);
    normal_score(position / tables.lasts).cast(Kind::Float)
}

/// The values whose scores are these 32-bit numbers, `[rows, quantiles.len()]`. `score` returns the score
/// of a number of a column.
pub(crate) fn from_normal<'g>(
    numbers: Value<'g>,
    quantiles: &[&[f64]],
    score: impl Fn(usize, f64) -> f32,
) -> Value<'g> {
    let graph = numbers.graph;
    let scores = quantiles.iter().enumerate().map(|(column, quantiles)| {
        let scores = quantiles.iter().map(|&q| f64::from(score(column, q)));
        scores.collect::<Vec<f64>>()
    });
    let scores: Vec<Vec<f64>> = scores.collect();
    let scores: Vec<&[f64]> = scores.iter().map(Vec::as_slice).collect();
    let number = numbers.cast(Kind::Double);
    let at = Tables::new(graph, &scores).count("Less", number);
    let tables = Tables::new(graph, quantiles);
    let (low, high) = tables.around(at);
    let before = at.cast(Kind::Double) - 1.0;
    let start = number * 0.0;
    let share = bisect(graph, numbers, start, |share| {
        normal_score((before + share) / tables.lasts).cast(Kind::Float)
    });
    low + share * (high - low)
}

/// The smallest share between 0 and 1 whose score is not below the number, by bisection.
fn bisect<'g>(
    graph: &'g Graph,
    numbers: Value<'g>,
    zeros: Value<'g>,
    score: impl Fn(Value<'g>) -> Value<'g>,
) -> Value<'g> {
    let steps = graph.scalar(Kind::Int, STEPS);
    let go_on = graph.scalar(Kind::Bool, 1.0);
    let ones = zeros + 1.0;
    graph.begin_body();
    let step = graph.body_input(Kind::Int);
    let condition = graph.body_input(Kind::Bool);
    let [low, high] = [0; 2].map(|_| graph.body_input(Kind::Double));
    let middle = (low + high) / 2.0;
    let is_below = score(middle).compare("Less", numbers);
    let outputs = [
        condition,
        is_below.choose(middle, low),
        is_below.choose(high, middle),
    ];
    let inputs = [(step, 0), (condition, 0), (low, 2), (high, 2)];
    let body = Attribute::Body(graph.end_body("bisection", &inputs, &outputs));
    let found = graph.node(
        "Loop",
        &[steps, go_on, zeros, ones],
        vec![body.proto("body")],
        &[Kind::Double, Kind::Double],
    );
    found[1]
}

/// The quantile function of the standard normal distribution at probabilities, which are limited: Wichura,
/// "Algorithm AS 241" (1988), PPND7.
fn normal_score(probability: Value<'_>) -> Value<'_> {
    let p = probability.clip(NEAREST, 1.0 - NEAREST);
    let q = p - 0.5;
    let center = ratio(
        -(q * q) + 0.180625,
        &[3.3871327179, 5.0434271938e1, 1.5929113202e2, 5.9109374720e1],
        &[1.0, 1.7895169469e1, 7.8757757664e1, 6.7187563600e1],
    );
    let r = (-p.min(-p + 1.0).same("Log")).same("Sqrt");
    let near = ratio(
        r - 1.6,
        &[1.4234372777, 2.7568153900, 1.3067284816, 1.7023821103e-1],
        &[1.0, 7.3700164250e-1, 1.2021132975e-1],
    );
    let far = ratio(
        r - 5.0,
        &[6.6579051150, 3.0812263860, 4.2868294337e-1, 1.7337203997e-2],
        &[1.0, 2.4197894225e-1, 1.2258202635e-2],
    );
    let tail = r.compare_to("LessOrEqual", 5.0).choose(near, far);
    let is_center = q.same("Abs").compare_to("LessOrEqual", 0.425);
    is_center.choose(q * center, tail * q.same("Sign"))
}

/// The ratio of two polynomials, whose coefficients begin with the constant.
fn ratio<'g>(r: Value<'g>, above: &[f64], below: &[f64]) -> Value<'g> {
    let sum = |terms: &[f64]| {
        let mut terms = terms.iter().rev();
        let highest = terms.next().copied().unwrap_or(0.0);
        let second = terms.next().copied().unwrap_or(0.0);
        let start = r * highest + second;
        terms.fold(start, |sum, &term| sum * r + term)
    };
    sum(above) / sum(below)
}
