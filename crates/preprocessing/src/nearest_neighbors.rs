//! An index of training rows that finds the nearest ones and averages their targets.

use std::cmp::Ordering;
use std::collections::HashMap;

use rstar::RTree;
use rstar::primitives::GeomWithData;

/// The numbers of nearest rows (`k`) to average over.
pub(crate) const NEAREST: [usize; 2] = [4, 16];
const LARGEST: usize = NEAREST[NEAREST.len() - 1];

/// The points of rows in a space of two or more dimensions, with their targets. Rows at the same point
/// are stored together.
#[derive(Debug, Clone, Default)]
pub(crate) struct NearestNeighborIndex {
    /// `points * (dimensions + 1 + outputs)` numbers: the coordinates of a point, the number of rows
    /// there, and the sums of their targets.
    numbers: Vec<f32>,
    dimensions: usize,
    /// Numbers in a target.
    outputs: usize,
    search: Search,
}

/// The search structure.
#[derive(Debug, Clone)]
enum Search {
    /// An R-tree, in two dimensions.
    Tree(RTree<GeomWithData<[f32; 2], usize>>),
    /// All coordinates, `dimensions * points` numbers dimension by dimension. In more than two
    /// dimensions a tree is hardly faster than comparing with every point.
    Sweep(Vec<f32>),
}

impl Default for Search {
    fn default() -> Self {
        Self::Sweep(Vec::new())
    }
}

impl PartialEq for NearestNeighborIndex {
    fn eq(&self, other: &Self) -> bool {
        let of = |points: &Self| (points.dimensions, points.outputs);
        of(self) == of(other) && self.numbers == other.numbers
    }
}

/// Rows at one point to exclude: their number, and the sums of their targets.
#[derive(Clone, Copy)]
pub(crate) struct Excluded<'a> {
    point: usize,
    rows: f64,
    sums: &'a [f64],
}

/// The points nearest to another one, in order of distance.
struct Found {
    /// For each, its squared distance and the number of rows there.
    points: Vec<(f32, f64)>,
    /// The sums of their targets, `points * outputs` numbers.
    sums: Vec<f64>,
    /// For each `k` of [`NEAREST`], how many of the points hold the `k` nearest rows.
    ends: [usize; NEAREST.len()],
}

impl NearestNeighborIndex {
    /// Builds the index from `rows * dimensions` coordinates and `rows * outputs` targets. Returns the
    /// point of each row too.
    pub fn new(
        rows: &[f32],
        dimensions: usize,
        targets: &[f32],
        outputs: usize,
    ) -> (Self, Vec<usize>) {
        let at = |row: usize| &rows[row * dimensions..][..dimensions];
        let mut order: Vec<usize> = (0..rows.len() / dimensions).collect();
        order.sort_by(|&a, &b| compare(at(a), at(b)));
        let mut numbers = Vec::new();
        let mut point_of = vec![0; order.len()];
        let same = |&a: &usize, &b: &usize| compare(at(a), at(b)).is_eq();
        for (point, there) in order.chunk_by(same).enumerate() {
            there.iter().for_each(|&row| point_of[row] = point);
            numbers.extend(at(there[0]));
            numbers.push(there.len() as f32);
            let sum = |output: usize| {
                let targets = there.iter().map(|row| targets[row * outputs + output]);
                targets.map(f64::from).sum::<f64>() as f32
            };
            numbers.extend((0..outputs).map(sum));
        }
        (Self::indexed(numbers, dimensions, outputs), point_of)
    }

    fn indexed(numbers: Vec<f32>, dimensions: usize, outputs: usize) -> Self {
        let points = numbers.chunks_exact(dimensions + 1 + outputs);
        let search = if dimensions == 2 {
            let points = points.enumerate();
            let points =
                points.map(|(point, numbers)| GeomWithData::new([numbers[0], numbers[1]], point));
            Search::Tree(RTree::bulk_load(points.collect()))
        } else {
            let along = |d: usize| points.clone().map(move |numbers| numbers[d]);
            Search::Sweep((0..dimensions).flat_map(along).collect())
        };
        Self {
            numbers,
            dimensions,
            outputs,
            search,
        }
    }

    /// The number of rows at all points.
    pub fn rows(&self) -> usize {
        let points = self.numbers.chunks_exact(self.width());
        let rows: f64 = points.map(|point| f64::from(point[self.dimensions])).sum();
        rows as usize
    }

    /// Numbers in a target.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Coordinates of a point.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn width(&self) -> usize {
        self.dimensions + 1 + self.outputs
    }

    /// The numbers that [`from_numbers`](Self::from_numbers) needs, and how many there are for each point.
    pub fn numbers(&self) -> (&[f32], usize) {
        (&self.numbers, self.width())
    }

    /// An index from its [`numbers`](Self::numbers); `None` if they are invalid.
    pub fn from_numbers(numbers: Vec<f32>, width: usize, dimensions: usize) -> Option<Self> {
        let usable = dimensions >= 2
            && width > dimensions + 1
            && !numbers.is_empty()
            && numbers.len().is_multiple_of(width)
            && numbers.iter().all(|number| number.is_finite())
            && numbers
                .chunks_exact(width)
                .all(|point| point[dimensions] >= 1.0);
        usable.then(|| Self::indexed(numbers, dimensions, width - dimensions - 1))
    }

    /// For each output, its mean over the 4 rows nearest to these coordinates, then over the 16 nearest.
    /// Rows at the same distance as the last of these are included.
    ///
    /// If `distance_weighted`, the first mean is over all of these rows, weighted by a Gaussian kernel of the
    /// distance. Its standard deviation is two thirds of the distance of the fourth row (Nadaraya, "On
    /// Estimating Regression", 1964).
    pub fn means(
        &self,
        at: &[f32],
        excluded: Option<Excluded>,
        distance_weighted: bool,
    ) -> Vec<f32> {
        let found = self.found(at, excluded);
        let mut means = vec![0.0; NEAREST.len() * self.outputs];
        for (nearest, end) in found.ends.into_iter().enumerate() {
            let (end, width) = match (distance_weighted, nearest) {
                (true, 0) => (found.points.len(), found.near()),
                _ => (end, None),
            };
            let weight = |distance: f32| match width {
                None => 1.0,
                Some(_) if distance == 0.0 => 1.0,
                // `max` also replaces a NaN, which comes from an infinite distance.
                Some(width) => (-1.125 * f64::from(distance) / width).exp().max(1e-9),
            };
            let points = &found.points[..end];
            let rows: f64 = points.iter().map(|(d, rows)| weight(*d) * rows).sum();
            for output in 0..self.outputs {
                let sums = found.sums.iter().skip(output).step_by(self.outputs);
                let sum: f64 = points
                    .iter()
                    .zip(sums)
                    .map(|((d, _), s)| weight(*d) * s)
                    .sum();
                if rows > 0.0 {
                    means[output * NEAREST.len() + nearest] = (sum / rows) as f32;
                }
            }
        }
        means
    }

    fn found(&self, at: &[f32], excluded: Option<Excluded>) -> Found {
        let mut found = Found {
            points: Vec::with_capacity(LARGEST + 1),
            sums: Vec::with_capacity((LARGEST + 1) * self.outputs),
            ends: [0; NEAREST.len()],
        };
        let (mut rows, mut furthest, mut done) = (0.0, 0.0, 0);
        // Returns whether further points are needed.
        let mut visit = |point: usize, distance: f32| {
            while done < NEAREST.len() && rows >= NEAREST[done] as f64 && distance > furthest {
                found.ends[done] = found.points.len();
                done += 1;
            }
            if done == NEAREST.len() {
                return false;
            }
            furthest = distance;
            let numbers = &self.numbers[point * self.width()..][self.dimensions..self.width()];
            let mut there = f64::from(numbers[0]);
            let first = found.sums.len();
            found
                .sums
                .extend(numbers[1..].iter().map(|n| f64::from(*n)));
            if let Some(excluded) = excluded.filter(|excluded| excluded.point == point) {
                there -= excluded.rows;
                let sums = found.sums[first..].iter_mut().zip(excluded.sums);
                sums.for_each(|(sum, excluded)| *sum -= excluded);
            }
            rows += there;
            found.points.push((distance, there));
            true
        };
        match &self.search {
            Search::Tree(tree) => {
                let at = [at[0], at[1]];
                for (point, distance) in tree.nearest_neighbor_iter_with_distance_2(at) {
                    if !visit(point.data, distance) {
                        break;
                    }
                }
            }
            Search::Sweep(coordinates) => {
                for (distance, point) in self.swept(coordinates, at) {
                    if !visit(point, distance) {
                        break;
                    }
                }
            }
        }
        found.ends[done..].fill(found.points.len());
        found
    }

    /// The nearest points in order of distance: one more than needed, because one may be excluded.
    fn swept(&self, coordinates: &[f32], at: &[f32]) -> Vec<(f32, usize)> {
        const BLOCK: usize = 512;
        let points = self.numbers.len() / self.width();
        let mut smallest = [f32::INFINITY; LARGEST + 1];
        let mut near = Vec::new();
        for first in (0..points).step_by(BLOCK) {
            let block = BLOCK.min(points - first);
            let mut distances = [0.0f32; BLOCK];
            for (along, at) in coordinates.chunks_exact(points).zip(at) {
                let along = &along[first..first + block];
                for (distance, x) in distances.iter_mut().zip(along) {
                    *distance += (x - at) * (x - at);
                }
            }
            for (point, &distance) in distances[..block].iter().enumerate() {
                if distance <= smallest[LARGEST] {
                    near.push((distance, first + point));
                    let rank = smallest.partition_point(|&smaller| smaller <= distance);
                    if rank <= LARGEST {
                        smallest.copy_within(rank..LARGEST, rank + 1);
                        smallest[rank] = distance;
                    }
                }
            }
        }
        near.retain(|(distance, _)| *distance <= smallest[LARGEST]);
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near
    }
}

impl Found {
    /// The squared distance of the fourth row.
    fn near(&self) -> Option<f64> {
        let last = self.ends[0].checked_sub(1)?;
        Some(f64::from(self.points[last].0))
    }
}

/// The index of training rows, and the means for each of them without its own target.
pub(crate) struct TrainingIndex<'a> {
    pub index: NearestNeighborIndex,
    point_of: Vec<usize>,
    /// The part of each row.
    part_of: Vec<usize>,
    targets: &'a [f32],
    /// For each point and part, the number of rows and the sums of their targets.
    parts: HashMap<(usize, usize), (f64, Vec<f64>)>,
}

/// Training rows are divided into this many parts, and the mean for a row excludes its whole part, as the
/// cross fitting of scikit-learn's `TargetEncoder`. If only the row itself was excluded, the mean of many
/// rows at one point would reveal the target of each.
const PARTS: usize = 5;

impl<'a> TrainingIndex<'a> {
    /// Builds the index from rows in a random order: `rows * dimensions` coordinates, and
    /// `rows * outputs` targets. Rows with the same one of the `labels` are copies, and in one part.
    pub fn new(
        rows: &[f32],
        dimensions: usize,
        targets: &'a [f32],
        outputs: usize,
        labels: Option<&[usize]>,
    ) -> Self {
        let (index, point_of) = NearestNeighborIndex::new(rows, dimensions, targets, outputs);
        let part_of = parts(point_of.len(), labels);
        let mut parts = HashMap::new();
        let points_and_targets = point_of.iter().zip(targets.chunks_exact(outputs));
        for (row, (&point, targets)) in points_and_targets.enumerate() {
            let none = || (0.0, vec![0.0; outputs]);
            let (rows, sums) = parts.entry((point, part_of[row])).or_insert_with(none);
            *rows += 1.0;
            for (sum, target) in sums.iter_mut().zip(targets) {
                *sum += f64::from(*target);
            }
        }
        Self {
            index,
            point_of,
            part_of,
            targets,
            parts,
        }
    }

    /// The means of [`NearestNeighborIndex::means`] for a training row at these coordinates, without its part.
    pub fn means(&self, at: &[f32], row: usize, distance_weighted: bool) -> Vec<f32> {
        let point = self.point_of[row];
        let own = self.parts.get(&(point, self.part_of[row]));
        let own = own.map(|(rows, sums)| Excluded {
            point,
            rows: *rows,
            sums,
        });
        self.index.means(at, own, distance_weighted)
    }

    /// The target of a training row.
    pub fn target(&self, row: usize) -> &[f32] {
        let outputs = self.index.outputs;
        &self.targets[row * outputs..][..outputs]
    }
}

/// The part of each row, by its place or that of the first row with the same label.
fn parts(rows: usize, labels: Option<&[usize]>) -> Vec<usize> {
    let mut first = HashMap::new();
    let part = |row: usize| match labels {
        Some(labels) => *first.entry(labels[row]).or_insert(row) % PARTS,
        None => row % PARTS,
    };
    (0..rows).map(part).collect()
}

fn compare(a: &[f32], b: &[f32]) -> Ordering {
    a.iter().map(order_of).cmp(b.iter().map(order_of))
}

/// An order of numbers in which both zeros are equal.
fn order_of(number: &f32) -> (u32, u32) {
    let bits = (number + 0.0).to_bits();
    match bits >> 31 {
        0 => (1, bits),
        _ => (0, !bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(target: &[f64]) -> Option<Excluded<'_>> {
        Some(Excluded {
            point: 1,
            rows: 1.0,
            sums: target,
        })
    }

    #[test]
    fn the_nearest_rows_and_all_at_the_same_distance_count() {
        // On a line: one row at 0, two at 1, ten at 2, ten at -2.
        let mut rows = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]];
        rows.extend([[2.0, 0.0]; 10]);
        rows.extend([[-2.0, -0.0]; 10]);
        let mut targets = vec![5.0, 1.0, 3.0];
        targets.extend([10.0; 10]);
        targets.extend([20.0; 10]);
        let (points, point_of) = NearestNeighborIndex::new(rows.as_flattened(), 2, &targets, 1);
        assert_eq!(points.numbers().0.len(), 4 * 4);
        assert_eq!(point_of[..4], [1, 2, 2, 3]);
        let all = (5.0 + 4.0 + 100.0 + 200.0) / 23.0;
        assert_eq!(points.means(&[0.0, 0.0], None, false), [all, all]);
        let at = [2.0, 0.0];
        assert_eq!(points.means(&at, None, false), [10.0, 309.0 / 23.0]);
        // Without the target of one row at point 1.
        let others = (309.0 - 5.0) / 22.0;
        let means = points.means(&[0.0, 0.0], without(&[5.0]), false);
        assert_eq!(means, [others, others]);
        let again = NearestNeighborIndex::from_numbers(points.numbers().0.to_vec(), 4, 2).unwrap();
        assert_eq!(again, points);
        for distance_weighted in [false, true] {
            assert_eq!(
                again.means(&[1.5, 7.0], None, distance_weighted),
                points.means(&[1.5, 7.0], None, distance_weighted)
            );
        }
    }

    #[test]
    fn tree_and_comparison_find_the_same_rows() {
        let number = |i: usize| ((i * 7919) % 101) as f32 / 10.0;
        let plane: Vec<[f32; 2]> = (0..300).map(|i| [number(i), number(i * i + 3)]).collect();
        let space: Vec<[f32; 3]> = plane.iter().map(|&[x, y]| [x, 4.0, y]).collect();
        let targets: Vec<f32> = (0..600).map(number).collect();
        let in_plane = TrainingIndex::new(plane.as_flattened(), 2, &targets, 2, None);
        let in_space = TrainingIndex::new(space.as_flattened(), 3, &targets, 2, None);
        for distance_weighted in [false, true] {
            for row in 0..300 {
                let (a, b) = (&plane[row], &space[row]);
                assert_eq!(
                    in_plane.means(a, row, distance_weighted),
                    in_space.means(b, row, distance_weighted)
                );
                let [x, y] = a.map(|x| x + 0.013);
                let of_plane = in_plane.index.means(&[x, y], None, distance_weighted);
                let of_space = in_space.index.means(&[x, 4.0, y], None, distance_weighted);
                let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
                assert!(of_plane.iter().zip(&of_space).all(close));
            }
        }
    }

    #[test]
    fn nearer_rows_have_larger_weights() {
        let rows: Vec<[f32; 2]> = (0..20).map(|row| [row as f32, 0.0]).collect();
        let targets: Vec<f32> = (0..20).map(|row| f32::from(row == 0)).collect();
        let (points, _) = NearestNeighborIndex::new(rows.as_flattened(), 2, &targets, 1);
        // The fourth row is at distance 3, so the standard deviation is 2.
        let weights = (0..16).map(|row| (-f64::from(row * row) / 8.0).exp().max(1e-9));
        let [near, mean] = points.means(&[0.0, 0.0], None, true)[..] else {
            panic!("two means");
        };
        assert!((f64::from(near) - 1.0 / weights.sum::<f64>()).abs() < 1e-7);
        assert_eq!(mean, 1.0 / 16.0);
        // If four rows are at distance 0, only those count.
        let mut rows = vec![[1.0, 1.0, 1.0]; 5];
        rows.extend([[1.0, 1.0, 2.0]; 20]);
        let targets: Vec<f32> = (0..25).map(|row| f32::from(row >= 5)).collect();
        let (points, _) = NearestNeighborIndex::new(rows.as_flattened(), 3, &targets, 1);
        let near = points.means(&[1.0, 1.0, 1.0], None, true)[0];
        assert!((0.0..1e-6).contains(&near), "{near}");
    }

    #[test]
    fn a_single_row_has_no_neighbors() {
        let (points, _) = NearestNeighborIndex::new(&[0.0, 0.0], 2, &[7.0, 8.0], 2);
        let own = Excluded {
            point: 0,
            rows: 1.0,
            sums: &[7.0, 8.0],
        };
        for distance_weighted in [false, true] {
            assert_eq!(
                points.means(&[0.0, 0.0], Some(own), distance_weighted),
                [0.0; 4]
            );
            let means = points.means(&[9.0, 0.0], None, distance_weighted);
            assert_eq!(means, [7.0, 7.0, 8.0, 8.0]);
        }
    }

    #[test]
    fn rows_at_one_point_do_not_use_their_part() {
        let mut rows = vec![[1.0, 1.0]; 100];
        rows.push([9.0, 9.0]);
        let targets: Vec<f32> = (0..101).map(|row| f32::from(row % 3 == 0)).collect();
        let learned = TrainingIndex::new(rows.as_flattened(), 2, &targets, 1, None);
        for row in [0, 1] {
            let mean = learned.means(&[1.0, 1.0], row, false)[1];
            // All rows of a part have the same mean, whatever their own target is.
            let of = |row: usize| learned.means(&[1.0, 1.0], row, false);
            assert_eq!(of(row + PARTS), [mean; 2]);
            assert_eq!(of(row + 2 * PARTS), [mean; 2]);
        }
        let of_last = learned.means(&[9.0, 9.0], 100, false);
        assert_eq!(of_last, [0.34; 2]);
    }

    #[test]
    fn damaged_numbers_are_refused() {
        for (numbers, width, dimensions) in [
            (vec![0.0, 0.0, 1.0, 2.0], 3, 2),
            (vec![0.0, 0.0, 0.0, 2.0], 4, 2),
            (vec![0.0, 0.0, 1.0, 2.0], 4, 3),
            (vec![0.0, 0.0, 1.0, 2.0], 4, 1),
            (vec![0.0, 0.0, 1.0, 2.0], 4, usize::MAX - 1),
            (vec![0.0, f32::NAN, 1.0, 2.0], 4, 2),
            (vec![0.0, 0.0, 1.0, 2.0, 1.0], 4, 2),
            (vec![], 4, 2),
        ] {
            assert_eq!(
                NearestNeighborIndex::from_numbers(numbers, width, dimensions),
                None
            );
        }
    }
}
