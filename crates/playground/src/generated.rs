//! Tables that are generated from a seed, as CSV.

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The names of the two classes of points.
const CLASSES: [&str; 2] = ["blue", "orange"];

/// The number of rows of each table, and of the one that is hard to generalize from.
pub(crate) const ROWS: usize = 500;
pub(crate) const FEW_ROWS: usize = 100;

/// Two arms of a spiral, one for each class.
pub(crate) fn spiral() -> String {
    points(ROWS, |rng, index, class| {
        let along = index as f64 / ROWS as f64;
        let angle = 1.75 * along * TAU + class as f64 * PI;
        let radius = 5.0 * along;
        let noise = || 0.1 * (2.0 * rng.random::<f64>() - 1.0);
        jittered(radius * angle.sin(), radius * angle.cos(), noise)
    })
}

/// A disk inside a ring.
pub(crate) fn circles() -> String {
    rings(ROWS, 0.2)
}

/// The same with so much noise that both overlap, and few rows.
pub(crate) fn noisy_circles() -> String {
    rings(FEW_ROWS, 3.0)
}

fn rings(rows: usize, spread: f64) -> String {
    points(rows, |rng, _, class| {
        let inner = 3.0 * class as f64;
        let radius = inner + 2.0 * rng.random::<f64>();
        let angle = TAU * rng.random::<f64>();
        let noise = || spread * (2.0 * rng.random::<f64>() - 1.0);
        jittered(radius * angle.sin(), radius * angle.cos(), noise)
    })
}

/// Four groups of points at the corners of a square; opposite corners are of one class.
pub(crate) fn xor() -> String {
    points(ROWS, |rng, index, class| {
        // Of every four rows, the second two are on the other side.
        let x = if index % 4 < 2 { -1.0 } else { 1.0 };
        let y = if class == 0 { x } else { -x };
        let noise = || 0.6 * (2.0 * rng.random::<f64>() - 1.0);
        jittered(x, y, noise)
    })
}

/// A line with noise of a standard deviation of about 1.
pub(crate) fn line() -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut csv = "x,y\n".to_string();
    for _ in 0..ROWS {
        let x = 10.0 * rng.random::<f64>() - 5.0;
        // The sum of twelve uniform numbers is close to a normal distribution of variance 1.
        let sum: f64 = (0..12).map(|_| rng.random::<f64>()).sum();
        row(&mut csv, &[x, 0.8 * x + 2.0 + sum - 6.0], None);
    }
    csv
}

/// Points of two classes in turn. `point` gets the generator, the index of the row and the index of its class.
fn points(rows: usize, mut point: impl FnMut(&mut ChaCha8Rng, usize, usize) -> [f64; 2]) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut csv = "x,y,color\n".to_string();
    for index in 0..rows {
        let class = index % 2;
        let place = point(&mut rng, index, class);
        row(&mut csv, &place, Some(CLASSES[class]));
    }
    csv
}

fn jittered(x: f64, y: f64, mut noise: impl FnMut() -> f64) -> [f64; 2] {
    [x + noise(), y + noise()]
}

fn row(csv: &mut String, numbers: &[f64], class: Option<&str>) {
    let numbers = numbers.iter().map(|number| format!("{number:.4}"));
    let cells: Vec<String> = numbers.chain(class.map(str::to_string)).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(csv, "{}", cells.join(","));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_as_many_rows_as_they_say_and_are_always_the_same() {
        let tables: [(fn() -> String, usize); 5] = [
            (spiral, ROWS),
            (circles, ROWS),
            (noisy_circles, FEW_ROWS),
            (xor, ROWS),
            (line, ROWS),
        ];
        for (table, rows) in tables {
            assert_eq!(table().lines().count(), 1 + rows);
            assert_eq!(table(), table());
        }
    }

    #[test]
    fn the_corners_of_xor_do_not_overlap() {
        for line in xor().lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let [x, y] = [0, 1].map(|index| cells[index].parse::<f64>().unwrap());
            assert!(x.abs() > 0.3 && y.abs() > 0.3, "{line}");
            assert_eq!(cells[2] == "blue", x * y > 0.0, "{line}");
        }
    }
}
