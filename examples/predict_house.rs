//! Loads a saved model and predicts the price of a house that is only partly known. The program needs
//! the model file, and neither `trainer` nor any code for training.
//!
//! ```text
//! cargo run -p trainer -- example house-prices
//! cargo run --bin predict_house -- house-prices.safetensors
//! ```

use std::sync::Arc;

use arrow_array::types::{ByteArrayType, Utf8Type};
use arrow_array::{ArrayRef, RecordBatch, new_null_array};
use arrow_array::{Float64Array, StringArray};
use backburn::{ColumnKind, Predictions, Predictor};
use backburn_examples::println;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "house-prices.safetensors".to_string());
    let predictor = Predictor::load(path)?;

    // What is known about the house. The other columns are missing.
    let known_numbers = [
        ("Gr_Liv_Area", 2100.0),
        ("Year_Built", 1998.0),
        ("Bedroom_AbvGr", 3.0),
    ];
    let known_words = [("Neighborhood", "Gilbert"), ("House_Style", "Two_Story")];
    let columns = predictor.model().encoder.columns.iter().map(|column| {
        let name = column.name();
        let number = known_numbers.iter().find(|(known, _)| *known == name);
        let word = known_words.iter().find(|(known, _)| *known == name);
        let array: ArrayRef = match (column.kind(), number, word) {
            (ColumnKind::Numeric, Some((_, value)), _) => {
                Arc::new(Float64Array::from(vec![*value]))
            }
            (ColumnKind::Categorical, _, Some((_, value))) => {
                Arc::new(StringArray::from(vec![*value]))
            }
            _ => new_null_array(&Utf8Type::DATA_TYPE, 1),
        };
        (name, array)
    });
    let house = RecordBatch::try_from_iter(columns)?;

    match predictor.predict(&house)? {
        Predictions::Values(values) => println!("worth about ${:.0}", values[0]),
        predictions => println!("{}", predictions.labels()[0]),
    }
    Ok(())
}
