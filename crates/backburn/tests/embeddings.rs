//! Embeddings and similar rows through the public API.

#![cfg(feature = "train")]

use std::io::Cursor;

use backburn::{
    Dataset, DatasetOptions, EmbeddingStream, Embeddings, Estimator, FitContext, FittedModel,
    Preset, ReadOptions, Settings, SimilarRows, Table, TableReader,
};
use burn::tensor::{Device, Tensor, TensorData};

/// Houses whose price is a sum.
fn houses(rows: usize) -> String {
    let mut csv = "size,rooms,street,price\n".to_string();
    for row in 0..rows {
        let (size, rooms, street) = (40 + row * 37 % 113, 1 + row * 7 % 5, row % 3);
        let price = size * 2 + rooms * 15 + street * 20;
        csv += &format!(
            "{size},{rooms},{},{price}.5\n",
            ["elm", "oak", "ash"][street]
        );
    }
    csv
}

fn table(csv: String) -> Table {
    Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

fn fitted(table: &Table, settings: &[&str]) -> FittedModel {
    let data = Dataset::new(table.clone(), "price", &DatasetOptions::default()).unwrap();
    let usual = ["training.epochs=3", "data.knn_features=never"];
    let all = usual.iter().chain(settings);
    let settings = all.fold(Settings::new(), |all, setting| all.set(setting).unwrap());
    let config = settings.over(Preset::Default).unwrap();
    let estimator = Estimator::new(config);
    estimator.fit(&data, &FitContext::default()).unwrap()
}

/// What the output layers of the networks make of embeddings, on average.
fn outputs_of(model: &FittedModel, embeddings: &Embeddings) -> Vec<f32> {
    let members = &model.model().network.members;
    let shape = [embeddings.rows(), embeddings.dimensions()];
    let data = TensorData::new(embeddings.numbers().to_vec(), shape);
    let all = Tensor::<2>::from_data(data, &Device::default());
    let mut sum = vec![0.0; embeddings.rows()];
    let mut start = 0;
    for member in members {
        let units = *member.hidden_units().last().unwrap();
        let hidden = all.clone().slice_dim(1, start..start + units);
        let outputs = member.output.forward(hidden).into_data();
        for (sum, output) in sum.iter_mut().zip(outputs.iter::<f32>()) {
            *sum += output / members.len() as f32;
        }
        start += units;
    }
    assert_eq!(start, embeddings.dimensions());
    sum
}

#[test]
fn the_prediction_is_a_linear_function_of_the_embedding() {
    let table = table(houses(80));
    for settings in [
        // One network and several of different widths, over arrays; and one that Burn runs.
        ["ensemble.members=1", "network.hidden=[16, 8]"],
        ["ensemble.members=3", "network.hidden=[8]"],
        ["ensemble.members=1", "network.normalization=layer"],
    ] {
        let model = fitted(&table, &settings);
        let embeddings = model.embed(&table).unwrap();
        assert_eq!(embeddings.rows(), 80);
        let outputs = outputs_of(&model, &embeddings);
        let found = model.model().target.predictions(&outputs, 1);
        let expected = model.predict(&table).unwrap();
        let pairs = found
            .values()
            .unwrap()
            .iter()
            .zip(expected.values().unwrap());
        for (found, expected) in pairs {
            let difference = (found - expected).abs();
            assert!(difference < 1e-3, "{settings:?}: {found} {expected}");
        }
    }
}

#[test]
fn a_stream_has_the_embeddings_of_the_table() {
    let table = table(houses(80));
    let model = fitted(&table, &["ensemble.members=2", "network.hidden=[8]"]);
    let embedder = model.predictor().embedder().unwrap();
    let bytes = Cursor::new(houses(80));
    let reader = TableReader::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap();
    let mut stream = EmbeddingStream::new(&embedder, reader).unwrap();
    let (mut rows, mut numbers) = (Vec::new(), Vec::new());
    for embedded in stream.by_ref() {
        let embedded = embedded.unwrap();
        rows.extend(embedded.rows);
        numbers.extend_from_slice(embedded.embeddings.numbers());
    }
    stream.check_not_empty().unwrap();
    let report = stream.report(&[]);
    assert_eq!((report.rows, report.skipped), (80, 0));
    assert_eq!(rows, (0..80).collect::<Vec<usize>>());
    assert_eq!(numbers, embedder.embed_table(&table).unwrap().numbers());
}

#[test]
fn tables_that_do_not_fit_are_errors() {
    let houses = table(houses(80));
    let model = fitted(&houses, &["ensemble.members=1", "network.hidden=[8]"]);
    let embedder = model.predictor().embedder().unwrap();
    let few = table("size,rooms\n1,2\n3,4\n".to_string());
    let lacking = "t.csv has no column `street`";
    let error = model.embed(&few).unwrap_err().to_string();
    assert!(error.contains(lacking), "{error}");
    for (asked, among, reason) in [
        ((&houses, 80), None, "no row of index 80"),
        ((&few, 0), None, lacking),
        ((&few, 0), Some(&houses), lacking),
        ((&houses, 0), Some(&few), lacking),
    ] {
        let error = SimilarRows::find(&embedder, asked, among, 3).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let linear = fitted(&houses, &["ensemble.members=1", "network.hidden=[]"]);
    let error = linear.embed(&houses).unwrap_err().to_string();
    assert!(error.contains("no hidden layer"), "{error}");
}
