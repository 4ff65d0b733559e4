//! Neighbor features: the mean target of the nearest training rows.

use backburn_preprocessing::{EncoderTensor, KnnTargetEncoder};

use crate::attributes::Attribute;
use crate::graph::{Graph, Kind, Value};

/// Rows whose distances are computed together, at most. With up to 100,000 points, the distances of a block
/// take 25 MB.
const BLOCK: f64 = 64.0;

/// The points of an index, as constants.
struct Points<'g> {
    /// For each dimension the coordinate of each point, `[1, points]`.
    coordinates: Vec<Value<'g>>,
    /// The number of rows at each point, `[points]`.
    counts: Value<'g>,
    /// For each point the number of rows, then the sum of each output, `[points, 1 + outputs]`.
    sums: Value<'g>,
    points: usize,
    outputs: usize,
}

impl<'g> Points<'g> {
    fn new(graph: &'g Graph, index: &EncoderTensor, dimensions: usize) -> Self {
        let rows = || index.numbers.chunks_exact(index.width);
        let points = rows().len();
        let along = |d: usize| rows().map(move |row| row[d]).collect::<Vec<f32>>();
        let sums: Vec<f32> = rows().flat_map(|row| row[dimensions..].to_vec()).collect();
        let outputs = index.width - dimensions - 1;
        Self {
            coordinates: (0..dimensions)
                .map(|d| graph.floats(&[1, points], &along(d)))
                .collect(),
            counts: graph.floats(&[points], &along(dimensions)),
            sums: graph.floats(&[points, 1 + outputs], &sums),
            points,
            outputs,
        }
    }

    /// The squared distances of rows `[rows, dimensions]` to each point, added up in the order of the
    /// dimensions: rows at the same distance then stay at the same distance.
    fn distances(&self, at: Value<'g>) -> Value<'g> {
        let along = self.coordinates.iter().enumerate().map(|(d, points)| {
            let away = *points - at.columns(&[d], self.coordinates.len());
            away * away
        });
        let sum = along.reduce(|sum, square| sum + square);
        sum.unwrap_or(at)
    }

    /// The nearest points of each row, at least those with the nearest 16 training rows.
    fn nearest(&self, distances: Value<'g>) -> Nearest<'g> {
        let graph = distances.graph;
        let most = KnnTargetEncoder::NEAREST[1].min(self.points);
        let found = graph.node(
            "TopK",
            &[distances, graph.ints(&[most as i64])],
            vec![
                Attribute::Int(0).proto("largest"),
                Attribute::Int(1).proto("sorted"),
            ],
            &[Kind::Float, Kind::Int],
        );
        let axis = graph.scalar(Kind::Int, 1.0);
        let sums = self.sums.gather(found[1], 0);
        let counts = self.counts.gather(found[1], 0);
        let rows = graph.op("CumSum", &[counts, axis], Kind::Float);
        let infinite = graph.scalar(Kind::Float, f64::INFINITY);
        let limits = KnnTargetEncoder::NEAREST.map(|k| {
            let enough = rows.compare_to("GreaterOrEqual", k as f64);
            let distances = enough.choose(found[0], infinite);
            distances.reduce("ReduceMin", 1)
        });
        Nearest {
            distances: found[0],
            sums: sums.cast(Kind::Double),
            limits,
        }
    }

    /// The number of rows and the sums of the outputs over the points at exactly this distance, as 64-bit numbers
    /// `[rows, 1 + outputs]`.
    fn at_distance(&self, distances: Value<'g>, distance: Value<'g>) -> Value<'g> {
        let is_there = distances.compare("Equal", distance).cast(Kind::Float);
        is_there.matmul(self.sums).cast(Kind::Double)
    }

    /// The means for rows `[rows, dimensions]`: for each output, over the nearest 4 rows and over the nearest 16.
    ///
    /// All points at the distance of the last of these rows count, and they may be many. All nearer points are
    /// among the `nearest`.
    fn means(&self, at: Value<'g>, distance_weighted: bool) -> Value<'g> {
        let distances = self.distances(at);
        let nearest = self.nearest(distances);
        let [few, many] = nearest.limits;
        let [at_few, at_many] = [few, many].map(|limit| self.at_distance(distances, limit));
        let of_many = nearest.sum_within(many, None) + at_many;
        let of_few = match distance_weighted {
            true => {
                let inside = nearest.sum_within(many, Some(nearest.kernel(nearest.distances)));
                inside + nearest.kernel(many) * at_many
            }
            false => nearest.sum_within(few, None) + at_few,
        };
        let width = 1 + self.outputs;
        let outputs: Vec<usize> = (1..width).collect();
        let means = [of_few, of_many].map(|sums| {
            let means = sums.columns(&outputs, width) / sums.columns(&[0], width);
            means.cast(Kind::Float).unsqueeze(2)
        });
        let means = at.graph.concat(&means, 2);
        means.reshape(&[0, 2 * self.outputs as i64])
    }
}

/// The points nearest to each row, in order.
struct Nearest<'g> {
    /// `[rows, points]`.
    distances: Value<'g>,
    /// The number of rows at each point, and the sums of their outputs, `[rows, points, 1 + outputs]` of 64 bits.
    sums: Value<'g>,
    /// For each number of nearest rows, the distance of the furthest of them, `[rows, 1]`; infinite if there are
    /// fewer rows.
    limits: [Value<'g>; 2],
}

impl<'g> Nearest<'g> {
    /// The weighted sums over the points that are nearer than this distance, `[rows, 1 + outputs]`.
    fn sum_within(&self, distance: Value<'g>, weights: Option<Value<'g>>) -> Value<'g> {
        let inside = self.distances.compare("Less", distance).cast(Kind::Double);
        let weights = weights.map_or(inside, |weights| weights * inside);
        let sums = weights.unsqueeze(1).matmul(self.sums);
        let axis = sums.graph.ints(&[1]);
        sums.graph.op("Squeeze", &[sums, axis], sums.kind)
    }

    /// The weights of points at these distances by a Gaussian kernel, whose width depends on the distance of the
    /// fourth row.
    fn kernel(&self, distances: Value<'g>) -> Value<'g> {
        let fourth = self.limits[0];
        let is_known = fourth.compare_to("Less", f64::INFINITY);
        let furthest = self.distances.reduce("ReduceMax", 1);
        let width = is_known.choose(fourth, furthest).cast(Kind::Double);
        let graph = distances.graph;
        let [least, one] = [1e-9, 1.0].map(|number| graph.scalar(Kind::Double, number));
        let weight = distances.cast(Kind::Double) * -1.125 / width;
        let weight = weight.same("Exp").max(least);
        let is_here = distances.compare_to("Equal", 0.0);
        is_here.choose(one, weight)
    }
}

/// The means for each row `at`, `[rows, dimensions]` scaled numbers, as 32-bit numbers `[rows, means]`.
pub(crate) fn neighbor_means<'g>(
    at: Value<'g>,
    encoder: &KnnTargetEncoder,
    index: &EncoderTensor,
) -> Value<'g> {
    let graph = at.graph;
    let dimensions = encoder.columns.len();
    let points = Points::new(graph, index, dimensions);
    let width = 2 * points.outputs as i64;

    // The rows in blocks, the last one filled up with zeros.
    let rows = graph.op("Shape", &[at], Kind::Int).slice(0, 1, 0);
    let [one, most] = [1.0, BLOCK].map(|number| graph.scalar(Kind::Int, number));
    let block = rows.min(most).max(one);
    let blocks = (rows + block - 1.0) / block;
    let padding = blocks * block - rows;
    let none = graph.ints(&[0, 0]);
    let padding = graph.concat(&[none, padding, graph.ints(&[0])], 0);
    let padded = graph.op("Pad", &[at, padding], Kind::Float);
    let shape = graph.concat(&[blocks, block, graph.ints(&[dimensions as i64])], 0);
    let in_blocks = graph.op("Reshape", &[padded, shape], Kind::Float);

    graph.begin_body();
    let of_block = graph.body_input(Kind::Float);
    let means = points.means(of_block, encoder.distance_weighted);
    let body = graph.end_body("neighbors", &[(of_block, 2)], &[means]);
    let attributes = [
        ("body", Attribute::Body(body)),
        ("num_scan_inputs", Attribute::Int(1)),
    ];
    let means = graph.with("Scan", &[in_blocks], &attributes, Kind::Float);
    let means = means.reshape(&[-1, width]);
    let start = graph.ints(&[0]);
    graph.op("Slice", &[means, start, rows, start], Kind::Float)
}
