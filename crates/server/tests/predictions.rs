//! Predictions: the types of requests and answers, intervals, explanations, and several models.

use std::io::Cursor;
use std::sync::Arc;

use crate::common::*;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use serde_json::{Value, json};

/// The rows of the table as an Arrow stream, in batches of seven rows.
fn arrow_rows() -> Vec<u8> {
    let rows = json_rows();
    let texts = |name: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter(
            rows.iter().map(|row| row[name].as_str()),
        ))
    };
    let sizes: ArrayRef = Arc::new(Float64Array::from_iter(
        rows.iter().map(|row| row["size"].as_f64()),
    ));
    let columns = [
        ("quarter", texts("quarter")),
        ("street", texts("street")),
        ("built", texts("built")),
        ("size", sizes),
    ];
    let all = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, all.schema_ref()).unwrap();
    for start in (0..all.num_rows()).step_by(7) {
        let rows = 7.min(all.num_rows() - start);
        writer.write(&all.slice(start, rows)).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

#[tokio::test]
async fn each_type_of_request_gets_the_predictions_of_the_command_line() {
    let router = houses();
    let expected = numbers(&PREDICTIONS, "prediction");
    let rows = json_rows();
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let array = Value::from(rows).to_string();
    for (media, body) in [
        (JSON, array.into_bytes()),
        (JSON, lines.clone().into_bytes()),
        ("application/x-ndjson", lines.into_bytes()),
        (CSV, TABLE.as_bytes().to_vec()),
        (ARROW, arrow_rows()),
    ] {
        let answer = post_for(&router, "/predict", (media, JSON), body).await;
        assert_eq!(predicted(&answer, "prediction"), expected, "{media}");
        assert_eq!(
            (answer.media(), &answer.json()["model"]),
            (JSON, &json!("houses"))
        );
    }
}

#[tokio::test]
async fn each_type_of_answer_has_the_same_predictions() {
    let router = houses();
    let csv = post(&router, "/predict", CSV, TABLE).await;
    assert_eq!(
        (csv.media(), csv.text().as_str()),
        ("text/csv; charset=utf-8", PREDICTIONS.as_str())
    );
    let lines = post_for(&router, "/predict", (CSV, "application/x-ndjson"), TABLE).await;
    let expected = numbers(&PREDICTIONS, "prediction");
    let predictions: Vec<f64> = lines
        .text()
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["prediction"]
                .as_f64()
                .unwrap()
        })
        .collect();
    assert_eq!(predictions, expected);
    let arrow = post(&router, "/predict", ARROW, arrow_rows()).await;
    assert_eq!(arrow.media(), ARROW);
    let batches = StreamReader::try_new(Cursor::new(arrow.body), None).unwrap();
    let mut predictions = Vec::new();
    for batch in batches {
        let batch = batch.unwrap();
        let column = batch.column_by_name("prediction").unwrap();
        predictions.extend(
            column
                .as_primitive::<Float64Type>()
                .values()
                .iter()
                .copied(),
        );
    }
    assert_eq!(predictions, expected);
}

#[tokio::test]
async fn one_object_is_one_row() {
    let row = json_rows().swap_remove(1);
    let answer = post(&houses(), "/predict", JSON, row.to_string()).await;
    let expected = PREDICTIONS.lines().nth(2).unwrap();
    let body = format!(
        "{{\"model\":\"houses\",\"version\":1,\"predictions\":[{{\"prediction\":{expected}}}]}}"
    );
    assert_eq!(answer.text(), body);
}

#[tokio::test]
async fn classes_have_probabilities() {
    let router = router(config(&[("kinds", CLASSES)]));
    let answer = post(&router, "/predict", CSV, TABLE).await;
    assert_eq!(answer.text(), *CLASS_PREDICTIONS);
    let answer = post_for(&router, "/predict", (CSV, JSON), TABLE).await;
    for name in ["probability_barn", "probability_flat", "probability_house"] {
        assert_eq!(predicted(&answer, name), numbers(&CLASS_PREDICTIONS, name));
    }
    let answer = post(&router, "/predict?interval=80", CSV, TABLE).await;
    answer.is_problem(400, &["intervals are for numbers"]);
}

#[tokio::test]
async fn intervals_hold_the_prediction() {
    let router = houses();
    let answer = post_for(&router, "/predict?interval=80%25", (CSV, JSON), TABLE).await;
    for row in answer.predictions() {
        let number = |name: &str| row[name].as_f64().unwrap();
        assert!(number("lower") <= number("prediction"), "{row}");
        assert!(number("prediction") <= number("upper"), "{row}");
        assert!(number("lower") < number("upper"), "{row}");
    }
    let csv = post(&router, "/predict?interval=0.8", CSV, TABLE)
        .await
        .text();
    assert!(csv.starts_with("prediction,lower,upper\n"), "{csv}");
    // The model was calibrated with few rows.
    let answer = post(&router, "/predict?interval=99", CSV, TABLE).await;
    let words = "`interval`: this model has intervals of a whole percentage from 50 to 85";
    answer.is_problem(400, &[words]);
    for wrong in ["interval=x", "intervals=80", "explanations=perhaps"] {
        let answer = post(&router, &format!("/predict?{wrong}"), CSV, TABLE).await;
        answer.is_problem(400, &[]);
    }
}

#[tokio::test]
async fn explanations_add_up_to_the_prediction() {
    let mut config = config(&[("houses", NUMBER)]);
    config.limits.explained_rows = 3;
    let router = router(config);
    let rows = &json_rows()[..3];
    let path = "/predict?explanations=true&interval=80";
    let answer = post(&router, path, JSON, json!(rows).to_string()).await;
    let predictions = predicted(&answer, "prediction");
    assert_eq!(predictions, numbers(&PREDICTIONS, "prediction")[..3]);
    let explanations = answer.json()["explanations"].as_array().unwrap().clone();
    assert_eq!(explanations.len(), 3);
    for (index, (row, prediction)) in explanations.iter().zip(predictions).enumerate() {
        assert_eq!(row["row"], index + 1);
        let parts = row["contributions"].as_array().unwrap();
        assert_eq!(parts.len(), 4);
        let sum: f64 = parts
            .iter()
            .map(|part| part["amount"].as_f64().unwrap())
            .sum();
        let baseline = row["baseline"].as_f64().unwrap();
        let error = (baseline + sum - prediction).abs();
        assert!(
            error < 0.01 * (prediction - baseline).abs().max(100.0),
            "{row}"
        );
    }
    let too_many = json!(&json_rows()[..4]).to_string();
    let answer = post(&router, path, JSON, too_many).await;
    answer.is_problem(413, &["more than 3 rows"]);
    let csv = "size,built,street,quarter\n100,2000-01-01,north,quarter 1\n";
    let answer = post(&router, path, CSV, csv).await;
    assert_eq!((answer.status.as_u16(), answer.media()), (200, JSON));
    let answer = post_for(&router, path, (CSV, CSV), csv).await;
    answer.is_problem(400, &["explanations are given as application/json"]);
}

#[tokio::test]
async fn several_models_have_names() {
    let router = router(config(&[("houses", NUMBER), ("kinds", CLASSES)]));
    let houses = post(&router, "/models/houses/predict", CSV, TABLE).await;
    assert_eq!(houses.text(), *PREDICTIONS);
    let kinds = post(&router, "/models/kinds/predict", CSV, TABLE).await;
    assert_eq!(kinds.text(), *CLASS_PREDICTIONS);
    let answer = post(&router, "/predict", CSV, TABLE).await;
    answer.is_problem(404, &["houses, kinds", "/models/NAME/predict"]);
    let answer = post(&router, "/models/cars/predict", CSV, TABLE).await;
    answer.is_problem(404, &["no model `cars`", "houses, kinds"]);
    let models = get(&router, "/models").await.json();
    let expected = json!({"models": [
        {"name": "houses", "version": 1, "target": "price", "task": "regression"},
        {"name": "kinds", "version": 1, "target": "kind", "task": "classification"},
    ]});
    assert_eq!(models, expected);
}

#[tokio::test]
async fn a_row_has_one_prediction_whatever_it_is_predicted_with() {
    let alone = houses();
    let mut config = config(&[("houses", NUMBER)]);
    config.batch_wait = std::time::Duration::from_millis(200);
    let together = router(config);
    let rows = json_rows();
    let mut calls = Vec::new();
    // Some ask for intervals, and some have two rows.
    for index in 0..rows.len() {
        let body = match index % 3 {
            0 => json!([rows[index], rows[(index + 1) % rows.len()]]).to_string(),
            _ => rows[index].to_string(),
        };
        let path = ["/predict", "/predict?interval=70"][index % 2];
        let router = together.clone();
        let request = body.clone();
        let answer = tokio::spawn(async move { post(&router, path, JSON, request).await });
        calls.push((path, body, answer));
    }
    for (path, body, answer) in calls {
        let together = answer.await.unwrap();
        let alone = post(&alone, path, JSON, body).await;
        assert_eq!(together.text(), alone.text());
    }
    // Requests were predicted together.
    let metrics = get(&together, "/metrics").await.text();
    let passes = metrics.lines().find_map(|line| {
        let count = line.strip_prefix("backburn_batch_rows_count{model=\"houses\"} ")?;
        count.parse::<usize>().ok()
    });
    assert!(passes.unwrap() < 30, "{metrics}");
}
