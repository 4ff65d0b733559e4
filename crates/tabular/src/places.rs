//! Where rows lie in a plane, and what the nearest ones have as their target.

use std::collections::HashMap;

use rstar::RTree;
use rstar::primitives::GeomWithData;

/// The numbers of nearest rows that means are over.
pub(crate) const NEAREST: [usize; 2] = [4, 16];

/// The places of rows in a plane, and the targets there. Rows at the same place count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    tree: RTree<GeomWithData<[f32; 2], usize>>,
    /// `places * (3 + outputs)` numbers: where it is, how many rows are there, and the sums of their
    /// targets.
    numbers: Vec<f32>,
    /// Numbers in a target.
    outputs: usize,
}

impl PartialEq for Places {
    fn eq(&self, other: &Self) -> bool {
        (&self.numbers, self.outputs) == (&other.numbers, other.outputs)
    }
}

impl Places {
    /// From rows that are there, and their targets, `rows * outputs` numbers.
    pub fn new(rows: &[[f32; 2]], targets: &[f32], outputs: usize) -> Self {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&row| key(rows[row]));
        let mut numbers = Vec::new();
        for there in order.chunk_by(|&a, &b| key(rows[a]) == key(rows[b])) {
            numbers.extend(rows[there[0]]);
            numbers.push(there.len() as f32);
            let sum = |output: usize| {
                let targets = there.iter().map(|row| targets[row * outputs + output]);
                targets.map(f64::from).sum::<f64>() as f32
            };
            numbers.extend((0..outputs).map(sum));
        }
        Self::indexed(numbers, outputs)
    }

    fn indexed(numbers: Vec<f32>, outputs: usize) -> Self {
        let places = numbers.chunks_exact(3 + outputs).enumerate();
        let places =
            places.map(|(place, numbers)| GeomWithData::new([numbers[0], numbers[1]], place));
        Self {
            tree: RTree::bulk_load(places.collect()),
            numbers,
            outputs,
        }
    }

    /// Numbers in a target.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The numbers, and how many there are of each place.
    pub fn numbers(&self) -> (&[f32], usize) {
        (&self.numbers, 3 + self.outputs)
    }

    /// From [`numbers`](Self::numbers); `None` if they cannot be that.
    pub fn from_numbers(numbers: Vec<f32>, width: usize) -> Option<Self> {
        let usable = width > 3
            && !numbers.is_empty()
            && numbers.len().is_multiple_of(width)
            && numbers.iter().all(|number| number.is_finite())
            && numbers.chunks_exact(width).all(|place| place[2] >= 1.0);
        usable.then(|| Self::indexed(numbers, width - 3))
    }

    /// For each output, its mean over the 4 rows nearest to a place, then over the 16 nearest. All rows
    /// that are as far away as the last of these count too. Rows at this very place may be left out:
    /// so many, and the sums of their targets.
    pub fn means(&self, at: [f32; 2], without: Option<(f64, &[f64])>) -> Vec<f32> {
        let mut means = vec![0.0; NEAREST.len() * self.outputs];
        let mut sums = vec![0.0; self.outputs];
        let (mut rows, mut furthest, mut done) = (0.0, 0.0, 0);
        let mut take = |done: usize, sums: &[f64], rows: f64| {
            for (output, sum) in sums.iter().enumerate() {
                means[output * NEAREST.len() + done] = (sum / rows) as f32;
            }
        };
        let width = 3 + self.outputs;
        for (place, distance) in self.tree.nearest_neighbor_iter_with_distance_2(at) {
            while done < NEAREST.len() && rows >= NEAREST[done] as f64 && distance > furthest {
                take(done, &sums, rows);
                done += 1;
            }
            if done == NEAREST.len() {
                break;
            }
            furthest = distance;
            let numbers = &self.numbers[place.data * width..][..width];
            rows += f64::from(numbers[2]);
            for (sum, number) in sums.iter_mut().zip(&numbers[3..]) {
                *sum += f64::from(*number);
            }
            if let (Some((left_out, targets)), true) = (without, *place.geom() == at) {
                rows -= left_out;
                for (sum, target) in sums.iter_mut().zip(targets) {
                    *sum -= target;
                }
            }
        }
        if rows > 0.0 {
            (done..NEAREST.len()).for_each(|done| take(done, &sums, rows));
        }
        means
    }
}

/// Rows that are learned from, and what each of them may know of the targets around it.
pub(crate) struct LearnedPlaces<'a> {
    pub places: Places,
    targets: &'a [f32],
    /// Of the rows of each part at each place: how many there are, and the sums of their targets.
    together: HashMap<(PlaceKey, usize), (f64, Vec<f64>)>,
}

/// Rows at one place are told apart by their targets if each knows all others: it would know the
/// sum without its own. So they are in parts, as in scikit-learn's `TargetEncoder`, and none
/// knows its own part.
const PARTS: usize = 5;

impl<'a> LearnedPlaces<'a> {
    /// From rows in a random order, and their targets, `rows * outputs` numbers.
    pub fn new(rows: &[[f32; 2]], targets: &'a [f32], outputs: usize) -> Self {
        let mut together = HashMap::new();
        let rows_and_targets = rows.iter().zip(targets.chunks_exact(outputs));
        for (row, (at, targets)) in rows_and_targets.enumerate() {
            let none = || (0.0, vec![0.0; outputs]);
            let part = (key(*at), row % PARTS);
            let (rows, sums) = together.entry(part).or_insert_with(none);
            *rows += 1.0;
            for (sum, target) in sums.iter_mut().zip(targets) {
                *sum += f64::from(*target);
            }
        }
        Self {
            places: Places::new(rows, targets, outputs),
            targets,
            together,
        }
    }

    /// See [`Places::means`]; `row` is a row learned from, which is at this place.
    pub fn means(&self, at: [f32; 2], row: usize) -> Vec<f32> {
        let own = self.together.get(&(key(at), row % PARTS));
        self.places
            .means(at, own.map(|(rows, sums)| (*rows, sums.as_slice())))
    }

    /// The target of a row.
    pub fn target(&self, row: usize) -> &[f32] {
        let outputs = self.places.outputs;
        &self.targets[row * outputs..][..outputs]
    }
}

type PlaceKey = [(u32, u32); 2];

fn key(at: [f32; 2]) -> PlaceKey {
    at.map(order_of)
}

/// An order of numbers in which both zeros are the same place.
fn order_of(number: f32) -> (u32, u32) {
    let bits = (number + 0.0).to_bits();
    match bits >> 31 {
        0 => (1, bits),
        _ => (0, !bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rows_and_all_that_are_as_far_count() {
        // On a line: one row at 0, two at 1, ten at 2, ten at -2.
        let mut rows = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]];
        rows.extend([[2.0, 0.0]; 10]);
        rows.extend([[-2.0, -0.0]; 10]);
        let mut targets = vec![5.0, 1.0, 3.0];
        targets.extend([10.0; 10]);
        targets.extend([20.0; 10]);
        let places = Places::new(&rows, &targets, 1);
        assert_eq!(places.numbers().0.len(), 4 * 4);
        let all = (5.0 + 4.0 + 100.0 + 200.0) / 23.0;
        assert_eq!(places.means([0.0, 0.0], None), [all, all]);
        assert_eq!(places.means([2.0, 0.0], None), [10.0, 309.0 / 23.0]);
        // Its own target is left out.
        let without = (309.0 - 5.0) / 22.0;
        assert_eq!(
            places.means([0.0, 0.0], Some((1.0, &[5.0]))),
            [without, without]
        );
        let again = Places::from_numbers(places.numbers().0.to_vec(), 4).unwrap();
        assert_eq!(again, places);
        assert_eq!(
            again.means([1.5, 7.0], None),
            places.means([1.5, 7.0], None)
        );
    }

    #[test]
    fn a_row_that_is_alone_has_no_neighbours() {
        let places = Places::new(&[[0.0, 0.0]], &[7.0, 8.0], 2);
        assert_eq!(places.means([0.0, 0.0], Some((1.0, &[7.0, 8.0]))), [0.0; 4]);
        assert_eq!(places.means([9.0, 0.0], None), [7.0, 7.0, 8.0, 8.0]);
    }

    #[test]
    fn rows_at_one_place_do_not_know_their_part() {
        let mut rows = vec![[1.0, 1.0]; 100];
        rows.push([9.0, 9.0]);
        let targets: Vec<f32> = (0..101).map(|row| f32::from(row % 3 == 0)).collect();
        let learned = LearnedPlaces::new(&rows, &targets, 1);
        for row in [0, 1] {
            let mean = learned.means([1.0, 1.0], row)[1];
            // All rows of a part know the same, whatever their own target is.
            assert_eq!(learned.means([1.0, 1.0], row + PARTS), [mean; 2]);
            assert_eq!(learned.means([1.0, 1.0], row + 2 * PARTS), [mean; 2]);
        }
        let of_last = learned.means([9.0, 9.0], 100);
        assert_eq!(of_last, [0.34; 2]);
    }

    #[test]
    fn damaged_places_are_none() {
        for (numbers, width) in [
            (vec![0.0, 0.0, 1.0, 2.0], 3),
            (vec![0.0, 0.0, 0.0, 2.0], 4),
            (vec![0.0, f32::NAN, 1.0, 2.0], 4),
            (vec![0.0, 0.0, 1.0, 2.0, 1.0], 4),
            (vec![], 4),
        ] {
            assert_eq!(Places::from_numbers(numbers, width), None);
        }
    }
}
