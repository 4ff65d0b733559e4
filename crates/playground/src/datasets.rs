//! The tables that are built in.

use backburn::Error;
use serde::Serialize;

use crate::generated::{FEW_ROWS, ROWS, circles, line, noisy_circles, spiral, xor};
use crate::settings::Settings;

/// A table that is built in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuiltIn {
    /// The name by which it is opened.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// `regression` or `classification`.
    pub task: &'static str,
    /// Number of columns to learn from.
    pub inputs: usize,
    /// Number of rows.
    pub rows: usize,
    /// What it is, as a sentence or two.
    pub about: &'static str,
    /// Settings that train well on it.
    pub settings: Settings,
    /// The column to predict.
    pub target: &'static str,
    /// The unit of the target; empty for classes and plain numbers.
    pub unit: &'static str,
}

/// The tables that are built in.
pub fn datasets() -> Vec<BuiltIn> {
    let [spiral, circles, noisy_circles, xor, line] = generated();
    let [houses, penguins, seeds] = measured();
    vec![
        spiral,
        circles,
        xor,
        line,
        houses,
        penguins,
        seeds,
        noisy_circles,
    ]
}

fn generated() -> [BuiltIn; 5] {
    let points = |name, title, about, hidden: &[usize]| BuiltIn {
        name,
        title,
        task: "classification",
        inputs: 2,
        rows: ROWS,
        about,
        settings: Settings {
            hidden: hidden.to_vec(),
            ..Settings::default()
        },
        target: "color",
        unit: "",
    };
    let about_spiral = "Two arms that wind around each other. No straight line separates them: the network has to bend \
                        the plane.";
    let about_circles = "A disk inside a ring. Three units can fence the disk in.";
    let about_xor = "Opposite corners have the same color. A network without a hidden layer cannot learn it, which a \
                     book of 1969 made famous.";
    [
        points("spiral", "Spiral", about_spiral, &[16, 16]),
        points("circles", "Circles", about_circles, &[8]),
        BuiltIn {
            rows: FEW_ROWS,
            ..points(
                "noisy_circles",
                "Noisy circles",
                "A disk and a ring that overlap, and few rows: there is more noise to learn than shape.",
                &[8],
            )
        },
        points("xor", "XOR", about_xor, &[8]),
        BuiltIn {
            task: "regression",
            inputs: 1,
            target: "y",
            ..points(
                "line",
                "Noisy line",
                "A straight line with noise: y is about 0.8 x + 2. A single unit learns it.",
                &[],
            )
        },
    ]
}

fn measured() -> [BuiltIn; 3] {
    let houses = BuiltIn {
        name: "houses",
        title: "Houses in Ames, Iowa",
        task: "regression",
        inputs: 3,
        rows: 1491,
        about: "What houses sold for in six neighborhoods, 2006 to 2010, by their living area, bedrooms and location \
                (De Cock, 2011).",
        settings: Settings {
            hidden: vec![8, 8],
            ..Settings::default()
        },
        target: "price",
        unit: "dollars",
    };
    let penguins = BuiltIn {
        name: "penguins",
        title: "Penguins",
        task: "classification",
        inputs: 7,
        rows: 344,
        about: "Three species of penguins by their bill, flippers and weight, some of them missing (Horst, Hill and \
                Gorman, 2020).",
        target: "species",
        unit: "",
        ..houses.clone()
    };
    let seeds = BuiltIn {
        name: "seeds",
        title: "Wheat seeds",
        inputs: 7,
        rows: 210,
        about: "Three varieties of wheat by the shape of their kernels (Charytanowicz and others, 2010).",
        target: "variety",
        ..penguins.clone()
    };
    [houses, penguins, seeds]
}

/// A table that is built in, with the bytes of its file.
///
/// # Errors
///
/// There is no table of this name.
pub(crate) fn find(name: &str) -> Result<(BuiltIn, Vec<u8>), Error> {
    let all = datasets();
    let names: Vec<&str> = all.iter().map(|built_in| built_in.name).collect();
    let unknown = format!(
        "there is no dataset `{name}`; use one of: {}",
        names.join(", ")
    );
    let found = all.into_iter().find(|built_in| built_in.name == name);
    let found = found.ok_or(Error::Config(unknown))?;
    let bytes = match found.name {
        "spiral" => spiral().into_bytes(),
        "circles" => circles().into_bytes(),
        "noisy_circles" => noisy_circles().into_bytes(),
        "xor" => xor().into_bytes(),
        "line" => line().into_bytes(),
        "houses" => include_bytes!("../data/houses.csv.gz").to_vec(),
        "penguins" => include_bytes!("../../trainer/data/penguins.csv").to_vec(),
        _ => include_bytes!("../../../examples/data/wheat_seeds.csv").to_vec(),
    };
    Ok((found, bytes))
}
